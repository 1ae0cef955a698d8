"""After the run: audit, judge, write, say so, and set the exit code. Nothing that fails here loses the run's data."""

from __future__ import annotations

from locust.env import Environment
from locust.runners import MasterRunner

import logging
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from config.run import Run
from config.secrets import without_secrets
from records.sources import injected_faults
from reports.collect.collector import Collector
from reports.collect.facts import Facts
from reports.collect.journal import FILE_NAME, Journal
from reports.judge.report import Report, violations
from reports.render.console import code_without_report, render_console
from reports.render.files import HTML_NAME, JSON_NAME, point_latest_to, write_report
from reports.render.histograms import HISTOGRAMS_NAME, render_histograms
from reports.settling import CHECKPOINT, ENDING, FACTS, Ending, Settled, settle_run

logger = logging.getLogger(__name__)


def run_folder(run: Run) -> Path:
    """Where everything of a run is kept."""
    return Path(run.settings.report_dir) / run.run_id


def conclude(
    environment: Environment, collector: Collector, journal: Journal, facts: Facts, master: dict[str, Any] | None
) -> str:
    """Turn what was collected into the run's reports and the process's exit code.

    Returns:
        The summary for the terminal, which nobody has printed yet.

    Args:
        environment: Locust's environment of the master or the local process; `process_exit_code` is set.
        collector: Everything that was measured.
        journal: The run's journal; it is closed.
        facts: What is true of the run where it ran.
        master: What the master process used, where there is one.
    """
    ending = Ending(
        ended_at=time.time(),
        exceptions=_exceptions(environment),
        master=master,
        faults=injected_faults(environment),
    )
    journal.save(FACTS, facts.dump())
    journal.save(CHECKPOINT, collector.dump())
    journal.save(ENDING, ending.dump())
    journal.close()
    ending = replace(ending, unwritten=journal.fault)
    logger.info("The run has ended; reading the mirror to see that everything arrived")
    settled = settle_run(collector, journal.path, facts, ending)
    environment.process_exit_code, _, summary = _write(settled, run_folder(collector.run), whole=not journal.fault)
    return summary


def publish(settled: Settled, folder: Path) -> bool:
    """Write a settled run's files and print its summary; return whether all files could be written."""
    _, failed, summary = _write(settled, folder, whole=True)
    print(summary, file=sys.stdout, flush=True)
    return not failed


def _write(settled: Settled, folder: Path, *, whole: bool) -> tuple[int, list[str], str]:
    """Write a settled run's files; return the exit code, files that are missing, and the summary.

    Args:
        settled: The run.
        folder: Its folder.
        whole: Whether all of its journal is written.
    """
    histograms = partial(render_histograms, settled.collector.measurements.operations, settled.consensus)
    code, failed = publish_report(settled.report, folder, {HISTOGRAMS_NAME: histograms})
    elsewhere = _whereabouts(folder, failed, whole=whole) if failed else ""
    return code, failed, render_console(settled.report, str(folder / HTML_NAME), elsewhere)


def _whereabouts(folder: Path, failed: Sequence[str], *, whole: bool) -> str:
    """Where a report's data are when files of it could not be written, in one line."""
    if JSON_NAME not in failed:
        names = f"{', '.join(failed)} could not be written"
        return f"{names}; {folder / JSON_NAME} holds it all: make room, then `python -m reports render {folder}`"
    journal = folder / FILE_NAME
    if whole:
        return f"not written; its data are in {journal}: make room, then `python -m reports audit {folder}`"
    return (
        f"not written, and the figures above are kept nowhere else; {journal} holds what was sent until the disk took "
        f"no more, which `python -m reports audit {folder}` settles"
    )


def publish_report(
    report: Report, folder: Path, further: Mapping[str, Callable[[], str]] | None = None
) -> tuple[int, list[str]]:
    """Check a report, write it with all its renderings, and return the exit code and the files that are missing.

    Args:
        report: The report.
        folder: The run's folder.
        further: Files that are not drawn from the report: what each contains, by its name.
    """
    code = int(report["run"]["exit_code"])
    faults = violations(report)
    if faults:
        logger.error("The report departs from its schema in %d places, first %s", len(faults), faults[0])
    try:
        failed = write_report(folder, report, further or {})
    except OSError as error:
        logger.error("The report could not be written: %s", error)  # noqa: TRY400 (one line)
        return code_without_report(code), [JSON_NAME]
    point_latest_to(folder)
    return code_without_report(code) if faults or failed else code, failed


def _exceptions(environment: Environment) -> list[str]:
    runner = environment.runner
    return [] if runner is None else [without_secrets(str(entry["msg"])) for entry in runner.exceptions.values()]


def is_master(environment: Environment) -> bool:
    """Whether this process leads workers."""
    return isinstance(environment.runner, MasterRunner)
