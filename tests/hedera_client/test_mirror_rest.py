"""What MirrorRest asks, and what it makes of what is not a mirror: one line, never a traceback. Over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from hedera_client import Fate, HederaClient, MirrorError, MirrorRest, Operator, bodies
from hedera_client.mirror_rest import PAGES_IN_VAIN
from hedera_client.pacing import BURST, REQUESTS_PER_S, Pace, pace_of
from localnet_launcher import Localnet, start_localnet

Answer = tuple[int, dict[str, str], bytes]


class Server:
    """Answers every GET by `answer`, which is given the path; `asked` holds the paths."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answer: Callable[[str], Answer] = lambda _: (200, {}, b"{}")
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                status, headers, body = outer.answer(self.path)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of the test's own."""
    running = Server()
    yield running
    running.close()


def page(*sequences: int, following: str | None = None) -> Answer:
    """A page of messages."""
    rows = [
        {
            "topic_id": "0.0.7",
            "sequence_number": sequence,
            "consensus_timestamp": f"1700000000.{sequence:09d}",
            "message": "",
            "running_hash": "",
            "running_hash_version": 3,
            "payer_account_id": "0.0.2",
        }
        for sequence in sequences
    ]
    return 200, {}, json.dumps({"messages": rows, "links": {"next": following}}).encode()


NO_MIRROR: dict[str, tuple[Answer, str, Fate]] = {
    "a proxy's page": (
        (200, {"Content-Type": "text/html; charset=utf-8"}, b"<html>\r\n<title>Sign in</title>\n</html>"),
        "text/html that is not JSON",
        Fate.RETRYABLE,
    ),
    "nothing": ((200, {}, b""), "something that is not JSON", Fate.RETRYABLE),
    "bytes": ((200, {}, b"\xff\xfe\x00"), "that is not JSON", Fate.RETRYABLE),
    "nested": ((200, {}, b"[" * 100_000), "that is not JSON", Fate.RETRYABLE),
    "a list": ((200, {}, b"[1]"), "JSON that is not an object", Fate.RETRYABLE),
    "another service": ((200, {}, b'{"status":"UP"}'), "lacks 'messages'", Fate.RETRYABLE),
    "other rows": (
        (200, {}, b'{"messages":[{"topic_id":"0.0.7","sequence_number":1e999}]}'),
        "cannot be",
        Fate.RETRYABLE,
    ),
    "another topic": (
        (200, {}, page(1)[2].replace(b"0.0.7", b"0.0.8")),
        "topic '0.0.8' where 0.0.7 was asked for",
        Fate.RETRYABLE,
    ),
    "no payer": ((200, {}, page(1)[2].replace(b'"0.0.2"', b"null")), "cannot be read", Fate.RETRYABLE),
    "other links": ((200, {}, b'{"messages":[],"links":[1]}'), "cannot be read", Fate.RETRYABLE),
    "a strange link": (
        (200, {}, b'{"messages":[],"links":{"next":"http://[\\n/x"}}'),
        "cannot be read",
        Fate.RETRYABLE,
    ),
    "a page for ever": ((200, {}, b'{"messages":[],"links":{"next":"x\\ny"}}'), "as the page after", Fate.RETRYABLE),
    "a gateway": ((502, {}, b"<html>\n<h1>Bad Gateway</h1>\n</html>"), "HTTP 502 (Bad Gateway)", Fate.RETRYABLE),
    "no such page": ((404, {}, b"{}"), "HTTP 404 (Not Found)", Fate.FINAL),
    "a refusal": (
        (400, {}, b'{"_status":{"messages":[{"message":"Invalid\\nparameter: x"}]}}'),
        "HTTP 400 (Invalid parameter: x)",
        Fate.FINAL,
    ),
}


