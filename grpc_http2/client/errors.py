"""Why a connection is of no use, where the other side broke no rule of HTTP/2."""

from __future__ import annotations


class ConnectionLostError(Exception):
    """A connection could not be opened, or its other end is gone or refused it."""
