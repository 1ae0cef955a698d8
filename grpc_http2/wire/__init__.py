"""What both sides of a connection share: bytes and rules, without any input or output.

errors         error codes of HTTP/2, and the two kinds of errors
frames         frames as bytes (RFC 9113)
header_blocks  HPACK (RFC 7541), with a memory of equal blocks
messages       gRPC's length-prefixed messages
settings       what each side lets the other do
status         gRPC's status codes
windows        flow control of what comes
"""
