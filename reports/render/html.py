"""A report as one HTML file that opens offline: styles, data and the chart script are all inside."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from reports.judge.phrases import interval, milliseconds
from reports.render import views, words

TEMPLATES: Final = Path(__file__).parent.parent / "templates"


def render_html(report: Mapping[str, Any]) -> str:
    """Return the HTML of a report."""
    return environment().get_template("report.html").render(report=report, run=report["run"])


@cache
def environment() -> jinja2.Environment:
    """The template engine: whatever comes out of a report is escaped, and a misspelt name is an error."""
    engine = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    engine.globals.update(views=views, words=words, interval=interval, inline=_inline, plotly=_plotly)
    engine.filters.update(
        ms=milliseconds,
        signed_ms=words.signed_ms,
        percent=words.signed_percent,
        count=words.count,
        instant=words.instant,
        rate=words.rate,
        size_rate=words.size_rate,
        label=words.label,
    )
    return engine


def _inline(name: str) -> Markup:
    """A style sheet or script of our own, as it is."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704 (a file of this project, no input)


def _plotly() -> Markup:
    """The chart library that the plotly package brings along."""
    return Markup(get_plotlyjs())  # noqa: S704 (a script, and it holds no closing script tag; a test looks)
