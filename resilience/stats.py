"""What the guards of one process did, counted; and the sum over processes."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypedDict

from resilience.activity import Activity, merge_activities
from resilience.bounded_queue import BoundedQueue
from resilience.breaker import Breaker
from resilience.budget import RetryBudget
from resilience.errors import RejectedError
from resilience.limiter import Limiter

# Keys of a queue's snapshot that are the same for, or the extreme of, one queue; all others add up.
_EXTREMES_OF_A_QUEUE: Final = frozenset({"capacity", "max_depth", "max_continuing", "waited_max_s"})


BUCKET_RATIO: Final = 1.02
"""Waits are kept in buckets 2 % wide."""
_SCALE: Final = 1 / math.log(BUCKET_RATIO)
_LEAST_S: Final = 1e-4


def bucket_of(seconds: float) -> int:
    """The bucket of a wait; those below 0.1 ms share the first."""
    return int(math.log(max(seconds, _LEAST_S) / _LEAST_S) * _SCALE)


def quantile_of(buckets: Mapping[str, int], share: float) -> float:
    """Seconds that `share` of the waits in these buckets did not exceed, within 1 %; 0 of none."""
    total, seen = sum(buckets.values()), 0
    for bucket in sorted(buckets, key=int):
        seen += buckets[bucket]
        if seen >= share * total:
            return _LEAST_S * math.exp((int(bucket) + 0.5) / _SCALE)
    return 0.0


class Waited(TypedDict):
    """Measured waits: how many, their seconds together, the extremes, and how many in each bucket (`bucket_of`)."""

    count: int
    seconds: float
    min_s: float
    max_s: float
    buckets: dict[str, int]


class GuardStats:
    """Counts over all guards that share it, normally one per process.

    Operations that succeed at their first attempt are not counted here: the caller counts operations, this counts what
    resilience added.

    Attributes:
        attempts: Attempts beyond the first of their operation that were made. A retry that was refused was not made.
        recovered: Operations that succeeded after at least one retry.
        exhausted: Operations that failed because their last allowed attempt ended in an error that could be retried.
        by_status: `attempts` by the status of the error that each of them answered to; the sum is `attempts`.
        by_member: The same by the member that answered so, and then by status.
        rejected: Operations that were refused before their first attempt, by the kind of the refusal.
        cut_short: Operations whose last error could have been retried but for a refusal, by the kind of the refusal.
    """

    def __init__(self) -> None:
        self.attempts = 0
        self.recovered = 0
        self.exhausted = 0
        self.by_status: Counter[str] = Counter()
        self.by_member: dict[str, Counter[str]] = {}
        self.rejected: Counter[str] = Counter()
        self.cut_short: Counter[str] = Counter()
        self._waits: dict[str, dict[str, Any]] = {}
        self._backoffs: dict[str, Waited] = {}
        self._activities: dict[str, Activity] = {}
        self._breakers: list[Breaker] = []
        self._limiters: list[tuple[str, Limiter]] = []
        self._budgets: list[RetryBudget] = []
        self._queues: list[BoundedQueue] = []
        self._lock = threading.RLock()

    def watch(self, breaker: Breaker) -> None:
        """Report `breaker` in the snapshot; once, however many guards share it."""
        with self._lock:
            _add(self._breakers, breaker)

    def watch_parts(
        self,
        name: str,
        breakers: Sequence[Breaker],
        limiter: Limiter | None,
        budget: RetryBudget | None,
        queue: BoundedQueue | None,
    ) -> None:
        """Report the parts of the guard called `name` in the snapshot; each once, however many guards share it."""
        with self._lock:
            for breaker in breakers:
                _add(self._breakers, breaker)
            if limiter is not None and not any(limiter is known for _, known in self._limiters):
                self._limiters.append((name, limiter))
            if budget is not None:
                _add(self._budgets, budget)
            if queue is not None:
                _add(self._queues, queue)

    def activity_of(self, name: str, now: Callable[[], float]) -> Activity:
        """Where the guard called `name` counts its attempts; one for all guards of a name."""
        with self._lock:
            return self._activities.setdefault(name, Activity(now))

    def count_retry(self, status: str, member: str = "") -> None:
        """An attempt beyond the first is made, because the one before, at `member`, ended in `status`."""
        with self._lock:
            self.attempts += 1
            self.by_status[status] += 1
            self.by_member.setdefault(member, Counter())[status] += 1

    def count_recovered(self) -> None:
        """An operation succeeded after at least one retry."""
        with self._lock:
            self.recovered += 1

    def count_exhausted(self) -> None:
        """An operation ran out of attempts."""
        with self._lock:
            self.exhausted += 1

    def count_refusal(self, refusal: RejectedError, *, cut_short: bool) -> None:
        """An operation ended by a refusal: before its first attempt, or (`cut_short`) before a further one."""
        with self._lock:
            (self.cut_short if cut_short else self.rejected)[refusal.kind] += 1

    def count_wait(self, what: str, seconds: float) -> None:
        """An operation waited for `what` (see `guard.Wait`)."""
        with self._lock:
            waits = self._waits.setdefault(what, {"count": 0, "seconds": 0.0, "max_s": 0.0})
            waits["count"] += 1
            waits["seconds"] += seconds
            waits["max_s"] = max(waits["max_s"], seconds)

    def count_backoff(self, number: int, seconds: float) -> None:
        """An operation waited between its attempt of this number and the next, so long as was measured."""
        with self._lock:
            key = str(number)
            found = self._backoffs.get(key)
            if found is None:
                found = Waited(count=0, seconds=0.0, min_s=seconds, max_s=seconds, buckets={})
                self._backoffs[key] = found
            found["count"] += 1
            bucket = str(bucket_of(seconds))
            found["buckets"][bucket] = found["buckets"].get(bucket, 0) + 1
            found["seconds"] += seconds
            found["min_s"] = min(found["min_s"], seconds)
            found["max_s"] = max(found["max_s"], seconds)

    def snapshot(self) -> dict[str, Any]:
        """Everything so far, JSON-able, in the form of report.json's `resilience`; see `merge_snapshots`."""
        with self._lock:
            return {
                "retries": {
                    "attempts": self.attempts,
                    "recovered": self.recovered,
                    "exhausted": self.exhausted,
                    "by_status": dict(sorted(self.by_status.items())),
                    "by_member": {name: dict(sorted(found.items())) for name, found in sorted(self.by_member.items())},
                    "backoffs": {
                        number: {**found, "buckets": dict(found["buckets"])}
                        for number, found in sorted(self._backoffs.items())
                    },
                },
                "activity": {name: activity.snapshot() for name, activity in sorted(self._activities.items())},
                "rejected": dict(sorted(self.rejected.items())),
                "cut_short": dict(sorted(self.cut_short.items())),
                "waits": {what: dict(waits) for what, waits in sorted(self._waits.items())},
                "breakers": [breaker.snapshot() for breaker in self._breakers],
                "limiters": [{"name": name, **limiter.snapshot()} for name, limiter in self._limiters],
                "budget": _sum([budget.snapshot() for budget in self._budgets]),
                "queue": _sum([{"queues": 1, **queue.snapshot()} for queue in self._queues], _EXTREMES_OF_A_QUEUE),
            }


