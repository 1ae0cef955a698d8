"""Unary gRPC over HTTP/2 (RFC 9113), client and server, without a gRPC library (README.md).

wire    what both sides share: bytes and rules, no input and no output
client  calls from threads and greenlets, over as many connections as they need
server  an asyncio protocol
"""
