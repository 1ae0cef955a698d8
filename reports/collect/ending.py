"""How a run ended, and what its journal keeps of it beside the rows: enough to audit and judge it from its folder."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, NotRequired

from typing_extensions import TypedDict

from config.run import Run
from config.secrets import MARK
from reports.collect.collector import Collector
from reports.collect.facts import Facts
from reports.collect.journal import FILE_NAME, JournalError, read_saved
from reports.schema.capacity import Capacity
from reports.schema.report import Gate
from reports.schema.resources import Usage

RUN: Final = "run"
FACTS: Final = "facts"
CHECKPOINT: Final = "checkpoint"
ENDING: Final = "ending"
"""Keys of what the journal keeps beside its rows: the run's description, what is true of it where it
ran, the newest `Collector.dump`, how it ended."""


class InjectedFault(TypedDict):
    """A fault on purpose, as the embedded network lists it (`GET /faults`); Unix time in seconds.

    One that has not started is left out of the report, one that has not ended lasts to the end of the run.
    """

    name: NotRequired[str]
    kind: NotRequired[str]
    hits: NotRequired[int]
    started: float | None
    ended: NotRequired[float | None]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended; what the reports say of it beside what was measured. Of types that msgpack can carry.

    Attributes:
        ended_at: Unix time in seconds when its users had stopped.
        exceptions: Messages of exceptions that Locust caught in users.
        master: What the master process used, where there is one.
        faults: What was broken on purpose.
        broken: It was cut off before its end; the figures are those of its last checkpoint.
        unwritten: Why not all of its journal could be written; "" where it could.
        capacity: What a search for the highest rate showed; None where there was none.
        aborted: The gate that ended it before its time, as it was then; None where none did.
    """

    ended_at: float
    exceptions: list[str] = field(default_factory=list)
    master: Usage | None = None
    faults: list[InjectedFault] = field(default_factory=list)
    broken: bool = False
    unwritten: str = ""
    capacity: Capacity | None = None
    aborted: Gate | None = None

    def dump(self) -> dict[str, Any]:
        """As a value of the journal."""
        return asdict(self)


class Kept(NamedTuple):
    """All that is known of a run that is over, but what the mirror shows.

    Attributes:
        collector: Everything that was measured.
        journal: Path of its journal, which nobody writes to any more.
        facts: What is true of it where it ran.
        ending: How it ended.
    """

    collector: Collector
    journal: Path
    facts: Facts
    ending: Ending


def read_run(folder: Path, mirror_rest: str = "") -> Kept:
    """Return a run as its folder keeps it; one that was cut off ended with its last word.

    Args:
        folder: The run's.
        mirror_rest: Base URL of the mirror to ask; "" for the run's own, unless that held secrets, which are not kept.

    Raises:
        JournalError: the folder holds no journal of this version, or the mirror's address has to be given again.
    """
    journal = folder / FILE_NAME
    saved = read_saved(journal)
    if RUN not in saved:
        raise JournalError(f"{journal} does not describe its run: it was cut off before it began")
    if FACTS not in saved:
        raise JournalError(f"{journal} is no journal of a run of this version")
    collector = Collector(_with_mirror(Run.model_validate_json(saved[RUN]), mirror_rest), journal=None)
    if CHECKPOINT in saved:
        collector.restore(saved[CHECKPOINT])
    last_word = max((sender.last_at for sender in collector.senders.values()), default=collector.run.started_at)
    ending = Ending(**saved[ENDING]) if ENDING in saved else Ending(ended_at=last_word, broken=True)
    return Kept(collector, journal, Facts(**saved[FACTS]), ending)


def _with_mirror(run: Run, mirror_rest: str) -> Run:
    """The run with a mirror that can be asked."""
    mirror_rest = mirror_rest or run.network.mirror_rest
    if MARK in mirror_rest:
        raise JournalError(
            f"the mirror's address {mirror_rest!r} held secrets, which are not kept: give it again, --mirror-rest URL"
        )
    return run.model_copy(update={"network": run.network.model_copy(update={"mirror_rest": mirror_rest})})
