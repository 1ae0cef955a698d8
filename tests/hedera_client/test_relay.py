"""The client of the JSON-RPC relay, against the embedded network's relay, healthy and broken."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hedera_client import Fate, MirrorRest, Relay, RelayError
from localnet_launcher import Localnet, start_localnet

WEIBARS_PER_TINYBAR = 10_000_000_000


@pytest.fixture(scope="module")
def broken() -> Iterator[Localnet]:
    """A network that the tests of this module break."""
    running = start_localnet("--latency", "instant", "--throttles", "off")
    yield running
    running.stop()


@pytest.fixture
def relay(broken: Localnet) -> Iterator[Relay]:
    """A client of its relay; no fault outlives a test."""
    assert broken.network.relay is not None
    relay = Relay(broken.network.relay, timeout=5)
    yield relay
    relay.close()
    broken.clear_faults()


def known(error: RelayError) -> tuple[str, Fate, bool, int | None]:
    """What an error says."""
    return error.status, error.fate, error.busy, error.http_status


def test_the_verbs_read_what_the_mirror_shows(broken: Localnet, relay: Relay) -> None:
    """Block, price, chain and balance are numbers; the balance is the mirror's, in weibars; the relay is ready."""
    mirror = MirrorRest(broken.network.mirror_rest)
    assert relay.ready() is True
    assert relay.chain_id() == 298
    assert relay.gas_price() > 0
    first = relay.block_number()
    assert relay.block_number() >= first >= 0
    operator = f"0x{int(broken.operator_id.rpartition('.')[2]):040x}"
    assert relay.balance(operator) == mirror.balance(broken.operator_id) * WEIBARS_PER_TINYBAR > 0
    assert relay.balance(f"0x{999_999:040x}") == 0
    mirror.close()


def test_any_method_may_be_called(relay: Relay) -> None:
    """`call` gives the result as it is, whatever its type."""
    assert relay.call("net_version") == "298"
    assert relay.call("eth_syncing") is False
    assert relay.call("eth_getBlockByNumber", "0x7fffffff", False) is None


def test_a_refusal_is_final_and_named_by_its_code(relay: Relay) -> None:
    """Unknown methods and wrong parameters meet the same answer again."""
    with pytest.raises(RelayError, match="eth_nothing") as caught:
        relay.call("eth_nothing")
    assert known(caught.value) == ("RPC_-32601", Fate.FINAL, False, 400)
    with pytest.raises(RelayError) as caught:
        relay.balance("0x12")
    assert known(caught.value) == ("RPC_-32602", Fate.FINAL, False, 400)


def test_a_rate_limit_asks_for_a_slower_pace(broken: Localnet, relay: Relay) -> None:
    """HTTP 429 with -32605: retryable and busy; the next call is answered."""
    broken.add_faults([{"kind": "relay-limit", "count": 1}])
    with pytest.raises(RelayError, match=r"eth_chainId \(IP Rate limit") as caught:
        relay.chain_id()
    assert known(caught.value) == ("RELAY_RATE_LIMITED", Fate.RETRYABLE, True, 429)
    assert relay.chain_id() == 298


@pytest.mark.parametrize("code", [500, 502, 503])
def test_a_broken_relay_may_be_asked_again(broken: Localnet, relay: Relay, code: int) -> None:
    """A gateway's HTTP error has no JSON. What reads may be repeated; what writes may have been passed on."""
    broken.add_faults([{"kind": "relay-error", "code": code, "count": 2}])
    with pytest.raises(RelayError) as caught:
        relay.gas_price()
    assert known(caught.value) == (f"HTTP_{code}", Fate.RETRYABLE, False, code)
    with pytest.raises(RelayError) as caught:
        relay.call("eth_sendRawTransaction", "0x00")
    assert known(caught.value) == (f"HTTP_{code}", Fate.UNKNOWN, False, code)


@pytest.fixture
def answering() -> Iterator[Callable[..., Relay]]:
    """A client of a server that gives one answer to everything; None is no answer until the end of the test."""
    servers: list[ThreadingHTTPServer] = []
    over = threading.Event()

    def start(status: int, body: bytes | None) -> Relay:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                if body is None:
                    over.wait(10)
                    return
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return Relay(f"http://127.0.0.1:{server.server_address[1]}/", timeout=5)

    yield start
    over.set()
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"not JSON", ("RELAY_UNREADABLE", Fate.RETRYABLE, False, 200)),
        (200, b"[]", ("RELAY_UNREADABLE", Fate.RETRYABLE, False, 200)),
        (200, b'{"jsonrpc":"2.0","id":1}', ("RELAY_UNREADABLE", Fate.RETRYABLE, False, 200)),
        (200, b'{"jsonrpc":"2.0","id":7,"result":"0x1"}', ("RELAY_UNREADABLE", Fate.RETRYABLE, False, 200)),
        (200, b'{"jsonrpc":"2.0","id":1,"result":"12"}', ("RELAY_UNREADABLE", Fate.RETRYABLE, False, 200)),
        (200, b'{"jsonrpc":"2.0","id":1,"result":null}', ("RELAY_UNREADABLE", Fate.RETRYABLE, False, 200)),
        (200, b'{"id":1,"error":{"code":3,"message":"reverted"}}', ("RPC_3", Fate.FINAL, False, 200)),
        (409, b'{"id":1,"error":{"code":-32605,"message":"IP"}}', ("RELAY_RATE_LIMITED", Fate.RETRYABLE, True, 409)),
        (429, b"slow down", ("RELAY_RATE_LIMITED", Fate.RETRYABLE, True, 429)),
        (500, b'{"id":1,"error":{"code":-32020,"message":"up"}}', ("RPC_-32020", Fate.RETRYABLE, False, 500)),
        (404, b"nothing here", ("HTTP_404", Fate.FINAL, False, 404)),
        (302, b"", ("HTTP_302", Fate.FINAL, False, 302)),
    ],
)
def test_every_other_answer_is_judged(
    answering: Callable[..., Relay], status: int, body: bytes, said: tuple[str, Fate, bool, int]
) -> None:
    """What relays and gateways of any kind may answer, and what it means for a call that only reads."""
    relay = answering(status, body)
    with pytest.raises(RelayError) as caught:
        relay.block_number()
    assert known(caught.value) == said
    relay.close()


def test_a_call_ends_at_its_own_timeout(answering: Callable[..., Relay]) -> None:
    """A relay that is silent: the caller's timeout holds where it is shorter than the client's."""
    relay = answering(200, None)
    with pytest.raises(RelayError) as caught:
        relay.chain_id(timeout=0.2)
    assert known(caught.value) == ("RELAY_TIMEOUT", Fate.RETRYABLE, False, None)


def test_nobody_is_there() -> None:
    """No connection: retryable, in one line that names the relay."""
    relay = Relay("http://127.0.0.1:9", timeout=2)
    with pytest.raises(RelayError, match=r"relay http://127.0.0.1:9 .*refused") as caught:
        relay.chain_id()
    assert known(caught.value) == ("RELAY_UNREACHABLE", Fate.RETRYABLE, False, None)
    with pytest.raises(RelayError):
        relay.ready()


@pytest.mark.parametrize(("status", "ready"), [(200, True), (503, False)])
def test_readiness_is_what_the_relay_says(answering: Callable[..., Relay], status: int, ready: bool) -> None:
    """200 is ready, 503 is not yet."""
    assert answering(status, b"").ready() is ready


def test_no_such_readiness_is_an_error(answering: Callable[..., Relay]) -> None:
    """Any other answer says nothing about it."""
    with pytest.raises(RelayError, match="HTTP_404"):
        answering(404, b"").ready()
