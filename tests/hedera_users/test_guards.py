"""What an error means to the guards, and what the settings make of them."""

from __future__ import annotations

from typing import Any

import pytest

from config.settings import RunSettings
from hedera_client import Fate, HederaError, MirrorTimeoutError, TransportError
from hedera_users.guards import TIMEOUTS, Place, classify, make_guards
from resilience import BUSY, FINAL, TIMED_OUT, TRANSIENT, Attempt, CircuitOpenError, Guard, GuardStats, Verdict

NODES = ("0.0.3", "0.0.4")


def error(status: str = "UNAVAILABLE", fate: Fate = Fate.RETRYABLE, **options: Any) -> HederaError:
    """An error as the client raises it."""
    return HederaError(status, status=status, fate=fate, **options)


@pytest.mark.parametrize(
    ("raised", "verdict"),
    [
        (error(), TRANSIENT),
        (error(fate=Fate.UNKNOWN), TRANSIENT),
        (error("BUSY", busy=True), BUSY),
        (error("INVALID_SIGNATURE", Fate.FINAL), FINAL),
        (error("INVALID_SIGNATURE", Fate.FINAL, busy=True), FINAL),
        (ValueError("of somebody's own code"), FINAL),
        *((error(status, Fate.UNKNOWN), TIMED_OUT) for status in TIMEOUTS),
    ],
)
def test_what_an_error_means(raised: Exception, verdict: Verdict) -> None:
    """Retried or not, a failure of the node or not, and how dear."""
    assert classify(raised) == verdict


def test_calls_that_end_with_their_connection_are_one_failure() -> None:
    """By the name of what ended it."""
    raised = TransportError("gone", status="UNAVAILABLE", fate=Fate.UNKNOWN)
    raised.incident = "c7"
    assert classify(raised) == TRANSIENT._replace(incident="c7")
    raised.fate = Fate.RETRYABLE  # no byte of it left
    assert classify(raised) == TRANSIENT._replace(incident="c7", unsent=True)


def attempts(guard: Guard, raised: Exception) -> list[str]:
    """The members that were tried until the guard gave up."""
    tried: list[str] = []

    def attempt(one: Attempt) -> None:
        tried.append(one.member)
        raise raised

    with pytest.raises(type(raised)):
        guard.run(attempt)
    return tried


def make(stats: GuardStats | None = None, **settings: Any) -> Any:
    """Guards of a run's third process."""
    usual = {"attempts": 3, "backoff": 0.001, "backoff_max": 0.001, "queue": 0}
    return make_guards(RunSettings(**{**usual, **settings}), NODES, stats or GuardStats(), Place("run", 2, 4))


def test_calls_to_nodes_are_tried_as_often_as_was_asked_for() -> None:
    """What cannot be mended once; the mirror once in any case, for a wait is long by itself."""
    guards = make()
    for guard in (guards.hcs, guards.hfs, guards.hfs_reads):
        assert len(attempts(guard, error())) == 3
        assert len(attempts(guard, error("INVALID_SIGNATURE", Fate.FINAL))) == 1
    timeout = MirrorTimeoutError("late", status="MIRROR_TIMEOUT", fate=Fate.UNKNOWN)
    assert len(attempts(guards.mirror, timeout)) == 1


def test_each_service_has_a_circuit_per_node() -> None:
    """Reading and writing files share theirs; mirror and relay have one each; all are named after the process."""
    stats = GuardStats()
    guards = make(stats, breaker_failures=1, attempts=2)
    assert set(attempts(guards.hfs, error())) == set(NODES)
    with pytest.raises(CircuitOpenError):
        guards.hfs_reads.run(lambda _: None)
    assert guards.hcs.run(lambda one: one.member) in NODES
    names = {breaker["name"] for breaker in stats.snapshot()["breakers"]}
    assert names >= {"2/hfs@0.0.3", "2/hfs@0.0.4", "2/hcs@0.0.3", "2/mirror", "2/relay"}


def test_who_stands_in_a_queue_is_refused_when_the_guards_close() -> None:
    """Where there are queues."""
    guards = make(queue=5)
    queues = [guards.hcs.queue, guards.hfs.queue, guards.hfs_reads.queue, guards.relay.queue]
    assert None not in queues
    guards.close()
    assert make().hcs.queue is guards.mirror.queue is None
    make().close()
