"""TLS between a protocol and its socket, as a transformation of bytes that never waits."""

from __future__ import annotations

import socket
import ssl
from typing import Final

from grpc_http2.client.errors import ConnectionLostError

_RECORD_BYTES: Final = 65_536


class SecureLine:
    """One TLS connection as a client that speaks HTTP/2.

    Neither authority nor name is checked: the caller identifies the server by its `certificate`, which may be
    self-signed and without an address.

    Not safe for threads: OpenSSL's objects are not, so reading and writing have to share a lock.

    Args:
        host: The server name in the handshake (SNI).
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
            ConnectionLostError: the other side does not speak TLS, or no HTTP/2 over it.
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
                    raise ConnectionLostError("the server closed the connection in the TLS handshake") from None
                self._incoming.write(data)
            except ssl.SSLError as error:
                raise ConnectionLostError(f"TLS handshake: {error}") from error
        self._pass_on(connection)
        if self._tls.selected_alpn_protocol() != "h2":
            raise ConnectionLostError("the server does not speak HTTP/2 over TLS")

    def certificate(self) -> bytes:
        """The server's certificate (DER), after the handshake."""
        certificate = self._tls.getpeercert(binary_form=True)
        assert certificate is not None, "a TLS server always shows a certificate"
        return certificate

    def encrypt(self, data: bytes) -> bytes:
        """The encrypted bytes of `data`, to be sent."""
        if data:
            self._tls.write(data)
        return self._outgoing.read()

    def decrypt(self, data: bytes) -> bytes:
        """The decrypted bytes that arrived, as far as the records are complete.

        Raises:
            ConnectionLostError: these are no records of this connection, or its end.
        """
        self._incoming.write(data)
        parts = []
        try:
            while part := self._tls.read(_RECORD_BYTES):
                parts.append(part)
        except ssl.SSLWantReadError:
            return b"".join(parts)
        except ssl.SSLError as error:
            raise ConnectionLostError(f"TLS: {error}") from error
        if not parts:
            raise ConnectionLostError("the server closed the connection")
        return b"".join(parts)

    def _pass_on(self, connection: socket.socket) -> None:
        data = self._outgoing.read()
        if data:
            connection.sendall(data)
