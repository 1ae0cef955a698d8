"""A gRPC client for unary calls over HTTP/2, for threads and greenlets.

frames      the wire format of frames (RFC 9113)
preface     whether the other side speaks HTTP/2 at all
headers     what stands in the header blocks of a gRPC call (RFC 7541, gRPC over HTTP/2)
stream      one call, and how its end is put into gRPC's words
session     one connection's state, without any input or output
vitality    whether a connection is used, and whether its other end lives, without a clock
waiting     how a caller waits: a thread, or a greenlet
sockets     TCP: opening, and whether what is sent is acknowledged
tls         TLS as a transformation of bytes
connection  a session on a socket, plain or TLS
endpoints   a node's addresses in turn, and their back-off
ages        how old connections become at a node
incidents   names for what befalls a node
counts      what a node's connections have been through
timing      all times in one place
pool        all connections to one node, and the line of calls that wait for a place
transport   the nodes of a network
"""
