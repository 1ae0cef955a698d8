"""The mirror node: a copy of what the network handled, some time later, with its own gRPC stream and REST API."""
