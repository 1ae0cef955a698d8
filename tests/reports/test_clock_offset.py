"""The clock offset's interval holds the truth, whatever the way takes; messages narrow it."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from localnet_launcher import Localnet
from reports.audit.chain import Shown
from reports.audit.consensus import clocks_report, consensus_times, read_clocks
from reports.audit.messages import classify
from reports.audit.sightings import Sightings
from reports.measure.clock_offset import ClockOffset, DateProbe
from tests.reports.ledger import RUN_ID, Topic, message, record, write_journal


class Server:
    """A server whose clock is ahead by `offset_s`, an uneven way there and back from here."""

    def __init__(self, offset_s: float, seed: int, longest_s: float) -> None:
        self.now = 1_795_500_000.0 + random.Random(seed).random()
        self._offset_s = offset_s
        self._random = random.Random(seed)
        self._longest_s = longest_s

    def clock(self) -> float:
        """Time here."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    def date_of(self, url: str) -> float:
        """Answer with the server's whole second."""
        if self._random.random() < 0.1:
            raise OSError("lost")
        self.now += self._random.uniform(0, self._longest_s)
        dated = float(int(self.now + self._offset_s))
        self.now += self._random.uniform(0, self._longest_s)
        return dated


@given(offset_s=st.floats(-100, 100), seed=st.integers(0, 10**6), longest_s=st.floats(0.0001, 0.4))
def test_the_interval_holds_the_truth(offset_s: float, seed: int, longest_s: float) -> None:
    """Any offset, any way, some answers lost: the truth is in it, and it is far narrower than a second."""
    server = Server(offset_s, seed, longest_s)
    found = DateProbe("http://mirror", server.date_of, server.clock, server.sleep).run(rounds=14)
    assert found is not None
    assert found.low_s - 1e-6 <= offset_s <= found.high_s + 1e-6
    assert found.uncertainty_s <= max(0.02, 2 * longest_s)


def test_a_real_mirror_is_read(localnet: Localnet) -> None:
    """The embedded network's mirror has this machine's clock: 0 is in the interval."""
    found = DateProbe(localnet.network.mirror_rest, sleep=lambda _: None).run(rounds=2)
    assert found is not None
    assert found.low_s <= 0 <= found.high_s


def test_no_answer_is_no_offset() -> None:
    """A mirror that cannot be reached leaves it open."""

    def refuse(url: str) -> float:
        raise OSError(url)

    assert DateProbe("http://mirror", refuse).run(rounds=3) is None
    assert clocks_report({}) is None


def test_messages_bound_the_clock_and_correct_the_consensus_times(tmp_path: Path) -> None:
    """Sent before consensus, told after it: the tightest pair bounds the offset, and the times are corrected by it."""
    topic, records = Topic(), []
    ahead_s = 7.0  # the network's clock, against the sender's
    for number, (before_s, after_s) in enumerate([(0.4, 0.2), (0.05, 0.3), (0.5, 0.01)], start=1):
        topic.write(message("a", number))
        consensus_s = topic.rows[-1].consensus_timestamp / 1e9 - ahead_s
        one = record("a", number, number)
        one.messages[0].sent_at, one.messages[0].seen_at = consensus_s - before_s, consensus_s + after_s
        records.append(one)
    sightings = Sightings(write_journal(tmp_path, records), RUN_ID)
    for row in topic.rows:
        sightings.add(Shown(row, late=False))
    sightings.flush()
    classify(sightings.connection, [])
    clocks = read_clocks(sightings.connection, {"worker-1": ClockOffset(6.5, 8.0, "elsewhere")})
    times = consensus_times(sightings.connection, clocks)
    contradicted = read_clocks(sightings.connection, {"worker-1": ClockOffset(100, 101, "elsewhere")})
    sightings.close()
    clock = clocks["worker-1"]
    assert (round(clock.low_s, 3), round(clock.high_s, 3)) == (6.99, 7.05)
    assert round(contradicted["worker-1"].low_s, 3) == 6.99, "messages are right"
    (distribution,) = times.values()
    assert abs(distribution.quantile(1.0) - 0.5) < clock.uncertainty_s + 0.001
    report = clocks_report(clocks)
    assert report is not None
    assert (report["offset_ms"], report["uncertainty_ms"]) == (7020.0, 30.0)
