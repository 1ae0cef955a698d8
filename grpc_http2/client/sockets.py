"""TCP: opening a connection, and whether its peer still acknowledges what is sent."""

from __future__ import annotations

import socket
import struct
from typing import Final

from grpc_http2.client.errors import ConnectionLostError

_RETRANSMITS: Final = 2  # offset of tcpi_retransmits in Linux's `struct tcp_info` (uapi/linux/tcp.h)
_UNACKNOWLEDGED: Final = 24  # and of tcpi_unacked
_TCP_INFO_BYTES: Final = 32
_IN_VAIN: Final = 3
"""Retransmissions in a row without an acknowledgement: 1.4 s at the earliest, 2.1 s with a round trip of 100 ms."""


def connect(host: str, port: int, timeout: float, user_timeout: float) -> socket.socket:
    """Open a connection that sends at once.

    Args:
        host: Name or address.
        port: Port.
        timeout: Seconds that it may take; also the socket's time-out from then on.
        user_timeout: Seconds after which unacknowledged bytes end it (Linux only).

    Raises:
        ConnectionLostError: it could not be opened; the message says why.
    """
    try:
        opened = socket.create_connection((host, port), timeout=timeout)
    except OSError as error:
        raise ConnectionLostError(f"failed to connect: {error}") from error
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, max(1, round(user_timeout * 1000)))
    return opened


def is_unheard(connection: socket.socket) -> bool:
    """Whether sent data has not been acknowledged for some time, in spite of retransmissions: the route may be cut.

    A server that is merely slow acknowledges: its kernel does. Always False on systems other than Linux.
    """
    if not hasattr(socket, "TCP_INFO"):
        return False
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
    except OSError:
        return False
    if len(info) < _TCP_INFO_BYTES:
        return False
    (unacknowledged,) = struct.unpack_from("=I", info, _UNACKNOWLEDGED)
    return bool(unacknowledged) and info[_RETRANSMITS] >= _IN_VAIN
