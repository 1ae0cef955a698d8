"""A small gRPC client for unary calls over HTTP/2, for load generators that live in greenlets (docs/client.md).

frames      the wire format of frames (RFC 9113)
headers     what stands in the header blocks of a gRPC call (RFC 7541, gRPC over HTTP/2)
session     one connection's state, without any input or output
waiting     how a caller waits: a thread, or a greenlet
connection  a session on a socket, plain or TLS
transport   one connection per node, opened anew when it is lost
"""
