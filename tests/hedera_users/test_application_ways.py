"""The user's own application is called once, is told kind and topic, and what it does not answer for is no success."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator

import pytest

from hedera_users.application_ways import ApplicationError, HttpWay, application_function, make_way
from hedera_users.baseline import BaselineError, make_baseline
from hedera_users.http_posts import HttpPosts, is_done
from hedera_users.own_functions import WRITES_WITH_HEDERA, find_function
from tests.hedera_users.own_server import Served, served


@pytest.fixture
def server() -> Iterator[Served]:
    """A real HTTP application."""
    with served() as running:
        yield running


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A module of the user's own."""
    made = types.ModuleType("their_hedera_app")
    monkeypatch.setitem(sys.modules, "their_hedera_app", made)
    return made


def test_it_is_told_kind_and_topic_and_given_the_payload(server: Served) -> None:
    """Byte for byte, in one POST."""
    way = make_way(f"http:{server.url}/done", "0.0.9")
    assert way is not None
    assert way.call("audit-event", b'{"a": 1.50}', 5) is None
    way.close()
    ((path, headers, body),) = server.seen
    assert (path, headers["X-Kind"], headers["X-Hedera-Topic"], body) == (
        *("/done", "audit-event", "0.0.9"),
        b'{"a": 1.50}',
    )


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/told", {"transactionId": "0.0.5@1700000000.000000001", "sequenceNumber": "7"}),
        ("/words", None),
        ("/done", None),
    ],
)
def test_what_it_answers_is_read_where_it_is_json(server: Served, path: str, told: object) -> None:
    """Any 2xx is a success, whatever its body."""
    assert HttpWay(f"{server.url}{path}", "0.0.9").call("audit-event", b"x", 5) == told


@pytest.mark.parametrize(
    ("path", "words", "certain"),
    [
        ("/refused", "HTTP 403", True),
        ("/moved", "HTTP 302", True),
        ("/busy", "HTTP 503", False),
        ("/broken", "HTTP 500", False),
        ("/silent", "ConnectionError", False),
    ],
)
def test_what_it_does_not_answer_for(server: Served, path: str, words: str, certain: bool) -> None:
    """Only what was refused, or never taken, has surely not been done; and nothing is sent a second time."""
    with pytest.raises(ApplicationError, match=words) as raised:
        HttpWay(f"{server.url}{path}", "0.0.9").call("audit-event", b"x", 5)
    assert raised.value.certain is certain
    assert len(server.seen) == 1


def test_an_application_that_is_not_there_has_done_nothing() -> None:
    """No connection, nothing sent."""
    with pytest.raises(ApplicationError) as raised:
        HttpWay("http://127.0.0.1:9/", "0.0.9").call("audit-event", b"x", 5)
    assert raised.value.certain


def test_both_arms_post_in_the_same_way(server: Served) -> None:
    """The baseline follows no redirect either, and is told the topic where the other arm is."""
    make_baseline(f"http:{server.url}/done", None, {"X-Hedera-Topic": "0.0.9"}).write("audit-event", b"x")  # type: ignore[arg-type]
    HttpWay(f"{server.url}/done", "0.0.9").call("audit-event", b"x", 5)
    first, second = server.seen
    assert first == second
    with pytest.raises(BaselineError, match="HTTP 302"):
        make_baseline(f"http:{server.url}/moved", None).write("audit-event", b"x")  # type: ignore[arg-type]


def test_a_post_is_done_by_2xx_only(server: Served) -> None:
    """A redirect is no success, as it is for `requests`."""
    posts = HttpPosts(server.url + "/moved", {})
    assert not is_done(posts.post("k", b"", 5))
    posts.close()


def test_a_function_is_called_with_the_topic(module: types.ModuleType) -> None:
    """What it returns is its answer."""
    module.write = lambda kind, payload, topic: {"sequence_number": len(kind + topic) + len(payload)}  # type: ignore[attr-defined]
    way = make_way("python:their_hedera_app:write", "0.0.9")
    assert way is not None
    assert way.call("ab", b"cd", 5) == {"sequence_number": 9}


def test_a_function_that_raises_may_have_done_it(module: types.ModuleType) -> None:
    """Nobody knows how far it came."""

    def write(kind: str, payload: bytes, topic: str) -> None:
        raise OSError("no receipt")

    module.write = write  # type: ignore[attr-defined]
    way = make_way("python:their_hedera_app:write", "0.0.9")
    assert way is not None
    with pytest.raises(ApplicationError, match="OSError: no receipt") as raised:
        way.call("audit-event", b"x", 5)
    assert not raised.value.certain


def test_a_function_that_takes_no_topic_is_refused(module: types.ModuleType) -> None:
    """It could not know where to write to; one line with option, value and remedy."""
    module.write = lambda kind, payload: None  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="does not take three arguments") as raised:
        application_function("python:their_hedera_app:write")
    assert str(raised.value).startswith("--with-hedera 'python:their_hedera_app:write': ")
    assert str(raised.value).endswith("(kind, payload, topic)")
    assert find_function("--x", "their_hedera_app:write", ("kind", "payload")) is module.write
    assert WRITES_WITH_HEDERA == ("kind", "payload", "topic")


def test_none_is_named() -> None:
    """Then this project's own client writes to Hedera."""
    assert make_way("", "0.0.9") is None
    assert application_function("http://127.0.0.1:1/x") is None
