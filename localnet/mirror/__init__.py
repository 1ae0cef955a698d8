"""The mirror node: a copy of what the network settled, some time later, with its own gRPC stream and REST API."""
