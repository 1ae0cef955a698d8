"""TLS between a session and its socket, as a transformation of bytes that never waits and is told when to work."""

from __future__ import annotations

import hashlib
import socket
import ssl
from typing import Final

from grpc_http2.client.frames import ProtocolError

_RECORD_BYTES: Final = 65_536


class SecureLine:
    """One TLS connection as a client that speaks HTTP/2.

    Nodes show self-signed certificates that are made out to no address, so no authority and no name is checked: what
    tells a node from somebody else is its certificate's hash in the address book (`check`).

    Not safe for threads: OpenSSL's objects are not, so reading and writing have to share a lock.

    Args:
        host: What is asked for in the handshake.
    """

    def __init__(self, host: str) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)

    def handshake(self, connection: socket.socket) -> None:
        """Shake hands over a connected socket, within its time-out.

        Raises:
            ProtocolError: the other side does not speak TLS, or no HTTP/2 over it.
            OSError: the connection broke off.
        """
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._pass_on(connection)
                data = connection.recv(_RECORD_BYTES)
                if not data:
                    raise ProtocolError("the node closed the connection in the TLS handshake") from None
                self._incoming.write(data)
            except ssl.SSLError as error:
                raise ProtocolError(f"TLS handshake: {error}") from error
        self._pass_on(connection)
        if self._tls.selected_alpn_protocol() != "h2":
            raise ProtocolError("the node does not speak HTTP/2 over TLS")

    def check(self, certificate_hash: str) -> None:
        """Hold the node's certificate against its hash, SHA-384 of the PEM in hex; "" accepts any.

        Raises:
            ProtocolError: it is another certificate.
        """
        certificate = self._tls.getpeercert(binary_form=True)
        assert certificate is not None, "a TLS server always shows a certificate"
        check_certificate(ssl.DER_cert_to_PEM_cert(certificate).encode(), certificate_hash)

    def encrypt(self, data: bytes) -> bytes:
        """What has to be sent so that the other side reads `data`."""
        if data:
            self._tls.write(data)
        return self._outgoing.read()

    def decrypt(self, data: bytes) -> bytes:
        """What the other side said, as far as its records are complete.

        Raises:
            ProtocolError: these are no records of this connection, or its end.
        """
        self._incoming.write(data)
        parts = []
        try:
            while part := self._tls.read(_RECORD_BYTES):
                parts.append(part)
        except ssl.SSLWantReadError:
            return b"".join(parts)
        except ssl.SSLError as error:
            raise ProtocolError(f"TLS: {error}") from error
        if not parts:
            raise ProtocolError("the node closed the connection")
        return b"".join(parts)

    def _pass_on(self, connection: socket.socket) -> None:
        data = self._outgoing.read()
        if data:
            connection.sendall(data)


class WrongCertificate(ProtocolError):  # noqa: N818 (the name says what was shown)
    """The node shows a certificate that is not the address book's."""


def check_certificate(pem: bytes, expected: str) -> None:
    """Hold a certificate's PEM against its SHA-384 in hex, upper or lower case, as hiero-sdk-python's node.py does.

    Raises:
        WrongCertificate: it is another one; "" as `expected` accepts any.
    """
    shown = hashlib.sha384(pem).hexdigest()
    if expected and shown != expected.lower().removeprefix("0x"):
        raise WrongCertificate(f"the node shows a certificate with hash {shown}, the address book says {expected}")
