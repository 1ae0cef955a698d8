"""After the run: audit, judge, write, say so, and set the exit code. Nothing that fails here loses the run's data."""

from __future__ import annotations

from locust.env import Environment
from locust.runners import MasterRunner

import logging
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from config.exit_codes import ExitCode
from config.run import Run
from reports.collect.collector import Collector
from reports.collect.journal import Journal
from reports.judge import provenance
from reports.judge.report import Report, violations
from reports.render.console import render_console
from reports.render.files import HTML_NAME, point_latest_to, write_report
from reports.render.histograms import HISTOGRAMS_NAME, render_histograms
from reports.settling import CHECKPOINT, ENDING, Ending, Settled, settle_run
from reports.sources import injected_faults

logger = logging.getLogger(__name__)


def run_folder(run: Run) -> Path:
    """Where everything of a run is kept."""
    return Path(run.settings.report_dir) / run.run_id


def conclude(environment: Environment, collector: Collector, journal: Journal, master: dict[str, Any] | None) -> str:
    """Turn what was collected into the run's reports and the process's exit code.

    Returns:
        The summary for the terminal, which nobody has printed yet.

    Args:
        environment: Locust's environment of the master or the local process; `process_exit_code` is set.
        collector: Everything that was measured.
        journal: The run's journal; it is closed.
        master: What the master process used, where there is one.
    """
    ending = Ending(
        ended_at=time.time(),
        exceptions=_exceptions(environment),
        master=master,
        arguments=provenance.argv(),
        faults=injected_faults(environment),
    )
    journal.save(CHECKPOINT, collector.dump())
    journal.save(ENDING, ending.dump())
    journal.close()
    logger.info("The run has ended; reading the mirror to see that everything arrived")
    settled = settle_run(collector, journal.path, ending)
    folder = run_folder(collector.run)
    environment.process_exit_code = _write(settled, folder)
    return render_console(settled.report, str(folder / HTML_NAME))


def publish(settled: Settled, folder: Path) -> int:
    """Write a settled run's files, print its summary, and return the exit code."""
    code = _write(settled, folder)
    print(render_console(settled.report, str(folder / HTML_NAME)), file=sys.stdout, flush=True)
    return code


def _write(settled: Settled, folder: Path) -> int:
    histograms = partial(render_histograms, settled.collector.measurements.operations, settled.consensus)
    return publish_report(settled.report, folder, {HISTOGRAMS_NAME: histograms})


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


def _exceptions(environment: Environment) -> list[str]:
    runner = environment.runner
    return [] if runner is None else [str(entry["msg"]) for entry in runner.exceptions.values()]


def is_master(environment: Environment) -> bool:
    """Whether this process leads workers."""
    return isinstance(environment.runner, MasterRunner)
