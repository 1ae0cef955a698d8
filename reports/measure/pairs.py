"""Pairs of the same business operation without and with Hedera: what the overhead is computed from."""

from __future__ import annotations

import heapq
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import numpy as np

from records.operation import Arm, OperationRecord, Outcome
from records.statuses import STOPPED

SAMPLE: Final = 20_000
"""Pairs kept per operation and level. 20,000 pairs put the 95 % interval of a mean within 1.4 % of a standard deviation
to either side, which no reader can tell from all pairs."""

OPEN_PAIRS: Final = 100_000
"""First arms that wait for their second. A pair whose second arm never comes (cut off) stays here; beyond this number
the oldest are given up."""


class Pair(NamedTuple):
    """One complete pair.

    Attributes:
        rank: The pair's lot, -1 to 0: the pairs with the highest lots are kept. It comes from the pair's id, so which
            pairs are kept depends neither on the order in which they end nor on how workers' shares are merged.
        at: Unix time in seconds when its first arm began; neighbours in time are what blocks are made of.
        baseline_s: Latency without Hedera, in seconds.
        hedera_s: Latency with Hedera, in seconds.
    """

    rank: float
    at: float
    baseline_s: float
    hedera_s: float


class PairSample:
    """Pairs of one operation at one level.

    Every pair has the same chance to be kept, whatever the number of workers and the order of merging (the pairs with
    the highest random lots, "bottom-k sampling"), and memory does not grow with the run.

    Attributes:
        complete: Pairs whose two arms both succeeded.
        baseline_failed: Pairs whose baseline arm did not succeed.
        hedera_failed: Pairs whose Hedera arm did not succeed (failed, unknown, or never sent).
        broken: Pairs of which at least one arm did not succeed; they carry no latency to compare.
    """

    def __init__(self, capacity: int = SAMPLE) -> None:
        self.complete = 0
        self.baseline_failed = 0
        self.hedera_failed = 0
        self.broken = 0
        self._capacity = capacity
        self._kept: list[Pair] = []  # a heap: the next to go stands first

    @property
    def total(self) -> int:
        """Pairs whose arms both ended."""
        return self.complete + self.broken

    @property
    def kept(self) -> list[Pair]:
        """The kept pairs in the order of time."""
        return sorted(self._kept, key=lambda pair: (pair.at, pair.rank))

    def add(self, pair: Pair) -> None:
        """Count a complete pair, and keep it if its lot is high enough."""
        self.complete += 1
        self._keep(pair)

    def _keep(self, pair: Pair) -> None:
        if len(self._kept) < self._capacity:
            heapq.heappush(self._kept, pair)
        elif pair > self._kept[0]:
            heapq.heapreplace(self._kept, pair)

    def copy(self) -> PairSample:
        """Another one of the same pairs, for who looks at it while this one goes on."""
        other = PairSample(self._capacity)
        other.complete, other.broken = self.complete, self.broken
        other.baseline_failed, other.hedera_failed = self.baseline_failed, self.hedera_failed
        other._kept = list(self._kept)
        return other

    def dump(self) -> list[Any]:
        """Return it in a form that msgpack can carry."""
        return [
            *(self.complete, self.baseline_failed, self.hedera_failed, self.broken),
            np.asarray(self._kept, dtype="<f8").tobytes(),
        ]

    def merge_dump(self, dumped: list[Any]) -> None:
        """Add what `dump` returned elsewhere; the result is that of one sample that had seen all pairs."""
        complete, baseline_failed, hedera_failed, broken, kept = dumped
        self.complete += complete
        self.baseline_failed += baseline_failed
        self.hedera_failed += hedera_failed
        self.broken += broken
        for row in np.frombuffer(kept, dtype="<f8").reshape(-1, len(Pair._fields)).tolist():
            self._keep(Pair(*row))


class Pairs:
    """All pairs, by operation name and the Hedera arm's confirmation level.

    Args:
        seed: Of the lots that decide which pairs are kept once there are more than the sample holds.
        capacity: Pairs kept per operation and level.
    """

    def __init__(self, seed: int = 0, capacity: int = SAMPLE) -> None:
        self.samples: dict[tuple[str, str], PairSample] = {}
        self._key = seed.to_bytes(16, "little", signed=True)
        self._capacity = capacity

    def sample(self, name: str, confirm: str) -> PairSample:
        """The sample of an operation and level, made on first use."""
        sample = self.samples.get((name, confirm))
        if sample is None:
            sample = self.samples[name, confirm] = PairSample(self._capacity)
        return sample

    def add(self, baseline: OperationRecord, hedera: OperationRecord) -> None:
        """Count a pair whose arms both ended; one that the end of the run cut off says nothing and is left out."""
        if STOPPED in (baseline.status, hedera.status):
            return
        sample = self.sample(hedera.name, hedera.confirm)
        failed = [record.outcome is not Outcome.SUCCEEDED for record in (baseline, hedera)]
        sample.baseline_failed += failed[0]
        sample.hedera_failed += failed[1]
        if any(failed):
            sample.broken += 1
            return
        at = min(baseline.started_at, hedera.started_at)
        sample.add(Pair(self._rank(baseline.pair or ""), at, baseline.latency_s, hedera.latency_s))

    def dump(self) -> list[list[Any]]:
        """Return it in a form that msgpack can carry."""
        return [[name, confirm, *sample.dump()] for (name, confirm), sample in self.samples.items()]

    def merge_dump(self, dumped: list[list[Any]]) -> None:
        """Add what `dump` returned elsewhere."""
        for name, confirm, *sample in dumped:
            self.sample(name, confirm).merge_dump(sample)

    def _rank(self, pair: str) -> float:
        lot = blake2b(pair.encode(), digest_size=8, key=self._key).digest()
        return -int.from_bytes(lot, "little") / 2**64


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
        into.add(baseline, hedera)
