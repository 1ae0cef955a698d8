"""Opens gRPC channels: plain or TLS, without a retry policy or hidden back-off."""

from __future__ import annotations

import json
import os
import socket
import ssl
from typing import Final

import grpc

from config.proxies import address_is_loopback
from grpc_http2.client.greenlets import gevent_patched
from hedera_client.certificates import check_certificate

CONNECT_TIMEOUT_S: Final = 10.0
"""Longest wait for a node's certificate, as in hiero-sdk-python's node.py."""

_OPTIONS: Final[tuple[tuple[str, int | str], ...]] = (
    ("grpc.primary_user_agent", "hedera-load"),
    # Retry belongs to `resilience`, and there is no retry policy here, nor one to be had from DNS. What gRPC does by
    # itself is to move calls that were certainly not seen: those that had not left, and those above a GOAWAY's last
    # stream. With grpcio 1.85 it was measured to leave alone what was reset with REFUSED_STREAM.
    ("grpc.enable_retries", 1),
    ("grpc.service_config_disable_resolution", 1),
    # So does node health. By default a channel waits up to two minutes before it tries a node again, and fails every
    # call meanwhile; a node that has recovered would look dead for as long.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # A separate connection, not one shared with other code in the process that calls the same address.
    ("grpc.use_local_subchannel_pool", 1),
    # As hiero-sdk-python 0.3.0 sets them (node.py): they find a connection whose other end has silently gone.
    ("grpc.keepalive_time_ms", 100_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
)

_NO_PROXY: Final = ("grpc.enable_http_proxy", 0)

_opened_in: int | None = None  # the process that opened this module's first channel


def open_node_channel(address: str, *, tls: bool, certificate_hash: str = "", max_connections: int = 1) -> grpc.Channel:
    """Open a channel to a consensus node, which opens connections as its calls need streams (gRFC A105).

    With TLS, the node's own certificate is fetched and trusted, as hiero-sdk-python's node.py does it: nodes show
    self-signed certificates that are made out to no address. That protects against eavesdropping, and with
    `certificate_hash`, from the address book, against another server in place of the node.

    Args:
        address: `host:port`.
        tls: Whether to speak TLS.
        certificate_hash: SHA-384, in hex, of the PEM of the only certificate that is accepted; "" accepts any.
        max_connections: How many connections it may have.

    Raises:
        OSError: TLS only; no connection, or no certificate within CONNECT_TIMEOUT_S.
        WrongCertificateError: TLS only; the node shows another certificate.
    """
    _refuse_after_fork()
    scaling = {"connectionScaling": {"maxConnectionsPerSubchannel": max_connections}}
    options = (
        *_OPTIONS,
        ("grpc.service_config", json.dumps(scaling)),
        ("grpc.max_connections_per_subchannel_cap", max_connections),
        _NO_PROXY,  # as the other transport, and as the certificate is fetched
    )
    if not tls:
        return grpc.insecure_channel(address, options=options)
    names = (("grpc.ssl_target_name_override", "127.0.0.1"), ("grpc.default_authority", "127.0.0.1"))
    certificate = fetch_certificate(address)
    check_certificate(certificate, certificate_hash)
    credentials = grpc.ssl_channel_credentials(root_certificates=certificate)
    return grpc.secure_channel(address, credentials, options=(*options, *names))


def open_mirror_channel(address: str, *, tls: bool) -> grpc.Channel:
    """Open a channel to a mirror node's gRPC API; with TLS its certificate must be signed by a known authority.

    Through the environment's proxy, where there is one and the mirror is not on this machine.
    """
    _refuse_after_fork()
    options = (*_OPTIONS, _NO_PROXY) if address_is_loopback(address) else _OPTIONS
    if not tls:
        return grpc.insecure_channel(address, options=options)
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(), options=options)


def fetch_certificate(address: str, timeout: float = CONNECT_TIMEOUT_S) -> bytes:
    """Return the certificate (PEM) that a server shows, unchecked.

    Raises:
        OSError: no connection, no TLS on the other side, or nothing within `timeout` seconds.
    """
    host, _, port = address.rpartition(":")
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((host.strip("[]"), int(port)), timeout=timeout) as connection,
        context.wrap_socket(connection, server_hostname=host.strip("[]")) as secured,
    ):
        certificate = secured.getpeercert(binary_form=True)
    assert certificate is not None, "a TLS server always shows a certificate"
    return ssl.DER_cert_to_PEM_cert(certificate).encode()


def _refuse_after_fork() -> None:
    """Raise an error where calls would hang.

    gRPC's threads do not survive a fork. Under gevent a child of a process that had made calls was seen to hang in
    its first call and to ignore SIGTERM; without gevent a child with channels of its own works.

    Raises:
        RuntimeError: this process was forked, under gevent, from one that had opened channels.
    """
    global _opened_in  # noqa: PLW0603 (gRPC's state is the process's, so its note is too)
    if _opened_in is None:
        _opened_in = os.getpid()
    elif _opened_in != os.getpid() and gevent_patched():
        raise RuntimeError(
            f"process {os.getpid()} was forked after process {_opened_in} had called the network, and gRPC would hang "
            "in it: make the first call only after the fork"
        )
