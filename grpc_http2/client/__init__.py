"""A client of unary gRPC over HTTP/2, for threads and greenlets.

transport   calls to several servers by their names
pool        all connections to one server, and the line of calls that wait for a place
connection  a session on a socket, plain or TLS
session     one connection's state, without any input or output
traced      a session that prints its frames
stream      one call, and how its end is put into gRPC's words
headers     what stands in the header blocks of a call
preface     whether the other side speaks HTTP/2 at all
vitality    whether a connection is used, and whether its other end lives, without a clock
waiting     how a caller waits: a thread, or a greenlet
greenlets   whether this process lives in greenlets
sockets     TCP: opening, and whether what is sent is acknowledged
tls         TLS as a transformation of bytes
endpoints   a server's addresses in turn, and their back-off
ages        how old connections become at a server
incidents   names for what befalls a server
counts      what a server's connections have been through
timing      all times in one place
no_answer   how a call ends that brought none
errors      why a connection is of no use
"""
