"""The search for capacity in the report: as it was handed over, in words, and wherever people read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.judge.answers import answers
from reports.judge.capacity import since_start
from reports.render.charts import chart_data
from reports.render.console import render_console
from reports.render.html import render_html
from reports.render.markdown import render_markdown
from reports.render.views import namer
from reports.schema.capacity import Capacity
from reports.schema.published import violations
from reports.wording import capacity
from reports.wording.answers import CAPACITY
from tests.reports.sample import sample_report


def step(asked: float, *, why: str = "", t: float = 100.0) -> Any:
    """A step; bad where there is a reason."""
    taken = min(asked, 50.0)
    return {
        "t": t,
        "seconds": 6.0,
        "purpose": "climb",
        "asked_per_s": asked,
        "kept_percent": 99.5,
        "succeeded_per_s": taken,
        "succeeded": round(6 * taken),
        "failed": 3 if why else 0,
        "rejected": 0,
        "unknown": 1 if why else 0,
        "turned_away": 172 if why else 0,
        "p50_ms": 5.0,
        "p95_ms": None if asked == 10 else 12.5,
        "cpu_percent": 41.0,
        "good": not why,
        "why": [why] if why else [],
    }


def searched(**changes: Any) -> Capacity:
    """A search that found 49 a second."""
    section: Any = {
        "steps": [step(10), step(80, why="28.4 % of the attempts were turned away <b>"), step(49)],
        "gates": {"kept_percent": 95.0, "errors_percent": 1.0, "turned_away_percent": 2.0, "p95_ms": 0.0},
        "rate_per_s": 49.0,
        "bad_per_s": 51.4,
        "limit_by": "network",
        "why": "3.93 % of the attempts were turned away",
        "confirmed": True,
        "operating_per_s": 39.2,
        "margin_percent": 80.0,
        "published": [
            {"name": "ConsensusSubmitMessage", "per_s": 50.0, "source": "--localnet-throttles"},
            {"name": "calls at once", "per_s": 512_000.0, "source": "streams"},
        ],
    }
    return {**section, **changes}


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        (
            {},
            "49 operations per second were kept, here, and 51.4 were not: 3.93 % of the attempts were turned away; "
            "with a margin to 80 % that is 39.2/s to operate at.",
        ),
        (
            {"limit_by": "generator", "why": "a process had nothing left", "confirmed": False},
            "49 operations per second were kept, here (not confirmed), and 51.4 were not: a process had nothing left; "
            "with a margin to 80 % that is 39.2/s to operate at. The generator was the limit, so the network may keep "
            "more.",
        ),
        (
            {"bad_per_s": None, "limit_by": None, "why": ""},
            "49 operations per second were kept, here, the highest that was to be tried; with a margin to 80 % that is "
            "39.2/s to operate at.",
        ),
        (
            {"bad_per_s": None, "limit_by": None, "why": "the search may last 60 s", "confirmed": False},
            "49 operations per second were kept, here (not confirmed), and no higher rate was tried: the search may "
            "last 60 s; with a margin to 80 % that is 39.2/s to operate at.",
        ),
        (
            {"rate_per_s": 0.0, "bad_per_s": 10.0, "why": "nothing ended"},
            "No rate was kept, here: at 10 operations per second nothing ended.",
        ),
        ({"steps": []}, "The search for the highest rate ended before it had tried one, here."),
    ],
)
def test_what_was_found_is_one_sentence(changes: dict[str, Any], answer: str) -> None:
    """With what stood in the way of more, whose it was, and the rate to operate at."""
    assert capacity.answer(searched(**changes), "here") == answer


def test_it_is_the_answer_to_how_much(tmp_path: Path) -> None:
    """In place of the mean of the rates that were tried, which answers nothing."""
    found: Any = sample_report(tmp_path, pairs=4)
    kept: Any = {"asked_per_s": 30.0, "kept_per_s": 30.0, "kept_percent": 100.0}
    told = {one["question"]: one["answer"] for one in answers(found, "here", kept, searched())}
    assert told[CAPACITY].startswith("49 operations per second were kept")
    told = {one["question"]: one["answer"] for one in answers(found, "here", kept)}
    assert told[CAPACITY].startswith("Of 30 operations per second")


def test_times_count_from_the_start_of_the_run() -> None:
    """Where the search ran they are Unix time."""
    section = since_start(searched(steps=[step(10, t=1_000.5), step(20, t=990.0)]), 995.25)
    assert section is not None
    assert [one["t"] for one in section["steps"]] == [5.25, 0.0]
    assert since_start(None, 995.25) is None


def test_people_see_every_step(tmp_path: Path) -> None:
    """On the page, in Markdown and in the terminal, and what comes from outside is text there."""
    report = sample_report(tmp_path, pairs=4)
    report["capacity"] = searched()
    assert violations(report) == []
    html, markdown, console = render_html(report), render_markdown(report), render_console(report, "")
    assert "28.4 % of the attempts were turned away &lt;b&gt;" in html
    assert '<section id="capacity">' in html
    assert "ConsensusSubmitMessage 50/s (--localnet-throttles)" in html
    assert "| climb | 80/s | 99.5 % | 50/s | 172 | 4 | 5.00 ms | 12.5 ms | 28.4 % of the" in markdown
    assert "Limit beside it: calls at once 5.12e+05/s" in markdown
    assert "       10/s asked,     10/s succeeded, p95        –, 6 s: good" in console
    assert "       80/s asked,     50/s succeeded, p95  12.5 ms, 6 s: 28.4 % of the attempts" in console
    report["capacity"] = None
    assert violations(report) == []
    for text in (render_html(report), render_markdown(report), render_console(report, "")):
        assert "28.4 %" not in text


def test_the_knee_is_drawn_by_rate_beside_the_limits_near_it(tmp_path: Path) -> None:
    """A limit far to the right would squeeze everything into a corner."""
    report = sample_report(tmp_path, pairs=4)
    assert chart_data(report, namer(report))["knee"] is None
    report["capacity"] = searched()
    knee = chart_data(report, namer(report))["knee"]
    assert knee is not None
    assert (knee["asked"], knee["succeeded"], knee["good"]) == ([10, 49, 80], [10, 49, 50], [True, True, False])
    assert [one["name"] for one in knee["limits"]] == ["ConsensusSubmitMessage"]
    assert knee["found"] == 49.0
