"""Certificates of the nodes' TLS ports.

As on the real networks a node's certificate is self-signed, and clients identify it by its hash in the address book:
the SHA-384 of its PEM text (hiero-sdk-python 0.3.0, node.py). They expect the name `127.0.0.1`, wherever the node is.
"""

from __future__ import annotations

import hashlib
import ipaddress
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

EXPECTED_NAME: Final = "127.0.0.1"
"""The host name that SDKs check a node's certificate against, instead of the node's own."""

_LIFETIME: Final = timedelta(days=3_650)
_BACKDATE: Final = timedelta(days=1)  # clients whose clocks are behind must accept it as well


@dataclass(frozen=True, slots=True)
class NodeCertificate:
    """A node's private key and its self-signed certificate, both as PEM."""

    private_key: bytes
    certificate: bytes

    @property
    def hash(self) -> str:
        """Its hash in the address book: SHA-384 of the PEM, as 96 hexadecimal digits."""
        return hashlib.sha384(self.certificate).hexdigest()

    def context(self) -> ssl.SSLContext:
        """The TLS context of a server with it; clients need no certificate; ALPN is `h2`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["h2"])
        with tempfile.NamedTemporaryFile(prefix="localnet-") as file:  # ssl reads keys from files only
            file.write(self.private_key + self.certificate)
            file.flush()
            context.load_cert_chain(file.name)
        return context


def create_certificate(name: str, host: str, now: float) -> NodeCertificate:
    """Make a new key (ECDSA P-256, the fastest to generate and in handshakes) and certificate.

    Args:
        name: Its subject, e.g. `node3`.
        host: The address that the node listens on; it is named beside EXPECTED_NAME and `localhost`.
        now: Unix time in seconds.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    moment = datetime.fromtimestamp(now, UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - _BACKDATE)
        .not_valid_after(moment + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName(_names(host)), critical=False)
    )
    certificate = builder.sign(key, hashes.SHA256())
    return NodeCertificate(
        private_key=key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        certificate=certificate.public_bytes(serialization.Encoding.PEM),
    )


def _names(host: str) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    for text in dict.fromkeys((EXPECTED_NAME, host)):
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(text)))
        except ValueError:
            names.append(x509.DNSName(text))
    return names
