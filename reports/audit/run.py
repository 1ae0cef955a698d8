"""Audits a run: the first step after its last data are here. Nothing that fails here loses the run's own figures."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from config.run import Run
from reports.audit.consensus import Clocks, clocks_report
from reports.audit.messages import nothing_audited
from reports.audit.mirror import MirrorAudit
from reports.audit.reading import chain_hash, reader
from reports.audit.sightings import FILE_NAME as SIGHTINGS
from reports.collect.ending import Kept
from reports.measure.clock_offset import ClockOffset
from reports.measure.distribution import Distribution
from reports.measure.keys import OperationKey
from reports.schema.audit import Audit, Classified
from reports.wording.audit import NOT_AUDITED

LONGEST_REASON: Final = 500

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit found.

    Attributes:
        audit: The report's `audit`.
        consensus: Time from sending to the consensus timestamp, per operation.
        clock_offset_ms: By how much that was corrected; None where the network's clock was not measured.
    """

    audit: Audit
    consensus: Mapping[OperationKey, Distribution] = field(default_factory=dict)
    clock_offset_ms: float | None = None


def audit_run(run: Kept) -> Audited:
    """Audit a run; whatever goes wrong is part of what is found.

    A run whose journal could not be written to the end is not audited: what is missing there would be taken for what is
    missing on the mirror.
    """
    senders = run.collector.senders.values()
    clocks: Clocks = {one.name: ClockOffset.from_report(one.clock) for one in senders if one.clock}
    found: Classified
    consensus: Mapping[OperationKey, Distribution] = {}
    if run.ending.unwritten:
        found = _not_audited(f"the journal is not whole: {run.ending.unwritten}")
    else:
        found, consensus, clocks = _audit(run.collector.run, run.journal, clocks)
    clock = clocks_report(clocks)
    if clock is not None:
        logger.info(
            "The network's clock is %.1f ms ahead of this machine's, give or take %.1f ms (%s)",
            *(clock["offset_ms"], clock["uncertainty_ms"], clock["source"]),
        )
    return Audited({**found, "clock": clock}, consensus, None if clock is None else clock["correction_ms"])


def _audit(run: Run, journal: Path, clocks: Clocks) -> tuple[Classified, Mapping[OperationKey, Distribution], Clocks]:
    """Return the report's `audit`, consensus times and clocks."""
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
        return _not_audited(f"{type(error).__name__}: {error}"), {}, clocks
    rows = sum(topic["rows"] for topic in found["topics"])
    logger.info(
        "Audited %s messages against %s mirror rows in %.1f s", found["acknowledged"], rows, time.monotonic() - began
    )
    return found, audit.consensus, audit.clocks


def _not_audited(reason: str) -> Classified:
    return nothing_audited(f"{NOT_AUDITED} ({reason})"[:LONGEST_REASON])
