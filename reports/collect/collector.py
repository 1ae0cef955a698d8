"""Where the deltas of all processes come together, on the master or in the local process."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from gevent.lock import RLock

from config.run import Run
from reports.measure.measurements import OUTCOMES, Measurements
from reports.measure.usage import UsageSeries
from reports.schema.audit import Offset
from reports.schema.resources import Usage


class RowSink(Protocol):
    """What keeps the rows for the audit; `reports.collect.journal.Journal` does."""

    def append(self, sender: str, rows: dict[str, list[list[Any]]]) -> None:
        """Keep rows, by table."""


@dataclass(slots=True)
class Sequence:
    """Which numbers from 1 on have come; they may overtake each other. Takes no room for those without a gap.

    Attributes:
        until: All numbers up to this one have come.
        ahead: Numbers above it that have come.
    """

    until: int = 0
    ahead: set[int] = field(default_factory=set)

    def add(self, number: int) -> bool:
        """Note a number; False where it has come before."""
        if number <= self.until or number in self.ahead:
            return False
        self.ahead.add(number)
        while self.until + 1 in self.ahead:
            self.until += 1
            self.ahead.remove(self.until)
        return True


@dataclass(slots=True)
class Sender:
    """What is known of one process that generates load.

    Attributes:
        name: Its client id in Locust, or `local`.
        seen: Numbers of the deltas that were merged.
        last_sequence: Number of the newest delta that came in.
        final: Whether that was its last.
        totals: Closed operations by count key, by its own count.
        sources: What other rooms published in it.
        resources: What it used; None, or empty, while it has not said.
        received: Closed operations by count key, as they came in.
        host: The machine it runs on.
        last_at: Unix time in seconds, by its own clock, of the newest delta.
        clock: How far the network's clock is ahead of its own, see `ClockOffset.as_report`; None while unknown.
    """

    name: str
    seen: Sequence = field(default_factory=Sequence)
    last_sequence: int = 0
    final: bool = False
    totals: dict[str, dict[str, int]] = field(default_factory=dict)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    resources: Usage | None = None
    received: dict[str, dict[str, int]] = field(default_factory=dict)
    host: str = ""
    last_at: float = 0.0
    clock: Offset | None = None

    @property
    def complete(self) -> bool:
        """Whether its last delta is here, and every one before it, and they add up to its own count."""
        return self.final and self.seen.until == self.last_sequence and self.received == self.totals

    def dump(self) -> dict[str, Any]:
        """Return it in a form that msgpack can carry."""
        return asdict(self) | {"seen": [self.seen.until, sorted(self.seen.ahead)]}

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> Sender:
        """What `dump` returned."""
        until, ahead = dumped["seen"]
        return cls(**{**dumped, "seen": Sequence(until, set(ahead))})


class Collector:
    """Merges deltas, each exactly once, and passes the rows for the audit on to the journal.

    Args:
        run: The run; deltas of another one are ignored.
        journal: Receives every row; None where the rows are there already.
    """

    def __init__(self, run: Run, journal: RowSink | None) -> None:
        self.run = run
        self.measurements = Measurements(run.started_at, seed=run.settings.seed)
        self.senders: dict[str, Sender] = {}
        self._usage: dict[tuple[str, str], UsageSeries] = {}
        self._journal = journal
        self._lock = RLock()  # merging and dumping let users run in between, and with them the next delta

    def expect(self, names: Iterable[str]) -> None:
        """Note processes that take part, so that one that never says a word is missed."""
        for name in names:
            self.senders.setdefault(name, Sender(name))

    def merge(self, name: str, delta: dict[str, Any], pause: Callable[[], None] = lambda: None) -> None:
        """Add a delta; one that came before, or belongs to another run, changes nothing.

        Args:
            name: The process it is from.
            delta: What `Recording.delta` returned.
            pause: Called between parts, to let users of the same process run.
        """
        if delta["run"] != self.run.run_id:
            return
        with self._lock:
            sender = self.senders.setdefault(name, Sender(name))
            if not sender.seen.add(delta["sequence"]):
                return
            _note(sender, delta)
            self.usage_of("generator", name).merge_dump(delta["usage"])
            self.measurements.merge_dump(delta["measurements"], pause)
            if self._journal is not None:
                self._journal.append(name, delta["rows"])

    @property
    def usage(self) -> dict[tuple[str, str], UsageSeries]:
        """What processes used over time, by their kind (see `resources.usage` of the report) and name."""
        return self._usage

    def usage_of(self, kind: str, name: str) -> UsageSeries:
        """What one process used over time; an empty series, to be filled, where nothing is known of it yet."""
        series = self._usage.get((kind, name))
        if series is None:
            series = self._usage[kind, name] = UsageSeries(self.run.started_at)
        return series

    def dump(self, pause: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """Return all of it, of one instant, in a form that msgpack can carry; `pause` as in `merge`."""
        with self._lock:
            senders = [sender.dump() for sender in self.senders.values()]
            usage = [[kind, name, series.dump()] for (kind, name), series in self._usage.items()]
            return {"senders": senders, "usage": usage, "measurements": self.measurements.dump(pause)}

    def restore(self, dumped: dict[str, Any]) -> None:
        """Take up what `dump` returned, in a collector that nothing was merged into yet."""
        for fields in dumped["senders"]:
            sender = Sender.load(fields)
            self.senders[sender.name] = sender
        for kind, name, series in dumped.get("usage", []):  # a checkpoint of an earlier version has none
            self.usage_of(kind, name).merge_dump(series)
        self.measurements.merge_dump(dumped["measurements"])

    @property
    def silent(self) -> list[str]:
        """Names of processes whose data are not all here."""
        return sorted(sender.name for sender in self.senders.values() if not sender.complete)


def _note(sender: Sender, delta: dict[str, Any]) -> None:
    """Take from a delta what is said of its sender."""
    if delta["sequence"] > sender.last_sequence:
        sender.last_sequence, sender.final = delta["sequence"], delta["final"]
        sender.totals, sender.sources, sender.resources = delta["totals"], delta["sources"], delta["resources"]
        sender.host, sender.last_at, sender.clock = delta["host"], delta["at"], delta["clock"]
    for key, measured in delta["measurements"]["operations"].items():
        received = sender.received.setdefault(key.rsplit("|", 1)[0], dict.fromkeys(OUTCOMES, 0))
        for outcome, count in measured["counts"].items():
            received[outcome] += count
