"""Unary calls to Hedera's nodes over `grpc_http2`: their limits, TLS names, and identification by certificate."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from grpc_http2.client.pool import MAX_CONNECTIONS
from grpc_http2.client.timing import Timing
from grpc_http2.client.transport import Http2Transport
from hedera_client.certificates import check_certificate

USER_AGENT: Final = "hedera-load"
NODE_NAME: Final = "127.0.0.1"
"""What nodes are called in a TLS call, wherever they are, as hiero-sdk-python's node.py does."""

NODE_TIMING: Final = Timing(
    # Less than the 10 s after which a real node closes it (hiero-consensus-node, NettyConfig `prod.maxConnectionIdle`).
    idle=8.0,
    # Real nodes permit one a minute, and close the connection after more (`prod.permitKeepAliveTime`).
    ping_interval=60.0,
    # As hiero-sdk-python 0.3.0 sets them (node.py).
    keepalive=100.0,
    keepalive_answer=10.0,
)


def open_http2_transport(
    addresses: Mapping[str, Sequence[str]],
    *,
    tls: bool,
    certificate_hashes: Mapping[str, str] | None = None,
    max_connections: int = MAX_CONNECTIONS,
) -> Http2Transport:
    """Make a transport to nodes by their account ids; see `hedera_client.transports.Transport`.

    Args:
        addresses: One or more `host:port` by the node's account id.
        tls: Whether nodes are called over TLS.
        certificate_hashes: By account id, SHA-384 of the certificate's PEM in hex; a node without one may show any.
        max_connections: Per node.
    """
    return Http2Transport(
        addresses,
        NODE_TIMING,
        user_agent=USER_AGENT,
        tls=tls,
        authority=NODE_NAME if tls else "",
        check_certificates={account: _check(expected) for account, expected in (certificate_hashes or {}).items()},
        max_connections=max_connections,
    )


def _check(expected: str) -> Callable[[bytes], None]:
    return partial(_check_der, expected)


def _check_der(expected: str, certificate: bytes) -> None:
    check_certificate(ssl.DER_cert_to_PEM_cert(certificate).encode(), expected)
