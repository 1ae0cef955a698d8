"""The error of a connection that cannot be used, other than for a violation of HTTP/2."""

from __future__ import annotations


class ConnectionLostError(Exception):
    """A connection could not be opened, or was refused, or is lost."""
