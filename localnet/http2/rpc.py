"""What a server of gRPC methods deals in: methods, status codes, and the ways in which a call can end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import IntEnum

from localnet.http2.errors import ErrorCode

Method = Callable[[bytes], bytes | Awaitable[bytes]]
"""Takes the bytes of a request. It gives those of the answer, or something to wait for them with: that is cancelled
when the client gives up or its deadline passes. It may raise RpcError and ResetStream."""


class StatusCode(IntEnum):
    """gRPC's status codes (grpc/grpc, doc/statuscodes.md)."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class RpcError(Exception):
    """The call ends with a status other than OK."""

    def __init__(self, status: StatusCode, message: str) -> None:
        super().__init__(message)
        self.status = status


class ResetStream(Exception):  # noqa: N818 (an order, not an error)
    """The call ends without an answer: its stream is reset."""

    def __init__(self, code: ErrorCode = ErrorCode.INTERNAL_ERROR) -> None:
        super().__init__(code.name)
        self.code = code
