"""A client of unary gRPC over HTTP/2, for threads and greenlets.

transport   calls to several servers by their names
pool        all connections to one server, and the queue of calls that wait for a place
connection  a protocol on a socket, plain or TLS
protocol    the client's side of HTTP/2 on one connection, without input and output
traced      a protocol that prints its frames
stream      one call, and the gRPC status it ends with
headers     header blocks of a call
preface     whether the server speaks HTTP/2
liveness    whether a connection is in use and its server alive; reads no clock
waiting     how a caller waits: a thread, or a greenlet
greenlets   whether this process runs under gevent
sockets     TCP: opening, and whether what is sent is acknowledged
tls         TLS as a transformation of bytes
endpoints   a server's addresses in turn, and their back-off
ages        how old a server lets connections become
incidents   names of a server's incidents
counts      statistics of a server's connections
timing      all time limits in one place
no_answer   the error of a call without an answer
errors      the errors of a connection
"""
