"""What can be seen of a run while it goes on: counts as of a moment, and what happened between two of them.

The processes of a run send their data every few seconds. Who has to know sooner and for certain, such as a search that
judges one step of the load after the other, asks them (`Live.look`), and gets counts that hold all that has happened
until then.
"""

from __future__ import annotations

from locust.env import Environment

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from reports.collect.collector import Collector
from reports.measure.keys import is_hedera
from reports.measure.timeline import COUNTS, Point

_ATTRIBUTE: Final = "hedera_live"

LEAST_REACHED: Final = 0.01
"""Part of the time that a process comes to at least, where it is reckoned what it has not come to."""


@dataclass(frozen=True, slots=True)
class Look:
    """Counts since the run began, over all processes.

    Attributes:
        at: Unix time in seconds.
        due: Operations that were due by the schedule, as far as the processes have come to them.
        reached: How far they have come, Unix time in seconds by the clocks of the processes, in the mean; a busy one is
            behind.
        told_at: When they told that, by the same clocks.
        started: Of these, those that were started.
        late_no_user: Of these, those that started late because no user was free.
        late_process: Those that started late because the process was busy.
        retried: Attempts beyond the first of an operation, by the status that they answered to.
        cpu_s: Processor seconds of each process, and the Unix time that they are of by its clock.
    """

    at: float
    due: int
    reached: float
    told_at: float
    started: int
    late_no_user: int
    late_process: int
    retried: Counter[str]
    cpu_s: dict[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Ended:
    """Operations that ended in a part of the run.

    Attributes:
        counts: By outcome.
        p50_ms: Median of how long those took that succeeded, from their start; None where none did. Within 1 %.
        p95_ms: 95 of 100 were faster.
    """

    counts: Counter[str]
    p50_ms: float | None
    p95_ms: float | None


class Live:
    """A run that is under way.

    Args:
        collector: Where its data come together.
        refresh: Has every process send what it has, and waits until all have or are too slow.
        clock: Unix time in seconds.
    """

    def __init__(self, collector: Collector, refresh: Callable[[], None], clock: Callable[[], float]) -> None:
        self._collector = collector
        self._refresh = refresh
        self._clock = clock

    def look(self) -> Look:
        """Return the counts as of now."""
        at = self._clock()
        self._refresh()
        senders = list(self._collector.senders.values())
        came = [arrivals for sender in senders if (arrivals := sender.sources.get("arrivals"))]
        retried: Counter[str] = Counter()
        for sender in senders:
            retried.update(sender.sources.get("resilience", {}).get("retries", {}).get("by_status", {}))
        return Look(
            at=at,
            due=sum(one["due"] for one in came),
            reached=_mean(one["until"] for one in came),
            told_at=_mean(sender.last_at for sender in senders if sender.sources.get("arrivals")),
            started=sum(one["started"] for one in came),
            late_no_user=sum(one["late"]["no_user"] for one in came),
            late_process=sum(one["late"]["process"] for one in came),
            retried=retried,
            cpu_s={sender.name: (sender.last_at, sender.cpu_s) for sender in senders},
        )

    @property
    def nodes(self) -> int:
        """Nodes that the run calls."""
        return len(self._collector.run.network.nodes)

    @property
    def processes(self) -> int:
        """Processes that make its load."""
        return max(1, len(self._collector.senders))

    def whole_second(self, moment: float) -> float:
        """The first moment from this one on, in Unix seconds, at which a point of the timeline begins."""
        origin, length = (
            self._collector.measurements.timeline.origin,
            self._collector.measurements.timeline.resolution_s,
        )
        return origin + length * math.ceil((moment - origin) / length - 1e-6)

    def mean_s(self, phase: str) -> float | None:
        """How long a phase took in the mean, in seconds, of all that succeeded so far; None where none came to it."""
        found = [
            summary.mean
            for key, measure in self._collector.measurements.operations.items()
            if is_hedera(key) and (summary := measure.phases[phase].summary())
        ]
        return sum(found) / len(found) / 1000 if found else None

    def between(self, since: float, until: float) -> Ended:
        """Return what ended between two moments in Unix seconds, by whole points of the timeline within them.

        Without the operations on the baseline's side; complete up to the moment of the latest `look`.
        """
        timeline = self._collector.measurements.timeline
        length = timeline.resolution_s
        first = math.ceil((since - timeline.origin) / length - 1e-6)
        last = math.floor((until - timeline.origin) / length + 1e-6)
        whole = Point()
        for key, points in timeline.series.items():
            if is_hedera(key):
                for slot, point in points.items():
                    if first <= slot < last:
                        whole.add(point.counts, [list(pair) for pair in point.buckets.items()])
        return Ended(
            Counter(dict(zip(COUNTS, whole.counts, strict=True))), whole.quantile_ms(0.5), whole.quantile_ms(0.95)
        )


def due_between(before: Look, after: Look) -> int:
    """Operations that were due between two looks, those too that a busy process has not come to."""
    passed, reached = after.told_at - before.told_at, after.reached - before.reached
    if passed <= 0:
        return after.due - before.due
    return round((after.due - before.due) / min(1.0, max(LEAST_REACHED, reached / passed)))


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0


def cpu_percent(before: Look, after: Look) -> float | None:
    """Percent of a core that the busiest process used between two looks; None where no process said it twice."""
    found = []
    for name, (at, used) in after.cpu_s.items():
        earlier_at, earlier = before.cpu_s.get(name, (at, used))
        if at > earlier_at:
            found.append(100 * (used - earlier) / (at - earlier_at))
    return max(found, default=None)


def publish_live(environment: Environment, live: Live | None) -> None:
    """Let others see the run that is under way; None when it ends. Called where its data come together."""
    setattr(environment, _ATTRIBUTE, live)


def live_of(environment: Environment) -> Live | None:
    """Return what `publish_live` was given; None where no run is under way."""
    live: Any = getattr(environment, _ATTRIBUTE, None)
    return live if isinstance(live, Live) else None
