"""What grew, as readers see it: a chart, a table, a row in Markdown, and a warning in each."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from reports.judge.leaks import trends
from reports.render.console import render_console
from reports.render.files import write_report
from reports.render.html import render_html
from reports.render.markdown import render_markdown
from reports.schema.published import violations
from reports.schema.report import Report
from reports.schema.resources import Slope, UsageOverTime
from reports.wording.trends import figure, per_operation, short, warnings
from tests.reports.browser import browser
from tests.reports.sample import sample_report
from tests.reports.test_leaks import timeline

HOSTILE = "a<b>c"


def grown(folder: Path) -> Report:
    """A run of four minutes in which one process, whose name is no text to trust, leaks 2.5 KB of each operation."""
    report = sample_report(folder)
    usage: list[UsageOverTime] = [
        {
            "kind": "watched",
            "name": name,
            "resolution_s": 1,
            "points": [[float(t), 120 + mb_per_s * t, 100 + mb_per_s * t, 20.0, 5.0] for t in range(240)],
        }
        for name, mb_per_s in (("tidy", 0.0), (HOSTILE, 0.05))
    ]
    made = trends(usage, timeline(240, 20.0), {}, 240.0)
    report["resources"] |= {"usage": usage, "trends": made, "warnings": warnings(made)}
    assert violations(report) == []
    return report


def test_every_form_tells_of_it(tmp_path: Path) -> None:
    """Verdict, slope with its interval, and growth in percent."""
    report = grown(tmp_path)
    page, text, console = render_html(report), render_markdown(report), render_console(report, "here")
    assert "Does anything grow?" in page
    assert HOSTILE not in page.replace("\\u003c", "")
    assert 'class="bad">leak<' in page
    assert "| tidy | memory | +0.0 % in 3 min | 0 (0 to 0) MB | no leak |" in text
    assert "| a&lt;b\\>c | memory | +7.6 % in 3 min | +180 (+180 to +180) MB | leak |" in text
    assert f"Warning: Leak: {HOSTILE}, memory: +180 (+180 to +180) MB per hour, +2,500 (+2,500 to +2,500)" in console
    assert "Does anything grow?" not in render_html(sample_report(tmp_path))


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium: apt-get install chromium")
def test_memory_is_drawn(tmp_path: Path) -> None:
    """A line for each process."""
    write_report(tmp_path, grown(tmp_path))
    with browser(tmp_path / "profile") as chromium:
        chromium.open(tmp_path / "report.html", width=1280)
        lines = chromium.evaluate("document.querySelectorAll('[data-chart=memory] path.line[d]:not(.key path)').length")
    assert lines == 2


def test_figures_have_as_many_digits_as_they_deserve() -> None:
    """Signed, two or three of them; of memory in bytes per operation."""
    assert [short(value) for value in (0.001, 0.1, -3.14159, 12.345, -1_234.5)] == [
        "0",
        "+0.10",
        "-3.14",
        "+12.3",
        "-1,234",
    ]
    slope: Slope = {"estimate": 1.05, "ci95": [0.9, 1.2]}
    assert figure(slope) == "+1.05 (+0.90 to +1.20)"
    assert per_operation(slope, "MB") == "+1,050 (+900 to +1,200) bytes per operation"
    assert per_operation(slope, "handles") == "+1.05 (+0.90 to +1.20) handles per 1,000 operations"
