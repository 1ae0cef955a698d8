"""The wire format and its rules, shared by client and server; no input or output.

errors         error codes of HTTP/2, and errors of a connection and of a stream
frames         frames as bytes: kinds, flags, how they are built
payloads       the payloads of received frames, and their rules
header_blocks  HPACK: blocks from frames, decoded with a memory of equal ones
fields         header fields: HTTP/2's rules for all of them, gRPC's encodings of values
settings       SETTINGS of both sides
windows        flow control
messages       gRPC's length-prefixed messages
status         gRPC's status codes
trace          frames as lines of text, for debugging
"""
