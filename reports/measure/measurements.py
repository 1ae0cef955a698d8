"""Everything that is measured of a run, or of a slice of it, in one mergeable piece."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from records.operation import PHASES, SEGMENTS, OperationRecord, Outcome
from records.statuses import STOPPED
from reports.measure.distribution import Distribution
from reports.measure.errors import Errors
from reports.measure.keys import OperationKey
from reports.measure.pairs import Pairs
from reports.measure.slowest import Slowest
from reports.measure.timeline import Timeline

OUTCOMES: Final = tuple(outcome.value for outcome in Outcome)


@dataclass(slots=True)
class OperationMeasure:
    """One operation's counts and distributions.

    Attributes:
        counts: Closed operations by outcome.
        stopped: How many of the unknown ones the end of the run cut off.
        stopped_reads: How many of the failed ones it cut off: they had only asked, so nothing about them is unknown.
        attempts: Attempts over all of them.
        bytes_sent: Payload bytes of those that succeeded.
        latency: From the start, of those that succeeded.
        latency_failed: The same of those that failed or stayed unknown; kept apart, since fast failures would make the
            network look fast.
        response: From the scheduled start, of those that succeeded.
        phases: By phase, of those that succeeded.
        patience: How much of the latency may be our own waiting, of those that succeeded and had any.
        timed: How many of those that succeeded say what their time was spent on.
        segments_ns: Nanoseconds per segment, over those; they add up to their response times.
        slowest: The slowest of those that succeeded.
    """

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    stopped: int = 0
    stopped_reads: int = 0
    attempts: int = 0
    bytes_sent: int = 0
    latency: Distribution = field(default_factory=Distribution)
    latency_failed: Distribution = field(default_factory=Distribution)
    response: Distribution = field(default_factory=Distribution)
    phases: dict[str, Distribution] = field(default_factory=lambda: {phase: Distribution() for phase in PHASES})
    patience: Distribution = field(default_factory=Distribution)
    timed: int = 0
    segments_ns: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SEGMENTS, 0))
    slowest: Slowest = field(default_factory=Slowest)

    @property
    def closed(self) -> int:
        """Operations that have an outcome."""
        return sum(self.counts.values())

    def record(self, record: OperationRecord, outcome: Outcome) -> None:
        """Add one closed operation."""
        self.counts[outcome] += 1
        self.attempts += record.attempts
        if outcome is Outcome.SUCCEEDED:
            self.bytes_sent += record.size_bytes
            response_s = record.response_s
            self.latency.record(record.latency_s)
            self.response.record(response_s)
            if response_s > self.slowest.threshold_s:
                self.slowest.record(record)
            for phase, seconds in record.phases_s.items():
                self.phases[phase].record(seconds)
            if record.patience_s > 0:
                self.patience.record(record.patience_s)
            if record.segments_s:
                self.timed += 1
                segments_ns = self.segments_ns
                for segment, seconds in record.segments_s.items():
                    segments_ns[segment] += round(seconds * 1e9)
            return
        if record.status == STOPPED and outcome is Outcome.UNKNOWN:
            self.stopped += 1
        elif record.status == STOPPED and outcome is Outcome.FAILED:
            self.stopped_reads += 1
        elif outcome is not Outcome.REJECTED:
            self.latency_failed.record(record.latency_s)

    def distributions(self) -> dict[str, Distribution]:
        """All of them by name; phases are `phase.<name>`."""
        named = {"latency": self.latency, "latency_failed": self.latency_failed, "response": self.response}
        named["patience"] = self.patience
        return named | {f"phase.{phase}": distribution for phase, distribution in self.phases.items()}


class Measurements:
    """What happened, per operation, plus pairs, errors and timeline. Bounded: it does not grow with the run's length.

    Args:
        origin: Unix time in seconds of the run's start.
        seed: Of the choice of pairs that are kept.
    """

    def __init__(self, origin: float, seed: int = 0) -> None:
        self.operations: dict[OperationKey, OperationMeasure] = {}
        self.pairs = Pairs(seed)
        self.errors = Errors()
        self.timeline = Timeline(origin)
        self._known: dict[tuple[str, str | None, str], tuple[OperationKey, OperationMeasure]] = {}

    def operation(self, key: OperationKey) -> OperationMeasure:
        """The measure of one operation, made on first use."""
        measure = self.operations.get(key)
        if measure is None:
            measure = self.operations[key] = OperationMeasure()
        return measure

    def record(self, record: OperationRecord) -> None:
        """Add one closed operation; one without an outcome is a fault of the caller and is not counted."""
        outcome = record.outcome
        if outcome is None:
            return
        line = (record.name, record.arm, record.confirm)
        known = self._known.get(line)
        if known is None:
            key = OperationKey.of(record)
            known = self._known[line] = key, self.operation(key)
        key, measure = known
        measure.record(record, outcome)
        self.timeline.record(key, record.started_at, record.latency_s, outcome)
        if outcome is not Outcome.SUCCEEDED:
            self.errors.record(key, record)

    def dump(self, pause: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """Return it in a form that msgpack can carry. `pause` is called between encodings, to let users run."""
        operations = {}
        for key, measure in self.operations.items():
            encoded = {}
            for name, distribution in measure.distributions().items():
                encoded[name] = distribution.dump()
                pause()
            operations[key.dump()] = {
                "counts": dict(measure.counts),
                "stopped": measure.stopped,
                "stopped_reads": measure.stopped_reads,
                "attempts": measure.attempts,
                "bytes_sent": measure.bytes_sent,
                "timed": measure.timed,
                "segments_ns": dict(measure.segments_ns),
                "slowest": measure.slowest.dump(),
                "distributions": encoded,
            }
        return {
            "operations": operations,
            "pairs": self.pairs.dump(),
            "errors": self.errors.dump(),
            "timeline": self.timeline.dump(),
        }

    def merge_dump(self, dumped: dict[str, Any], pause: Callable[[], None] = lambda: None) -> None:
        """Add what `dump` returned elsewhere; `pause` is called in between, as in `dump`."""
        for name, fields in dumped["operations"].items():
            measure = self.operation(OperationKey.load(name))
            for outcome, count in fields["counts"].items():
                measure.counts[outcome] += count
            measure.stopped += fields["stopped"]
            measure.stopped_reads += fields.get("stopped_reads", 0)  # a checkpoint of an earlier version has none
            measure.attempts += fields["attempts"]
            measure.bytes_sent += fields["bytes_sent"]
            measure.timed += fields["timed"]
            for segment, spent in fields["segments_ns"].items():
                measure.segments_ns[segment] += spent
            measure.slowest.merge_dump(fields["slowest"])
            for part, distribution in measure.distributions().items():
                if part in fields["distributions"]:  # a checkpoint of an earlier version has fewer
                    distribution.merge_dump(fields["distributions"][part])
                pause()
        self.pairs.merge_dump(dumped["pairs"])
        self.errors.merge_dump(dumped["errors"])
        self.timeline.merge_dump(dumped["timeline"])
