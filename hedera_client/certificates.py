"""Identifies a node by its certificate's hash in the address book; name and authority are not checked."""

from __future__ import annotations

import hashlib

from grpc_http2.client.errors import ConnectionLostError


class WrongCertificateError(ConnectionLostError):
    """The node's certificate is not the one in the address book."""


def check_certificate(pem: bytes, expected: str) -> None:
    """Compare a certificate's PEM with its SHA-384 in hex, upper or lower case, as hiero-sdk-python's node.py does.

    Raises:
        WrongCertificateError: it is another one; "" as `expected` accepts any.
    """
    shown = hashlib.sha384(pem).hexdigest()
    if expected and shown != expected.lower().removeprefix("0x"):
        raise WrongCertificateError(f"the node shows a certificate with hash {shown}, the address book says {expected}")
