"""A report as one HTML file that opens offline: styles, data and the chart script are all inside."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Final

import jinja2
from markupsafe import Markup

from reports.render import head, views, words
from reports.render.charts import chart_data
from reports.render.plots.of_report import draw
from reports.render.plots.rows import phase_colour
from reports.schema.report import Report
from reports.wording import capacity, collisions, connections, event_streams, mirror_streams, patience, trends
from reports.wording.audit import reordering, unreported
from reports.wording.expectations import RESULTS, injected
from reports.wording.operation_names import measured_to
from reports.wording.phrases import interval, milliseconds

TEMPLATES: Final = Path(__file__).parent.parent / "templates"


def render_html(report: Report) -> str:
    """Return the HTML of a report."""
    name_of = views.namer(report)
    charts = chart_data(report, name_of)
    return (
        environment()
        .get_template("report.html")
        .render(report=report, run=report["run"], name_of=name_of, charts=charts, plots=draw(charts))
    )


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
    engine.policies["json.dumps_kwargs"] = {"sort_keys": False}  # the order of phases has a meaning
    engine.globals.update(
        views=views,
        words=words,
        interval=interval,
        reordering=reordering,
        collisions_in_words=collisions.told,
        unreported=unreported,
        connections_in_words=connections.in_words,
        patience_in_words=patience.in_words,
        trends_in_words=trends,
        streams_in_words=mirror_streams.in_words,
        events_in_words=event_streams.in_words,
        head=head,
        results=RESULTS,
        capacity=capacity,
        injected=injected,
        measured_to=measured_to,
        inline=_inline,
        hash_of=_hash_of,
        phase_colour=phase_colour,
    )
    engine.filters.update(
        ms=milliseconds,
        signed_ms=words.signed_ms,
        percent=words.signed_percent,
        count=words.count,
        instant=words.instant,
        rate=words.rate,
        size_rate=words.size_rate,
        tied=words.tied,
        figure=words.figure,
        signed_figure=words.signed_figure,
        spread=words.spread,
    )
    return engine


@cache
def _inline(name: str) -> Markup:
    """The style sheet or the script, as it is."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704 (a file of this project, no input)


@cache
def _hash_of(name: str) -> Markup:
    """What the page's content security policy lets in: a browser applies no other style and runs no other script."""
    digest = hashlib.sha256(_inline(name).encode()).digest()
    return Markup("'sha256-{}'").format(Markup(base64.b64encode(digest).decode()))  # noqa: S704 (base64)
