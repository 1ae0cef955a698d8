"""Pairs of the same business operation without and with Hedera: what the overhead is computed from."""

from __future__ import annotations

import random
from typing import Any, Final

from reports.records import Arm, OperationRecord, Outcome

RESERVOIR: Final = 20_000
"""Pairs kept per operation and level. Beyond it every further pair replaces a random one, so that each pair of the run
is kept with the same chance (Vitter's algorithm R) and memory does not grow with the run: 20,000 pairs put the 95 %
interval of a mean within 1.4 % of a standard deviation."""

OPEN_PAIRS: Final = 100_000
"""First arms that wait for their second. A pair whose second arm never comes (cut off) stays here; beyond this number
the oldest are given up."""


class PairSample:
    """Pairs of one operation at one level.

    Attributes:
        kept: `(baseline, hedera)` latencies in seconds of pairs whose two arms both succeeded; at most `capacity`.
        complete: How many such pairs there were.
        broken: Pairs of which an arm did not succeed; they carry no latency to compare.
    """

    def __init__(self, capacity: int, rng: random.Random) -> None:
        self.kept: list[tuple[float, float]] = []
        self.complete = 0
        self.broken = 0
        self._capacity = capacity
        self._random = rng

    def add(self, baseline_s: float, hedera_s: float) -> None:
        """Count a complete pair and keep it, or let it take a random one's place."""
        self.complete += 1
        if len(self.kept) < self._capacity:
            self.kept.append((baseline_s, hedera_s))
            return
        place = self._random.randrange(self.complete)
        if place < self._capacity:
            self.kept[place] = (baseline_s, hedera_s)


class Pairs:
    """All pairs, by operation name and the Hedera arm's confirmation level.

    Args:
        seed: Of the choice which pairs are kept once there are more than the reservoir holds.
        capacity: Pairs kept per operation and level.
    """

    def __init__(self, seed: int = 0, capacity: int = RESERVOIR) -> None:
        self.samples: dict[tuple[str, str], PairSample] = {}
        self._random = random.Random(seed)
        self._capacity = capacity

    def sample(self, name: str, confirm: str) -> PairSample:
        """The sample of an operation and level, made on first use."""
        sample = self.samples.get((name, confirm))
        if sample is None:
            sample = self.samples[name, confirm] = PairSample(self._capacity, self._random)
        return sample

    def dump(self) -> list[list[Any]]:
        """Return it in a form that msgpack can carry."""
        return [
            [name, confirm, sample.complete, sample.broken, [list(pair) for pair in sample.kept]]
            for (name, confirm), sample in self.samples.items()
        ]

    def merge_dump(self, dumped: list[list[Any]]) -> None:
        """Add what `dump` returned elsewhere; pairs that had overflowed there are counted, not kept."""
        for name, confirm, complete, broken, kept in dumped:
            sample = self.sample(name, confirm)
            for baseline_s, hedera_s in kept:
                sample.add(baseline_s, hedera_s)
            sample.complete += complete - len(kept)
            sample.broken += broken


class PairMatcher:
    """Brings the two records of a pair together. Both come from the same user, hence from the same process."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], OperationRecord] = {}

    def match(self, record: OperationRecord, into: Pairs) -> None:
        """Note one arm; when it is the second of its pair, count the pair in `into`."""
        if record.pair is None:
            return
        key = (record.name, record.pair)
        first = self._open.pop(key, None)
        if first is None:
            self._open[key] = record
            if len(self._open) > OPEN_PAIRS:
                del self._open[next(iter(self._open))]
            return
        baseline, hedera = (first, record) if first.arm is Arm.BASELINE else (record, first)
        sample = into.sample(record.name, hedera.confirm)
        if baseline.outcome is hedera.outcome is Outcome.SUCCEEDED:
            sample.add(baseline.latency_s, hedera.latency_s)
        else:
            sample.broken += 1
