"""The mirror node: a delayed copy of the handled transactions, with its own gRPC stream and REST API."""
