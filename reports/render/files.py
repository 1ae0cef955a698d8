"""Writes a run's folder: report.json first, then everything that is drawn from it."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from config.built_in_nodes import replace_file
from reports.render.html import render_html
from reports.render.junit import render_junit
from reports.render.markdown import render_markdown

JSON_NAME: Final = "report.json"
HTML_NAME: Final = "report.html"
LATEST: Final = "latest"

RENDERERS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    HTML_NAME: render_html,
    "report.md": render_markdown,
    "junit.xml": render_junit,
}

logger = logging.getLogger(__name__)


def write_report(
    folder: Path, report: Mapping[str, Any], further: Mapping[str, Callable[[], str]] | None = None
) -> list[str]:
    """Write report.json and its renderings into a run's folder and return the names that could not be written.

    A rendering that fails costs that file and one line in the log, never the run's data.

    Args:
        folder: Made if it is not there.
        report: The report.
        further: Files that are not drawn from the report: what each contains, by its name.

    Raises:
        OSError: report.json itself could not be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / JSON_NAME, json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return render_files(folder, report) + _write_each(folder, further or {})


def render_files(folder: Path, report: Mapping[str, Any]) -> list[str]:
    """Write everything that is drawn from a report and return the names that could not be written."""
    return _write_each(folder, {name: partial(render, report) for name, render in RENDERERS.items()})


def _write_each(folder: Path, contents: Mapping[str, Callable[[], str]]) -> list[str]:
    failed = []
    for name, content in contents.items():
        try:
            replace_file(folder / name, content())
        except Exception as error:
            logger.error("%s could not be written (%s: %s)", name, type(error).__name__, error)  # noqa: TRY400 (one line)
            failed.append(name)
    return failed


def read_report(folder: Path) -> dict[str, Any]:
    """Read a run's report.json.

    Raises:
        OSError: there is none.
        ValueError: it is no JSON object.
    """
    report = json.loads((folder / JSON_NAME).read_text(encoding="utf-8"))
    if not isinstance(report, dict):
        raise ValueError(f"{folder / JSON_NAME} holds no JSON object")  # noqa: TRY004 (what it holds, not what it is)
    return report


def point_latest_to(folder: Path) -> None:
    """Make `latest` beside a run's folder point to it."""
    link = folder.parent / LATEST
    temporary = folder.parent / f".{LATEST}-{os.getpid()}"
    try:
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(folder.name)
        temporary.replace(link)
    except OSError as error:
        logger.warning("%s could not be pointed to %s: %s", link, folder.name, error)
