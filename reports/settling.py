"""Settles a run: audits the mirror, judges, writes the report. At its end, or afterwards from its folder alone."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from config.run import Run
from config.secrets import MARK
from hedera_client import Fate, MirrorError, MirrorRest, TopicMessage, TransactionId, running_hash_v3
from hedera_client.status import SUCCESS
from reports.collect.collector import Collector
from reports.collect.facts import Facts
from reports.collect.journal import FILE_NAME, JournalError, read_saved
from reports.judge.audit import nothing_settled
from reports.judge.chain import ChainHash
from reports.judge.consensus import Clocks, clocks_report
from reports.judge.mirror import MirrorAudit, TopicReader
from reports.judge.phrases import NOT_AUDITED
from reports.judge.report import Evidence, Report, build
from reports.judge.sightings import FILE_NAME as SIGHTINGS
from reports.judge.taken import Handled
from reports.measure.clock_offset import ClockOffset
from reports.measure.distribution import Distribution
from reports.measure.keys import OperationKey

logger = logging.getLogger(__name__)


RUN: Final = "run"
FACTS: Final = "facts"
CHECKPOINT: Final = "checkpoint"
ENDING: Final = "ending"
"""Keys of what the journal keeps beside its rows: the run's description, what is true of it where it
ran, the newest `Collector.dump`, how it ended."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended; what the reports say of it beside what was measured. Of types that msgpack can carry.

    Attributes:
        ended_at: Unix time in seconds when its users had stopped.
        exceptions: Messages of exceptions that Locust caught in users.
        master: What the master process used, where there is one.
        faults: What was broken on purpose, as the embedded network lists it.
        broken: It was cut off before its end; the figures are those of its last checkpoint.
        unwritten: Why not all of its journal could be written; "" where it could.
    """

    ended_at: float
    exceptions: list[str] = field(default_factory=list)
    master: dict[str, Any] | None = None
    faults: list[dict[str, Any]] = field(default_factory=list)
    broken: bool = False
    unwritten: str = ""

    def dump(self) -> dict[str, Any]:
        """As a value of the journal."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Settled:
    """A settled run: its report, and what its histograms are drawn from."""

    report: Report
    collector: Collector
    consensus: dict[OperationKey, Distribution]


def settle_run(collector: Collector, journal: Path, facts: Facts, ending: Ending) -> Settled:
    """Audit and judge a run. Nothing that fails on the mirror loses the run's own figures.

    Args:
        collector: Everything that was measured.
        journal: Path of its journal, which nobody writes to any more.
        facts: What is true of it where it ran.
        ending: How it ended.
    """
    run = collector.run
    clocks = {name: ClockOffset.from_report(sender.clock) for name, sender in collector.senders.items() if sender.clock}
    audit: dict[str, Any]
    consensus: dict[OperationKey, Distribution]
    if ending.unwritten:  # an audit would take what is missing in the journal for what is missing on the mirror
        audit, consensus = nothing_settled(f"{NOT_AUDITED} (the journal is not whole: {ending.unwritten})"[:500]), {}
    else:
        audit, consensus, clocks = audited(run, journal, clocks)
    clock = clocks_report(clocks)
    if clock is not None:
        logger.info(
            "The network's clock is %.1f ms ahead of this machine's, give or take %.1f ms (%s)",
            *(clock["offset_ms"], clock["uncertainty_ms"], clock["source"]),
        )
    report = build(
        Evidence(
            run=run,
            collector=collector,
            ended_at=ending.ended_at,
            audit={**audit, "clock": clock},
            consensus=consensus,
            exceptions=ending.exceptions,
            master=ending.master,
            facts=facts,
            faults=ending.faults,
            unwritten=ending.unwritten,
            clock_offset_ms=None if clock is None else clock["correction_ms"],
        )
    )
    return Settled(report, collector, consensus)


def settle_folder(folder: Path, mirror_rest: str = "") -> Settled:
    """Settle a run from its folder: one that was cut off before its report, or one whose mirror did not answer then.

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
    return settle_run(collector, journal, Facts(**saved[FACTS]), ending)


def _with_mirror(run: Run, mirror_rest: str) -> Run:
    """The run with a mirror that can be asked."""
    mirror_rest = mirror_rest or run.network.mirror_rest
    if MARK in mirror_rest:
        raise JournalError(
            f"the mirror's address {mirror_rest!r} held secrets, which are not kept: give it again, --mirror-rest URL"
        )
    return run.model_copy(update={"network": run.network.model_copy(update={"mirror_rest": mirror_rest})})


def audited(
    run: Run, journal: Path, clocks: Clocks
) -> tuple[dict[str, Any], dict[OperationKey, Distribution], dict[str, ClockOffset]]:
    """Return the report's `audit`, consensus times and clocks; whatever goes wrong is part of the audit."""
    began = time.monotonic()
    try:
        audit = MirrorAudit(run, journal, reader(run), chain_hash, clocks)
        found = audit.run()
    except Exception as error:  # the run's own figures must not be lost with its audit
        journal.with_name(SIGHTINGS).unlink(missing_ok=True)
        if isinstance(error, OSError | sqlite3.Error):  # the disk's fault, which a traceback says nothing of
            logger.error("The audit could not keep what it read: %s", error)  # noqa: TRY400
        else:
            logger.exception("The audit failed")
        return nothing_settled(f"{NOT_AUDITED} ({type(error).__name__}: {error})"[:500]), {}, dict(clocks)
    rows = sum(topic["rows"] for topic in found["topics"])
    logger.info(
        "Audited %s messages against %s mirror rows in %.1f s", found["acknowledged"], rows, time.monotonic() - began
    )
    return found, audit.consensus, dict(audit.clocks)


class MirrorReader:
    """Reads what an audit needs from a mirror, at the pace that `hedera_client` keeps to.

    Args:
        mirror: The mirror.
    """

    def __init__(self, mirror: MirrorRest) -> None:
        self._mirror = mirror

    def __call__(self, topic_id: str, after: int, until: int | None) -> Iterator[TopicMessage]:
        """Yield rows of a topic as the mirror shows them, repetitions included."""
        return self._mirror.topic_messages(topic_id, after=after, until=until, repeats=True)

    def latest_consensus(self) -> int | None:
        """How far the mirror has come; None where it does not tell, which is no reason not to read it."""
        try:
            return self._mirror.latest_consensus()
        except MirrorError as error:
            if error.fate is Fate.FINAL:
                return None
            raise

    def knows_topic(self, topic_id: str) -> bool:
        """Whether the mirror has heard of a topic; taken for so where it cannot be asked."""
        try:
            return self._mirror.knows_topic(topic_id)
        except MirrorError:
            return True

    def handled(self, transaction_id: str) -> Handled | None:
        """The transaction that succeeded under an id; None where the mirror shows none, or cannot be asked."""
        try:
            shown = self._mirror.transaction(TransactionId.parse(transaction_id))
        except MirrorError:
            return None
        if shown.result != SUCCESS:
            return None
        topic = shown.entity_id if shown.name == "CONSENSUSSUBMITMESSAGE" else None
        return Handled(topic, shown.consensus_timestamp)


def reader(run: Run) -> TopicReader:
    """What reads from the run's mirror."""
    return MirrorReader(MirrorRest(run.network.mirror_rest))


def chain_hash(topic_id: str) -> ChainHash:
    """What recomputes the running hashes of a topic."""

    def after(previous: bytes, row: TopicMessage) -> bytes:
        return running_hash_v3(previous, row.payer, topic_id, row.consensus_timestamp, row.sequence_number, row.message)

    return after