def merge_snapshots(snapshots: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the snapshot of several processes together. Pure, and the order of merging does not matter.

    Counts add up. Breakers and limiters stay apart, for each process has its own: their names, which say the process
    they are from, sort them. Of the queues, which `queues` counts, `capacity` and the extremes are those of one queue.
    `budget` and `queue` are None where no process has one. A checkpoint of an earlier version has no activity.

    Args:
        snapshots: What `GuardStats.snapshot` returned in each process, or what this function returned before.
    """
    parts = list(snapshots)
    retries = [part["retries"] for part in parts]
    return {
        "retries": {
            **{key: sum(each[key] for each in retries) for key in ("attempts", "recovered", "exhausted")},
            "by_status": _add_up(each["by_status"] for each in retries),
            "by_member": {
                name: _add_up(each.get("by_member", {}).get(name, {}) for each in retries)
                for name in sorted({name for each in retries for name in each.get("by_member", {})})
            },
            "backoffs": _merge_backoffs([each.get("backoffs", {}) for each in retries]),
        },
        "activity": {
            name: merge_activities(part["activity"][name] for part in parts if name in part.get("activity", {}))
            for name in sorted({name for part in parts for name in part.get("activity", {})})
        },
        "rejected": _add_up(part["rejected"] for part in parts),
        "cut_short": _add_up(part["cut_short"] for part in parts),
        "waits": _merge_waits([part["waits"] for part in parts]),
        "breakers": _sorted_by_name(part["breakers"] for part in parts),
        "limiters": _sorted_by_name(part["limiters"] for part in parts),
        "budget": _sum([part["budget"] for part in parts if part["budget"] is not None]),
        "queue": _sum([part["queue"] for part in parts if part["queue"] is not None], _EXTREMES_OF_A_QUEUE),
    }


def _add(known: list[Any], part: object) -> None:
    if not any(part is each for each in known):
        known.append(part)


def _add_up(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(sorted(total.items()))


def _sum(parts: list[dict[str, Any]], extremes: frozenset[str] = frozenset()) -> dict[str, Any] | None:
    """The sum of each key, or its maximum, or all entries of its lists; None of nothing."""
    if not parts:
        return None
    total: dict[str, Any] = {}
    for key, first in parts[0].items():
        values = [part[key] for part in parts]
        if isinstance(first, list):
            total[key] = sorted(entry for value in values for entry in value)
        else:
            total[key] = max(values) if key in extremes else sum(values)
    return total


def _merge_waits(parts: list[dict[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    merged: dict[str, Any] = {}
    for what in sorted({what for part in parts for what in part}):
        merged[what] = _sum([part[what] for part in parts if what in part], frozenset({"max_s"}))
    return merged


def _merge_backoffs(parts: list[dict[str, Waited]]) -> dict[str, Waited]:
    merged: dict[str, Waited] = {}
    for number in sorted({number for part in parts for number in part}, key=int):
        found = [part[number] for part in parts if number in part]
        merged[number] = {
            "count": sum(one["count"] for one in found),
            "seconds": sum(one["seconds"] for one in found),
            "min_s": min(one["min_s"] for one in found),
            "max_s": max(one["max_s"] for one in found),
            "buckets": _add_up(one["buckets"] for one in found),
        }
    return merged


def _sorted_by_name(parts: Iterable[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return sorted((each for part in parts for each in part), key=lambda each: str(each["name"]))
