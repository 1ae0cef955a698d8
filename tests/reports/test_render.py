"""What is drawn from a report: files, words, and that nothing from the network can become markup."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from records.operation import OperationRecord, Outcome
from reports.__main__ import main
from reports.measure.keys import OperationKey
from reports.measure.measurements import OperationMeasure
from reports.render.charts import breaker_spans, chart_data
from reports.render.console import render_console
from reports.render.files import write_report
from reports.render.histograms import COLUMNS, render_histograms
from reports.render.html import render_html
from reports.render.junit import render_junit
from reports.render.markdown import render_markdown
from reports.render.views import namer
from reports.render.words import tied
from reports.schema.published import violations
from reports.wording.phrases import amount
from tests.reports.sample import sample_report

PAYLOAD = (
    """</script><script>alert(1)</script><img src=x onerror="alert(2)">'"{{7*7}}${alert(3)}<!--<svg onload=alert(4)>"""
)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A report with everything in it."""
    return sample_report(tmp_path_factory.mktemp("run"))


def test_the_files_of_a_run(report: dict[str, Any], tmp_path: Path) -> None:
    """One folder: HTML that loads nothing, Markdown, JSON, JUnit, and what was given besides."""
    assert write_report(tmp_path, report, {"histograms.csv": lambda: "a,b\n"}) == []
    assert {file.name for file in tmp_path.iterdir()} == {
        "report.html", "report.md", "report.json", "junit.xml", "histograms.csv",
    }  # fmt: skip
    assert json.loads((tmp_path / "report.json").read_text()) == report
    html = (tmp_path / "report.html").read_text()
    assert len(html) < 6_000_000
    assert "default-src 'none'" in html
    assert not re.search(r'<(?:script|link|img)[^>]*(?:src|href)="?(?:https?:)?//', html)


def test_a_rendering_that_fails_costs_that_file_only(report: dict[str, Any], tmp_path: Path) -> None:
    """The run's data are written whatever happens."""

    def broken() -> str:
        raise ValueError

    assert write_report(tmp_path, report, {"more.csv": broken}) == ["more.csv"]
    assert (tmp_path / "report.json").exists()
    assert (tmp_path / "report.html").exists()
    assert not (tmp_path / "more.csv").exists()


