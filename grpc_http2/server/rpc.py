"""Methods, status codes, and the ways in which a call can end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from grpc_http2.wire.errors import ErrorCode

Method = Callable[[bytes], bytes | Awaitable[bytes]]
"""Takes the bytes of a request. It gives those of the answer, or something to wait for them with: that is cancelled
when the client gives up or its deadline passes. It may raise RpcError and ResetStreamError."""


class ResetStreamError(Exception):
    """The call ends without an answer: its stream is reset."""

    def __init__(self, code: ErrorCode = ErrorCode.INTERNAL_ERROR) -> None:
        super().__init__(code.name)
        self.code = code
