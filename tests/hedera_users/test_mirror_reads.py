"""What users read of the mirror's past: through retries and its circuit, and what it does not show yet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hedera_users.mirror_reads import LOOK_EVERY_S
from localnet_launcher import Localnet, start_localnet
from records.operation import Outcome
from tests.hedera_users.bench import Bench


@pytest.fixture(scope="module")
def breakable() -> Iterator[Localnet]:
    """A network of this module's own, for faults."""
    running = start_localnet("--latency", "instant", "--throttles", "off", "--mirror-rate-limit", "0")
    yield running
    running.stop()


@pytest.fixture
def bench(breakable: Localnet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A session whose first topic has three messages."""
    bench = Bench(
        breakable, tmp_path_factory.mktemp("run"), confirm_timeout=0.5, attempts=3, breaker_failures=3, queue=0
    )
    for number in range(3):
        with bench.session.operation("hcs.submit", confirm="receipt") as operation:
            bench.session.hedera.submit_message(operation, bench.topic, b"message %d" % number)
    yield bench
    bench.session.close()
    breakable.clear_faults()


def awaited(bench: Bench, first: int, last: int, topic: str = "") -> list[bytes]:
    """Messages, or nothing where that did not succeed."""
    with bench.session.operation("mirror.shows") as operation:
        shown = bench.session.mirror.await_messages(operation, topic or bench.topic, first, last)
        return [row.message for row in shown]
    return []


def test_messages_are_read_from_one_place_to_another(bench: Bench) -> None:
    """In order; it is a read, which has no level and is never in doubt."""
    assert awaited(bench, 2, 3) == [b"message 1", b"message 2"]
    record = bench.record
    assert (record.outcome, record.confirm, record.transaction_ids) == (Outcome.SUCCEEDED, "", [])
    assert record.phases_s["mirror"] > 0
    assert record.patience_s == LOOK_EVERY_S


def test_what_is_not_there_is_waited_for_and_no_longer(bench: Bench) -> None:
    """A message to come, and a topic of which the mirror has not heard."""
    assert awaited(bench, 3, 4) == []
    assert (bench.record.outcome, bench.record.status) == (Outcome.FAILED, "MIRROR_TIMEOUT")
    assert "message 4" in bench.record.error
    assert 0.5 <= bench.record.latency_s < 3
    assert awaited(bench, 1, 1, "0.0.999999") == []
    assert bench.record.status == "MIRROR_TIMEOUT"


def test_an_error_is_retried_and_opens_the_circuit(bench: Bench, breakable: Localnet) -> None:
    """Of the reads alone: waits at the level `mirror` have one of their own."""
    breakable.add_faults([{"kind": "mirror-outage"}])
    with bench.session.operation("mirror.history") as operation:
        bench.session.mirror.ask(operation, lambda rest: rest.topic(bench.topic))
    assert (bench.record.outcome, bench.record.attempts, bench.record.status) == (Outcome.FAILED, 3, "HTTP_503")
    with bench.session.operation("mirror.history") as operation:
        bench.session.mirror.ask(operation, lambda rest: rest.topic(bench.topic))
    assert (bench.record.outcome, bench.record.ended_in) == (Outcome.REJECTED, "circuit")
    opened = [one["name"] for one in bench.session.stats.snapshot()["breakers"] if one["transitions"]]
    assert opened == ["0/mirror-reads"]


def test_a_question_that_has_no_answer_is_not_asked_again(bench: Bench) -> None:
    """A topic that is not there stays so."""
    with bench.session.operation("mirror.history") as operation:
        bench.session.mirror.ask(operation, lambda rest: rest.topic("0.0.999999"))
    assert (bench.record.outcome, bench.record.attempts, bench.record.status) == (Outcome.FAILED, 1, "HTTP_404")