def test_files_can_be_drawn_again(report: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m reports render RUN_DIR` needs report.json only; one that is none is refused in one line."""
    write_report(tmp_path, report)
    (tmp_path / "report.html").unlink()
    assert main(["render", str(tmp_path)]) == 0
    assert (tmp_path / "report.html").exists()
    (tmp_path / "report.json").write_text('{"schema": "other"}')
    assert main(["render", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_sections_stand_in_the_order_of_questions(report: dict[str, Any]) -> None:
    """The verdict first, how it was measured last; places without content are not shown."""
    html = render_html(report)
    found = re.findall(r'<section (?:class="verdict" )?id="([a-z]+)">', html)
    assert found == [
        "verdict", "overhead", "phases", "timeline", "operations", "resilience", "accounting", "audit", "resources",
        "errors", "checks", "provenance",
    ]  # fmt: skip


def test_places_for_gates_drills_and_cost_fill(report: dict[str, Any]) -> None:
    """What other issues bring has its place."""
    fuller = report | {
        "gates": [{"expression": "p99 < 3s", "observed": 1.5, "passed": True}],
        "drills": [{"name": "node-down", "expected": "recovers", "observed": "recovered", "passed": False}],
        "cost": report["cost"] | {"hbar": 1.25, "usd": 0.1, "note": "from balances"},
    }
    html = render_html(fuller)
    for shown in ("p99 &lt; 3s", "node-down", "1.2500 ℏ", "$0.1000", "from balances"):
        assert shown in html


def test_markdown_fits_a_comment(report: dict[str, Any]) -> None:
    """The verdict, the limit, one table per question, a few lines of errors."""
    markdown = render_markdown(report)
    assert len(markdown) < 4_000
    assert markdown.startswith("## Hedera adds, per audit event: ")
    assert "The limit was the network" in markdown
    assert markdown.count("\n| audit-event |") == 3


@pytest.mark.parametrize("text", [PAYLOAD, "`code` | **bold** [x](http://evil) <b>@team</b>\n# head"])
def test_text_from_outside_stays_text(text: str, tmp_path: Path) -> None:
    """Statuses, errors, faults, breakers, topics and the command line hold markup; no rendering turns it into any."""
    hostile = sample_report(tmp_path, pairs=90, text=text)
    html = render_html(hostile)
    assert html.count("</script>") == 3, "the data, the chart library and the chart code, each closed once"
    assert "<img src=x" not in html
    assert "<svg onload" not in html
    markdown = render_markdown(hostile)
    assert "<img" not in markdown
    assert "<script" not in markdown
    assert "[x](http" not in markdown
    assert "\n# head" not in markdown
    junit = ET.fromstring(render_junit(hostile))
    assert {element.tag for element in junit.iter()} <= {
        "testsuites", "testsuite", "testcase", "system-out", "failure", "skipped",
    }  # fmt: skip
    assert "Traceback" not in render_console(hostile, "report.html")


def test_breakers_become_lanes(report: dict[str, Any]) -> None:
    """Open and half-open stretches on the run's own axis, also one that never closed again."""
    (lane,) = breaker_spans(report)
    assert [(span["state"], span["from"], span["to"]) for span in lane["spans"]] == [
        ("open", 21, 24), ("half-open", 24, 24.5), ("open", 24.5, 27), ("half-open", 27, 28),
    ]  # fmt: skip
    breaker = report["resilience"]["breakers"][0]
    stuck = {**report, "resilience": {"breakers": [breaker | {"transitions": breaker["transitions"][:1]}]}}
    assert breaker_spans(stuck)[0]["spans"] == [{"state": "open", "from": 21, "to": 60}]


def test_what_resilience_did_is_shown(report: dict[str, Any]) -> None:
    """Refusals with their meaning, the queue, limiters, and only the breakers that had something to do."""
    shown = render_html(report)
    section = shown[shown.index('id="resilience"') : shown.index('id="accounting"')]
    assert "the queue was full" in section
    assert "QUEUE_EXPIRED" in section
    assert "RATE_LIMITED" not in section, "nothing was limited"
    assert "adaptive" in section
    assert "0/hcs" in section
    assert "0/hfs" not in section
    assert "1 breaker (one per worker, service and node) stayed closed" in section


def test_files_that_could_not_be_completed_are_shown(report: dict[str, Any]) -> None:
    """What was stored, verified and cleared away, and by name what is left over."""
    shown = render_html(report)
    section = shown[shown.index('id="audit"') :]
    for words in ("Files stored", "Verified", "Cleared away", "Left over", "0.0.1012", "Slowest append"):
        assert words in section
    assert "Mismatched" not in section, "nothing was"


def test_the_queue_is_drawn_over_time(report: dict[str, Any]) -> None:
    """Its depth stands on the run's axis, and its raw history nowhere."""
    depths = report["timeline"]["queue"]
    assert [21.0, 8] in depths
    assert max(depth for _, depth in depths) == 41
    assert depths[-1][1] == 0
    assert "histories" not in report["resilience"]["queue"]


def test_faults_are_drawn_on_the_runs_axis(report: dict[str, Any]) -> None:
    """A fault that lasts ends with the run."""
    assert chart_data(report, namer(report))["faults"] == [{"name": "BUSY 30 %", "from": 20, "to": 28}]
    report = {**report, "timeline": {**report["timeline"], "faults": [{"name": "x", "from_s": 5.0, "to_s": None}]}}
    assert chart_data(report, namer(report))["faults"] == [{"name": "x", "from": 5, "to": 60}]


def test_histograms_as_csv() -> None:
    """One row per bucket, cumulated; names that a spreadsheet would calculate are disarmed."""
    measure = OperationMeasure()
    for seconds in (0.001, 0.001, 0.116, 2.5):
        record = OperationRecord("=cmd()", latency_s=seconds, phases_s={"ack": 0.001})
        measure.record(record, Outcome.SUCCEEDED)
    rows = list(csv.DictReader(render_histograms({OperationKey("=cmd()"): measure}, {}).splitlines()))
    assert tuple(rows[0]) == COLUMNS
    latency = [row for row in rows if row["distribution"] == "latency"]
    assert [(row["count"], row["cumulative_share"]) for row in latency] == [
        ("2", "0.500000"), ("1", "0.750000"), ("1", "1.000000"),
    ]  # fmt: skip
    for row, value in zip(latency, (1, 116, 2500), strict=True):
        assert float(row["from_ms"]) <= value <= float(row["to_ms"])
    assert {row["operation"] for row in rows} == {"'=cmd()"}
    assert {row["distribution"] for row in rows} == {"latency", "response", "phase.ack"}


def test_figures_read_well() -> None:
    """Intervals share the figure's unit, with digits that tell their ends apart; figures stay with their units."""
    assert amount(116, 116, 116) == "116 ms"
    assert amount(116, 112, 120) == "116 ms (between 112 and 120 ms)"
    assert amount(2_007.4, 2_004.6, 2_010.2) == "2,007 ms (between 2,005 and 2,010 ms)"
    assert amount(6.28, 5.9, 6.71) == "6.28 ms (between 5.90 and 6.71 ms)"
    assert amount(12_345, 12_100, 12_600) == "12.35 s (between 12.10 and 12.60 s)"
    assert tied("adds 116 ms (+227 %).") == "adds 116\u00a0ms (+227\u00a0%)."


def test_starts_and_response_times_are_shown_where_operations_were_due(tmp_path: Path) -> None:
    """An open model: what was due, late and shed, both kinds of time side by side, and how operations began."""
    report = sample_report(tmp_path)
    closed = render_html(report)
    assert "Response time beside latency" not in closed
    assert "when a user has ended the one before" in closed
    report["accounting"]["arrivals"] = {
        "due": 1_200,
        "started": 1_180,
        "shed": 20,
        "late": {"no_user": 31, "process": 4},
        "latest_ms": 2_010.0,
    }
    report["run"]["settings"]["arrival_rate"] = 20.0
    assert violations(report) == []
    shown = " ".join(render_html(report).split())
    assert "1,200 operations were due by the schedule; 1,180 were started and 20 shed" in shown
    assert "35 started more than 20 ms late, 2.01 s at most: 31 because no user was free, 4 because" in shown
    assert "Response time beside latency" in shown
    assert "by a schedule: 20.0 per second over all processes, at the same distance" in shown
    assert "operations of 1,200 that were due (20 shed)" in render_markdown(report)
