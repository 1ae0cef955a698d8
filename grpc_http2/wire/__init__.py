"""What both sides of a connection share: bytes and rules, without any input or output.

errors         error codes of HTTP/2, and errors of a connection and of a stream
frames         frames as bytes: kinds, flags, how they are built
payloads       what stands in a frame that came, and the rules that it must keep
header_blocks  HPACK: blocks from frames, decoded with a memory of equal ones
fields         header fields: HTTP/2's rules for all of them, gRPC's encodings of values
settings       what each side lets the other do
windows        flow control
messages       gRPC's length-prefixed messages
status         gRPC's status codes
trace          frames as lines for people, where somebody asks for them
"""
