"""The end of a run, one verb for each step: collect, audit, judge, write, tell. Nothing that fails here loses its data.

Its data are collected where it ran (`collect.handshake`). What follows is carried out by `conclude` then and there, or
by `conclude_folder` afterwards, from its folder alone.
"""

from __future__ import annotations

from locust.env import Environment

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from pkgutil import resolve_name
from typing import Final, NamedTuple, cast

from config.run import Run
from config.secrets import without_secrets
from records.sources import injected_faults, searched_capacity
from reports.audit.run import audit_run
from reports.collect.collector import Collector
from reports.collect.ending import CHECKPOINT, ENDING, FACTS, Ending, InjectedFault, Kept, read_run
from reports.collect.facts import Facts
from reports.collect.journal import FILE_NAME, Journal
from reports.judge.expectations import Examiner, take_in
from reports.judge.report import judge_run
from reports.render.console import code_without_report, render_console
from reports.render.files import HTML_NAME, JSON_NAME, point_latest_to, write_report
from reports.render.histograms import HISTOGRAMS_NAME, render_histograms
from reports.schema.capacity import Capacity
from reports.schema.published import violations
from reports.schema.report import Gate, Report
from reports.schema.resources import Usage

EXAMINER: Final = "scenarios.judging:examine"
"""Who judges a scenario's expectations. By name, because scenarios stand above the reports (decision 128)."""

logger = logging.getLogger(__name__)


class Written(NamedTuple):
    """What was written of a run.

    Attributes:
        code: The exit code, which is another one where the report is not there or not of its form.
        missing: Files that could not be written.
    """

    code: int
    missing: list[str]


class Concluded(NamedTuple):
    """A run that was concluded: its report, what was written of it, and the summary, which nobody has printed yet."""

    report: Report
    written: Written
    summary: str


def run_folder(run: Run) -> Path:
    """Where everything of a run is kept."""
    return Path(run.settings.report_dir) / run.run_id


def conclude(
    environment: Environment,
    collector: Collector,
    journal: Journal,
    facts: Facts,
    master: Usage | None,
    *,
    aborted: Gate | None = None,
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
        aborted: The gate that ended the run before its time.
    """
    ending = Ending(
        ended_at=time.time(),
        exceptions=_exceptions(environment),
        master=master,
        faults=cast(list[InjectedFault], injected_faults(environment)),
        capacity=cast(Capacity | None, searched_capacity(environment)),
        aborted=aborted,
    )
    journal.save(FACTS, facts.dump())
    journal.save(CHECKPOINT, collector.dump())
    journal.save(ENDING, ending.dump())
    journal.close()
    ending = replace(ending, unwritten=journal.fault)
    logger.info("The run has ended; reading the mirror to see that everything arrived")
    concluded = _conclude(Kept(collector, journal.path, facts, ending), run_folder(collector.run))
    environment.process_exit_code = concluded.written.code
    return concluded.summary


def conclude_folder(folder: Path, mirror_rest: str = "") -> Concluded:
    """Conclude a run from its folder: one that was cut off before its report, or whose mirror did not answer then.

    Args:
        folder: The run's.
        mirror_rest: Base URL of the mirror to ask; "" for the run's own, unless that held secrets, which are not kept.

    Raises:
        JournalError: the folder holds no journal of this version, or the mirror's address has to be given again.
    """
    return _conclude(read_run(folder, mirror_rest), folder.resolve())


def _conclude(run: Kept, folder: Path) -> Concluded:
    audited = audit_run(run)
    report = judge_run(run, audited)
    _examine(report, run.collector.run.settings.scenario)
    histograms = partial(render_histograms, run.collector.measurements.operations, audited.consensus)
    written = write_run(report, folder, {HISTOGRAMS_NAME: histograms})
    return Concluded(report, written, tell_run(report, folder, written, unwritten=run.ending.unwritten))


def _examine(report: Report, scenario: str) -> None:
    """Hold a report against what its scenario expects; "" is none. One that is not there any more costs no report."""
    if not scenario:
        return
    examine: Examiner = resolve_name(EXAMINER)
    try:
        take_in(report, examine(report))
    except ValueError as error:
        logger.warning("What scenario %r expects is not known here: %s", scenario, error)


def write_run(report: Report, folder: Path, further: Mapping[str, Callable[[], str]] | None = None) -> Written:
    """Check a report against its schema, and write it with all that is drawn from it.

    Args:
        report: The report.
        folder: The run's folder.
        further: Files that are not drawn from the report: what each contains, by its name.
    """
    code = report["run"]["exit_code"]
    faults = violations(report)
    if faults:
        logger.error("The report departs from its schema in %d places, first %s", len(faults), faults[0])
    try:
        missing = write_report(folder, report, further)
    except OSError as error:
        logger.error("The report could not be written: %s", error)  # noqa: TRY400 (one line)
        return Written(code_without_report(code), [JSON_NAME])
    point_latest_to(folder)
    return Written(code_without_report(code) if faults or missing else code, missing)


def tell_run(report: Report, folder: Path, written: Written, *, unwritten: str = "") -> str:
    """Return the summary for the terminal.

    Args:
        report: The report.
        folder: The run's folder.
        written: What was written of it.
        unwritten: Why not all of its journal could be written; "" where it could.
    """
    elsewhere = _whereabouts(folder, written.missing, whole=not unwritten) if written.missing else ""
    return render_console(report, str(folder / HTML_NAME), elsewhere)


def _whereabouts(folder: Path, missing: Sequence[str], *, whole: bool) -> str:
    """Where a report's data are when files of it could not be written, in one line."""
    if JSON_NAME not in missing:
        names = f"{', '.join(missing)} could not be written"
        return f"{names}; {folder / JSON_NAME} holds it all: make room, then `python -m reports render {folder}`"
    journal = folder / FILE_NAME
    if whole:
        return f"not written; its data are in {journal}: make room, then `python -m reports audit {folder}`"
    return (
        f"not written, and the figures above are kept nowhere else; {journal} holds what was sent until the disk took "
        f"no more, which `python -m reports audit {folder}` settles"
    )


def _exceptions(environment: Environment) -> list[str]:
    runner = environment.runner
    return [] if runner is None else [without_secrets(str(entry["msg"])) for entry in runner.exceptions.values()]
