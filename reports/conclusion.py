"""After the run: audit, judge, write, say so, and set the exit code. Nothing that fails here loses the run's data."""

from __future__ import annotations

from locust.env import Environment
from locust.runners import MasterRunner

import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from config.run import Run
from hedera_client import MirrorRest, TopicMessage, running_hash_v3
from reports.collect.collector import Collector
from reports.collect.journal import Journal
from reports.judge import provenance
from reports.judge.audit import ChainHash, verdict
from reports.judge.mirror import MirrorAudit, TopicReader
from reports.judge.report import Evidence, Report, build, violations
from reports.judge.verdict import ExitCode
from reports.measure.distribution import Distribution
from reports.measure.keys import OperationKey
from reports.render.console import render_console
from reports.render.files import HTML_NAME, point_latest_to, write_report
from reports.render.histograms import HISTOGRAMS_NAME, render_histograms
from reports.sources import injected_faults

logger = logging.getLogger(__name__)

NOT_AUDITED: Final = "the audit could not be carried out"


def run_folder(run: Run) -> Path:
    """Where everything of a run is kept."""
    return Path(run.settings.report_dir) / run.run_id


def conclude(environment: Environment, collector: Collector, journal: Journal, master: dict[str, Any] | None) -> None:
    """Turn what was collected into the run's reports and the process's exit code.

    Args:
        environment: Locust's environment of the master or the local process; `process_exit_code` is set.
        collector: Everything that was measured.
        journal: The run's journal; it is closed.
        master: What the master process used, where there is one.
    """
    ended_at = time.time()
    run = collector.run
    journal.close()
    logger.info("The run has ended; reading the mirror to see that everything arrived")
    audit, consensus = audited(run, journal.path)
    report = build(
        Evidence(
            run=run,
            collector=collector,
            ended_at=ended_at,
            audit=audit,
            consensus=consensus,
            exceptions=_exceptions(environment),
            master=master,
            arguments=provenance.argv(),
            faults=injected_faults(environment),
        )
    )
    histograms = partial(render_histograms, collector.measurements.operations, consensus)
    environment.process_exit_code = publish_report(report, run_folder(run), {HISTOGRAMS_NAME: histograms})
    print(render_console(report, str(run_folder(run) / HTML_NAME)), file=sys.stdout, flush=True)


def publish_report(report: Report, folder: Path, further: Mapping[str, Callable[[], str]] | None = None) -> int:
    """Check a report, write it with all its renderings, and return the exit code.

    Args:
        report: The report.
        folder: The run's folder.
        further: Files that are not drawn from the report: what each contains, by its name.
    """
    code = int(report["run"]["exit_code"])
    faults = violations(report)
    if faults:
        logger.error("The report departs from its schema in %d places, first %s", len(faults), faults[0])
    failed = write_report(folder, report, further or {})
    point_latest_to(folder)
    return code or int(ExitCode.FAILED if faults or failed else ExitCode.PASSED)


def audited(run: Run, journal: Path) -> tuple[dict[str, Any], dict[OperationKey, Distribution]]:
    """Return the report's `audit` and the consensus times; whatever goes wrong is part of the audit."""
    try:
        audit = MirrorAudit(run, journal, _reader(run), _chain_hash)
        return audit.run(), audit.consensus
    except Exception as error:  # the run's own figures must not be lost with its audit
        logger.exception("The audit failed")
        return verdict([], error=f"{NOT_AUDITED} ({type(error).__name__}: {error})"[:500]), {}


def _reader(run: Run) -> TopicReader:
    mirror = MirrorRest(run.network.mirror_rest)

    def read(topic_id: str, after: int) -> Iterator[TopicMessage]:
        return mirror.topic_messages(topic_id, after=after)

    return read


def _chain_hash(topic_id: str) -> ChainHash:
    def after(previous: bytes, row: TopicMessage) -> bytes:
        return running_hash_v3(previous, row.payer, topic_id, row.consensus_timestamp, row.sequence_number, row.message)

    return after


def _exceptions(environment: Environment) -> list[str]:
    runner = environment.runner
    return [] if runner is None else [str(entry["msg"]) for entry in runner.exceptions.values()]


def is_master(environment: Environment) -> bool:
    """Whether this process leads workers."""
    return isinstance(environment.runner, MasterRunner)
