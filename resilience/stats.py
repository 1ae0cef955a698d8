"""What the guards of one process did, counted; and the sum over processes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from typing import Any

from resilience.breaker import Breaker


class GuardStats:
    """Counts over all guards that share it, normally one per process.

    Operations that succeed at their first attempt are not counted here: the caller counts operations, this counts what
    resilience added.

    Attributes:
        attempts: Attempts beyond the first of their operation that were made. A retry that the circuit breaker refused
            was not made.
        recovered: Operations that succeeded after at least one retry.
        exhausted: Operations that failed because their last allowed attempt ended in an error that could be retried.
        by_status: `attempts` by the status of the error that each of them answered to; the sum is `attempts`.
    """

    def __init__(self) -> None:
        self.attempts = 0
        self.recovered = 0
        self.exhausted = 0
        self.by_status: Counter[str] = Counter()
        self._breakers: list[Breaker] = []
        self._lock = threading.RLock()

    def watch(self, breaker: Breaker) -> None:
        """Report `breaker` in the snapshot; once, however many guards share it."""
        with self._lock:
            if not any(breaker is known for known in self._breakers):
                self._breakers.append(breaker)

    def count_retry(self, status: str) -> None:
        """An attempt beyond the first is made, because the one before ended in `status`."""
        with self._lock:
            self.attempts += 1
            self.by_status[status] += 1

    def count_recovered(self) -> None:
        """An operation succeeded after at least one retry."""
        with self._lock:
            self.recovered += 1

    def count_exhausted(self) -> None:
        """An operation ran out of attempts."""
        with self._lock:
            self.exhausted += 1

    def snapshot(self) -> dict[str, Any]:
        """Everything so far, JSON-able, in the form of report.json's `resilience`; see `merge_snapshots`."""
        with self._lock:
            return {
                "retries": {
                    "attempts": self.attempts,
                    "recovered": self.recovered,
                    "exhausted": self.exhausted,
                    "by_status": dict(sorted(self.by_status.items())),
                },
                "breakers": [breaker.snapshot() for breaker in self._breakers],
                # The place of the bounded queue's counts. There is no queue, so there is nothing to count.
                "queue": None,
            }


def merge_snapshots(snapshots: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the snapshot of several processes together. Pure, and the order of merging does not matter.

    Retries add up. Breakers stay apart, for each process has its own circuit: their names, which say the process they
    are from, sort them.

    Args:
        snapshots: What `GuardStats.snapshot` returned in each process, or what this function returned before.
    """
    counts = {"attempts": 0, "recovered": 0, "exhausted": 0}
    by_status: Counter[str] = Counter()
    breakers: list[dict[str, Any]] = []
    for snapshot in snapshots:
        retries = snapshot["retries"]
        for key in counts:
            counts[key] += retries[key]
        by_status.update(retries["by_status"])
        breakers.extend(snapshot["breakers"])
    return {
        "retries": {**counts, "by_status": dict(sorted(by_status.items()))},
        "breakers": sorted(breakers, key=lambda breaker: str(breaker["name"])),
        "queue": None,
    }