@pytest.mark.parametrize("case", NO_MIRROR)
def test_what_is_no_mirror_is_said_in_one_line(server: Server, case: str) -> None:
    """Whatever answers: a MirrorError of one line, with what came in it."""
    answer, words, fate = NO_MIRROR[case]
    server.answer = lambda _: answer
    with pytest.raises(MirrorError) as caught:
        list(MirrorRest(server.url).topic_messages("0.0.7"))
    text = str(caught.value)
    assert words in text
    assert text.isprintable()
    assert len(text) < 500
    assert caught.value.fate is fate


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("Wed, 21 Oct 2015 07:28:00 GMT", None), ("-1", None)])
def test_a_request_for_a_slower_pace_is_told(server: Server, header: str, seconds: float | None) -> None:
    """429, which is what public mirrors answer above 50 requests a second, with what `Retry-After` says in seconds."""
    server.answer = lambda _: (429, {"Retry-After": header, "Content-Type": "text/plain"}, b"Too Many Requests")
    with pytest.raises(MirrorError) as caught:
        MirrorRest(server.url).exchange_rate()
    assert (caught.value.busy, caught.value.fate, caught.value.http_status) == (True, Fate.RETRYABLE, 429)
    assert caught.value.retry_after_s == seconds


def test_messages_are_asked_for_from_one_on(server: Server) -> None:
    """`gt:0` is HTTP 400 (MN:rest/utils.js, isPositiveLong); a page goes on where `links.next` says."""
    following = "/api/v1/topics/0.0.7/messages?limit=2&timestamp=gt:5"
    server.answer = lambda path: page(3) if "timestamp" in path else page(1, 2, following=following)
    rest = MirrorRest(server.url)
    assert [row.sequence_number for row in rest.topic_messages("0.0.7")] == [1, 2, 3]
    assert server.asked == ["/api/v1/topics/0.0.7/messages?limit=100&order=asc&sequencenumber=gte:1", following]
    server.asked.clear()
    assert [row.sequence_number for row in rest.topic_messages("0.0.7", after=1, until=2)] == [2]
    assert server.asked == [
        "/api/v1/topics/0.0.7/messages?limit=100&order=asc&sequencenumber=gte:2&sequencenumber=lte:2",
        following,
    ]


def test_a_link_that_names_a_host_is_followed_here(server: Server) -> None:
    """Behind a proxy a mirror may know itself by another name, and the path is what counts."""
    link = "https://mirror.example/api/v1/topics/0.0.7/messages?order=asc&sequencenumber=gt:1"
    server.answer = lambda path: page(2) if "gt:1" in path else page(1, following=link)
    assert [row.sequence_number for row in MirrorRest(server.url).topic_messages("0.0.7")] == [1, 2]


@pytest.mark.parametrize("rows", [(), (1, 2), (3, 1)])
@pytest.mark.parametrize("repeats", [False, True])
def test_pages_that_never_end_are_given_up(server: Server, rows: tuple[int, ...], repeats: bool) -> None:
    """Links that go round in circles, and empty pages that always name another, would keep an audit busy for ever."""
    server.answer = lambda _: page(*rows, following=f"/api/v1/topics/0.0.7/messages?at={len(server.asked)}")
    read = []
    with pytest.raises(MirrorError, match=f"gave {PAGES_IN_VAIN} pages in a row of topic 0.0.7 and no later message"):
        read.extend(MirrorRest(server.url).topic_messages("0.0.7", repeats=repeats))
    assert len(server.asked) == PAGES_IN_VAIN + bool(rows)
    assert {row.sequence_number for row in read} == set(rows) - (set() if repeats else {1} if rows == (3, 1) else set())


def test_how_far_a_mirror_is(server: Server) -> None:
    """The end of its newest block; of a mirror without blocks its newest transaction; None of an empty one."""
    blocks: dict[str, Any] = {"blocks": [{"timestamp": {"from": "1.0", "to": "17.000000009"}}]}
    rows: dict[str, Any] = {"transactions": [{"consensus_timestamp": "16.5"}]}
    server.answer = lambda path: (200, {}, json.dumps(blocks if "blocks" in path else rows).encode())
    rest = MirrorRest(server.url)
    assert rest.latest_consensus() == 17_000_000_009
    blocks["blocks"] = []
    assert rest.latest_consensus() == 16_500_000_000
    rows["transactions"] = []
    assert rest.latest_consensus() is None
    assert server.asked[-1] == "/api/v1/transactions?limit=1&order=desc"


