"""TCP, TLS and the first bytes, each by itself against real sockets."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpc_http2.client.errors import ConnectionLostError
from grpc_http2.client.preface import check_first_bytes
from grpc_http2.client.sockets import connect, is_unheard
from grpc_http2.client.tls import SecureLine
from grpc_http2.wire import frames
from grpc_http2.wire.errors import ErrorCode, Http2ConnectionError
from localnet.process.certificate import create_certificate

WAIT_S = 10.0


def test_a_connection_sends_at_once_and_gives_up_when_nobody_acknowledges() -> None:
    """Without Nagle's wait, with the time-outs that it was given; it is heard as long as there is nothing unheard."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with connect("127.0.0.1", listener.getsockname()[1], 3.0, 8.0) as opened:
            assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 8_000
            assert opened.gettimeout() == 3.0
            assert not is_unheard(opened)
        assert not is_unheard(opened), "nothing is known of a closed one"


def test_where_nobody_is_the_reason_is_told() -> None:
    """As the one error that connections know."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(ConnectionLostError, match=r"failed to connect: .*refused"):
        connect("127.0.0.1", port, 3.0, 8.0)


Server = Callable[[socket.socket], object]


def shake_hands(server: Server) -> tuple[SecureLine, socket.socket]:
    """A TLS handshake with what `server` does on the other end of a real connection."""
    ours, theirs = socket.socketpair()
    ours.settimeout(WAIT_S)
    theirs.settimeout(WAIT_S)
    line = SecureLine("node")
    with ThreadPoolExecutor(1) as thread:
        serving = thread.submit(server, theirs)
        try:
            line.handshake(ours)
        except BaseException:
            ours.close()
            raise
        finally:
            serving.exception(WAIT_S)
    return line, ours


def test_tls_is_a_transformation_of_bytes() -> None:
    """Nobody's name is checked, so the caller is shown the certificate; both ways work, and the end is told."""
    certificate = create_certificate("node3", "127.0.0.1", time.time())
    secured: list[ssl.SSLSocket] = []

    def serve(theirs: socket.socket) -> None:
        secured.append(certificate.context().wrap_socket(theirs, server_side=True))

    line, ours = shake_hands(serve)
    with ours, secured[0] as theirs:
        assert line.certificate() == ssl.PEM_cert_to_DER_cert(certificate.certificate.decode())
        ours.sendall(line.encrypt(b"question" * 10_000))
        received = b""
        while len(received) < 80_000:
            received += theirs.recv(65_536)
        assert received == b"question" * 10_000
        assert line.encrypt(b"") == b""
        theirs.sendall(b"answer")
        plain = b""
        while not plain:  # what comes first are the server's session tickets
            piece = ours.recv(65_536)
            assert line.decrypt(piece[:3]) == b"", "a record is not complete"
            plain = line.decrypt(piece[3:])
        assert plain == b"answer"
        with pytest.raises(ConnectionLostError, match="TLS: "):
            line.decrypt(b"\x17\x03\x03\x00\x10" + bytes(16))


def say(data: bytes) -> Server:
    """A server that says something and hangs up."""

    def serve(theirs: socket.socket) -> None:
        with theirs:
            theirs.recv(65_536)
            theirs.sendall(data)

    return serve


def refuse_http2(theirs: socket.socket) -> None:
    """A TLS server that knows of no HTTP/2."""
    context = create_certificate("node3", "127.0.0.1", time.time()).context()
    context.set_alpn_protocols(["http/1.1"])
    context.wrap_socket(theirs, server_side=True).close()


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        (say(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "TLS handshake: "),
        (say(b""), "the server closed the connection in the TLS handshake"),
        (refuse_http2, "the server does not speak HTTP/2 over TLS|TLS handshake: .*protocol"),
    ],
    ids=["plain", "silent", "http1"],
)
def test_who_speaks_no_http2_over_tls_is_left(server: Server, reason: str) -> None:
    """With the reason."""
    with pytest.raises(ConnectionLostError, match=reason):
        shake_hands(server)


@given(cut=st.integers(1, 200), settings=st.dictionaries(st.integers(1, 6), st.integers(0, 2**31 - 1), max_size=6))
def test_settings_may_come_in_pieces(cut: int, settings: dict[int, int]) -> None:
    """However many bytes of them are there at first."""
    check_first_bytes(frames.settings(settings)[:cut])


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"HTTP/1.1 400 Bad Request\r\nServer: x", "HTTP/1.1, not HTTP/2: .*'HTTP/1.1 400 Bad Request'$"),
        (b"\x15\x03\x03\x00\x02\x02\x46", "it speaks TLS, and was called in plain text"),
        (b"\x16\x03\x01\x00\x02", "it speaks TLS, and was called in plain text"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "does not speak HTTP/2: it begins with b'SSH-2.0-OpenSSH"),
        (frames.ping(bytes(8)), "does not speak HTTP/2"),
        (b"\x01", "does not speak HTTP/2"),
    ],
)
def test_what_speaks_something_else_is_called_by_its_name(said: bytes, told: str) -> None:
    """People who mixed up ports read it."""
    with pytest.raises(Http2ConnectionError, match=told) as raised:
        check_first_bytes(said)
    assert raised.value.code == ErrorCode.PROTOCOL_ERROR


@pytest.mark.parametrize("said", [b"H", b"HTTP"])
def test_a_few_bytes_may_still_become_an_answer_of_http(said: bytes) -> None:
    """Which is then told whole."""
    check_first_bytes(said)
