"""Where the deltas of all processes come together, on the master or in the local process."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from config.run import Run
from reports.collect.journal import Journal
from reports.measure.measurements import OUTCOMES, Measurements


@dataclass(slots=True)
class Sender:
    """What is known of one process that generates load.

    Attributes:
        name: Its client id in Locust, or `local`.
        seen: Numbers of the deltas that were merged; they may overtake each other.
        last_sequence: Number of the newest delta that came in.
        final: Whether that was its last.
        totals: Closed operations by ledger key, by its own count.
        sources: What other rooms published in it.
        resources: What it used.
        received: Closed operations by ledger key, as they came in.
        host: The machine it runs on.
        last_at: Unix time in seconds, by its own clock, of the newest delta.
    """

    name: str
    seen: set[int] = field(default_factory=set)
    last_sequence: int = 0
    final: bool = False
    totals: dict[str, dict[str, int]] = field(default_factory=dict)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    resources: dict[str, Any] = field(default_factory=dict)
    received: dict[str, dict[str, int]] = field(default_factory=dict)
    host: str = ""
    last_at: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether its last delta is here, and every one before it, and they add up to its own count."""
        return self.final and len(self.seen) == self.last_sequence and self.received == self.totals


class Collector:
    """Merges deltas, each exactly once, and writes the messages that were sent to the journal.

    Args:
        run: The run; deltas of another one are ignored.
        journal: Receives every sent message.
    """

    def __init__(self, run: Run, journal: Journal) -> None:
        self.run = run
        self.measurements = Measurements(run.started_at, seed=run.settings.seed)
        self.senders: dict[str, Sender] = {}
        self._journal = journal

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
        sender = self.senders.setdefault(name, Sender(name))
        if delta["sequence"] in sender.seen:
            return
        sender.seen.add(delta["sequence"])
        if delta["sequence"] > sender.last_sequence:
            sender.last_sequence, sender.final = delta["sequence"], delta["final"]
            sender.totals, sender.sources, sender.resources = delta["totals"], delta["sources"], delta["resources"]
            sender.host, sender.last_at = delta["host"], delta["at"]
        for key, measured in delta["measurements"]["operations"].items():
            received = sender.received.setdefault(key.rsplit("|", 1)[0], dict.fromkeys(OUTCOMES, 0))
            for outcome, count in measured["counts"].items():
                received[outcome] += count
        self.measurements.merge_dump(delta["measurements"], pause)
        self._journal.append(delta["messages"])

    @property
    def silent(self) -> list[str]:
        """Names of processes whose data are not all here."""
        return sorted(sender.name for sender in self.senders.values() if not sender.complete)