@given(st.lists(st.floats(0, 3), min_size=1, max_size=300), st.integers(1, 8))
def test_the_pace_is_kept(pauses: list[float], burst: int) -> None:
    """However requests come, no second sees more than the rate and the burst, and nobody waits without need."""
    now, sent = 0.0, []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    pace = Pace(10, burst, lambda: now, sleep)
    for pause in pauses:
        now += pause if pause > 1 else 0.0
        came = now
        assert pace.wait(60)
        sent.append(now)
        if now > came:
            assert len([at for at in sent if at > now - burst / 10 - 1e-6]) >= burst
    for at in sent:
        assert len([one for one in sent if at <= one < at + 1 - 1e-6]) <= 10 + burst


def test_a_turn_that_comes_too_late_is_not_waited_for() -> None:
    """It is refused at once, and takes nobody's turn."""
    slept: list[float] = []
    pace = Pace(2, 1, lambda: 0.0, slept.append)
    assert [pace.wait(0.6) for _ in range(4)] == [True, True, False, False]
    assert slept == [0.5]


def test_one_pace_for_a_process_and_shares_for_several() -> None:
    """Whoever asks the same host waits in the same line; together they stay below what one address is allowed."""
    assert pace_of("http://mirror.example:1") is pace_of("http://mirror.example:1/")
    assert pace_of("http://mirror.example:1") is not pace_of("http://mirror.example:2")
    assert REQUESTS_PER_S + BURST < 50
    shared = pace_of("http://mirror.example:1", 4)
    sent, now = 0, 0.0
    shared._due, shared._clock, shared._sleep = 0.0, lambda: now, lambda _: None
    while shared.wait(0.999):  # what one of four processes may send within a second
        sent += 1
    assert 4 * sent <= REQUESTS_PER_S + 4 * BURST


@pytest.fixture(scope="module")
def strict() -> Iterator[Localnet]:
    """An embedded network whose mirror is as strict as public ones."""
    running = start_localnet("--latency", "instant", "--throttles", "off", "--mirror-rate-limit", "50")
    yield running
    running.stop()


def test_every_request_is_one_that_a_strict_mirror_takes(strict: Localnet) -> None:
    """Every method of MirrorRest, with pages and gaps, against the rules of MN:rest; and 120 requests without a 429."""
    network, operator = strict.network, Operator.parse(strict.operator_id, strict.operator_key)
    client, rest = HederaClient(network, operator, lane=1, rpc_timeout=30), MirrorRest(network.mirror_rest)

    def transact(body: Any) -> Any:
        node, transaction_id = client.next_node(), client.new_transaction_id()
        client.submit(client.prepare(body, node, transaction_id))
        return client.await_receipt(transaction_id, node, timeout=30.0, interval=0.01), transaction_id

    try:
        topic = str(transact(bodies.create_topic(memo="", admin_key=None, submit_key=None))[0].topic_id)
        for number in range(105):
            _, last = transact(bodies.submit_message(topic, b"%d" % number, None))
        assert [row.sequence_number for row in rest.topic_messages(topic)] == list(range(1, 106))
        assert [row.message for row in rest.topic_messages(topic, after=3, until=5)] == [b"3", b"4"]
        assert list(rest.topic_messages("0.0.987654")) == []
        assert (rest.knows_topic(topic), rest.knows_topic("0.0.987654")) == (True, False)
        assert rest.topic_message(topic, 105).consensus_timestamp == rest.transaction(last).consensus_timestamp
        assert rest.account(operator.account_id)["account"] == operator.account_id
        assert rest.balance(operator.account_id) > 0
        assert rest.network_nodes()
        reached = rest.latest_consensus()
        assert reached is not None
        for _ in range(120):
            rest.exchange_rate()
        assert (
            requests.get(
                f"{network.mirror_rest}/api/v1/topics/{topic}/messages?sequencenumber=gt:0", timeout=9
            ).status_code
            == 400
        )
    finally:
        client.close()
        rest.close()
