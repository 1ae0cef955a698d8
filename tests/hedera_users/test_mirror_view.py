"""What users see of the mirror: through its stream, and where that is silent, by asking."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from config.settings import RunSettings
from hedera_client import MirrorRest, MirrorWatcher
from hedera_users.guards import Place, make_guards
from hedera_users.mirror_view import MirrorView
from localnet_launcher import Localnet
from records.operation import Outcome
from resilience import GuardStats
from tests.hedera_users.bench import Bench


@pytest.fixture(scope="module")
def bench(localnet: Localnet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A session, whose first topic has one message."""
    bench = Bench(localnet, tmp_path_factory.mktemp("run"))
    with bench.session.operation("hcs.submit", confirm="receipt") as operation:
        bench.session.hedera.submit_message(operation, bench.topic, b"hello")
    yield bench
    bench.session.close()


def make_view(bench: Bench, stream: str, timeout: float) -> MirrorView:
    """A view whose stream is at an address."""
    network = bench.run.network.model_copy(update={"mirror_grpc": stream})
    rest = MirrorRest(network.mirror_rest)
    guards = make_guards(RunSettings(breaker_failures=2), ["0.0.3"], GuardStats(), Place())
    return MirrorView({bench.topic: MirrorWatcher(network, bench.topic)}, rest, guards.mirror, timeout)


def test_a_message_on_the_stream_was_seen(bench: Bench) -> None:
    """The wait is a phase of its own; the subscription counts it."""
    view = make_view(bench, bench.run.network.mirror_grpc, 10.0)
    with bench.session.operation("hcs.submit", confirm="mirror") as operation:
        view.await_message(operation, bench.topic, 1)
    assert bench.record.outcome is Outcome.SUCCEEDED
    assert bench.record.phases_s["mirror"] > 0
    assert view.counts()[bench.topic]["waits"] == 1
    view.close()


def test_a_silent_stream_is_asked_behind(bench: Bench) -> None:
    """A message that REST shows was seen, and the wait is our patience; one that is nowhere was not."""
    view = make_view(bench, "127.0.0.1:9", 0.2)
    with bench.session.operation("hcs.submit", confirm="mirror") as operation:
        view.await_message(operation, bench.topic, 1)
    assert bench.record.outcome is Outcome.SUCCEEDED
    assert bench.record.patience_s == pytest.approx(0.2)
    with bench.session.operation("hcs.submit", confirm="mirror") as operation:
        view.await_message(operation, bench.topic, 99)
    assert (bench.record.outcome, bench.record.status) == (Outcome.UNKNOWN, "MIRROR_TIMEOUT")
    view.close()


def test_a_mirror_that_shows_nothing_is_not_waited_for(bench: Bench) -> None:
    """After as many failures as the circuit takes; the message had reached consensus, so it is in doubt."""
    view = make_view(bench, "127.0.0.1:9", 0.05)
    for _ in range(3):
        with bench.session.operation("hcs.submit", confirm="mirror") as operation:
            view.await_message(operation, bench.topic, 99)
    assert [one.status for one in bench.records[-3:]] == ["MIRROR_TIMEOUT", "MIRROR_TIMEOUT", "CIRCUIT_OPEN"]
    assert bench.record.outcome is Outcome.UNKNOWN
    assert bench.record.phases_s["mirror"] < 0.05
    view.close()
