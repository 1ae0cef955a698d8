"""Standard output and error whose reader ends first, as in `locust … | head -1`: further output is dropped.

Without this each further line costs a traceback, and Python ends with 120 whatever the exit code was to be.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from typing import Any, Final

OUTPUT: Final = 1
ERROR: Final = 2

CLOSED: Final = "standard output was closed by its reader; further output is dropped, the work goes on\n"


class _Dropping(io.FileIO):
    """A file descriptor that is redirected to /dev/null once its reader is gone."""

    def __init__(self, descriptor: int, on_closed: Callable[[], None]) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._descriptor = descriptor
        self._on_closed = on_closed

    def write(self, data: Any) -> int:
        """Write, or drop the text if there is no reader."""
        try:
            return super().write(data) or 0
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._descriptor)  # also for other writers: C code and child processes
            os.close(nowhere)
            self._on_closed()
            return len(memoryview(data).cast("B"))


def survive_closed_pipes() -> None:
    """Guard `sys.stdout` and `sys.stderr`; call it before other code, such as logging, stores references to them.

    Streams that are not the process's own, such as those that a test puts in their place, are left alone.
    """
    sys.stderr = _guarded(sys.stderr, ERROR, lambda: None)
    sys.stdout = _guarded(sys.stdout, OUTPUT, lambda: _say(CLOSED))


def _say(line: str) -> None:
    sys.stderr.write(line)
    sys.stderr.flush()


def _guarded(stream: Any, descriptor: int, on_closed: Callable[[], None]) -> Any:
    if not isinstance(stream, io.TextIOWrapper) or isinstance(getattr(stream.buffer, "raw", None), _Dropping):
        return stream
    try:
        if stream.fileno() != descriptor:
            return stream
        stream.flush()
    except (OSError, ValueError):
        return stream
    return io.TextIOWrapper(
        io.BufferedWriter(_Dropping(descriptor, on_closed)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
