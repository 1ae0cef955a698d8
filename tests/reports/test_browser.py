"""What a reader sees of a report in a browser: wide and narrow, light and dark, printed, and with hostile contents."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reports.render.files import write_report
from tests.reports.browser import Browser, browser
from tests.reports.sample import sample_report

pytestmark = pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium: apt-get install chromium")

PAYLOADS = (
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "<svg/onload=document.title='owned'>",
    "';document.title='owned';//",
    "<b>bold</b><a href=\"javascript:document.title='owned'\">link</a>",
)

MISDRAWN = """
[...document.querySelectorAll('[data-chart]')].filter(chart => {
  const marks = chart.querySelectorAll('.panel path:not(.off), .panel rect, .panel circle, .panel .whisker');
  return !marks.length || [...marks].every(mark => mark.getBoundingClientRect().width === 0);
}).map(chart => chart.dataset.chart)
"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests."""
    with browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The HTML of a report with everything in it."""
    folder = tmp_path_factory.mktemp("run")
    report = sample_report(folder)
    report["timeline"]["queue"] = [[float(t), max(0.0, 40.0 - abs(25 - t) * 6)] for t in range(60)]
    assert write_report(folder, report) == []
    return folder / "report.html"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_a_report_is_readable(chromium: Browser, page: Path, width: int, dark: bool) -> None:
    """The verdict can be read at once, every chart is drawn, nothing runs over the edge, and nothing is loaded."""
    seen = chromium.open(page, width, dark=dark)
    assert seen.errors == []
    assert seen.requests == [page.resolve().as_uri()]
    verdict = chromium.evaluate("document.querySelector('h1').innerText").replace("\u00a0", " ")
    assert verdict.startswith("Hedera adds, per audit event: 6.3 ms (between")
    assert chromium.evaluate("document.querySelector('h1').getBoundingClientRect().bottom") < 600
    assert chromium.evaluate("document.documentElement.scrollWidth") == width
    assert chromium.evaluate(MISDRAWN) == []
    kinds = chromium.evaluate("[...document.querySelectorAll('[data-chart]')].map(one => one.dataset.chart)")
    assert kinds == ["intervals", *["curves", "difference"] * 3, "phases", "timeline", "cpu"]
    background = chromium.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(15, 17, 21)" if dark else "rgb(250, 250, 248)")


def test_every_operation_has_a_row_in_a_narrow_chart(chromium: Browser, page: Path) -> None:
    """Names that are cut or broken are still rows of their own."""
    chromium.open(page, 390)
    ticks = chromium.evaluate(
        "[...document.querySelectorAll('[data-chart=phases] .row:not(.axis) .row-name')].map(one => one.innerText)"
    )
    assert len(ticks) == len(set(ticks)) == 4


def test_faults_and_breakers_stand_on_the_time_axis(chromium: Browser, page: Path) -> None:
    """Both are named below the curves and shaded behind them."""
    chromium.open(page, 1440)
    chart = "document.querySelector('[data-chart=timeline]')"
    shown = chromium.evaluate(f"{chart}.innerText || {chart}.textContent")
    for text in ("BUSY 30 %", "breaker 0/hcs", "waiting", "per second", "milliseconds"):
        assert text in shown
    assert chromium.evaluate(f"{chart}.querySelectorAll('.band').length") >= 3


def test_values_are_told_at_the_pointer_and_by_keys(chromium: Browser, page: Path) -> None:
    """Of what is shown: a click on a name in the legend hides it, in the chart and in what is told; Escape ends it."""
    seen = chromium.open(page, 1440)
    chart = "document.querySelector('[data-chart=timeline]')"
    drawing, told = f"{chart}.querySelector('.drawing')", f"{chart}.querySelector('.told')"
    chromium.evaluate(f"{drawing}.scrollIntoView()")
    x, y = chromium.evaluate(
        f"(() => {{ const b = {drawing}.getBoundingClientRect(); return [b.left + 1, b.top + 90] }})()"
    )
    chromium.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    assert chromium.evaluate(f"{told}.innerText").startswith("0 s\naudit-event · baseline: 15/s, median 50")
    press = f"{drawing}.dispatchEvent(new KeyboardEvent('keydown', {{key: '%s', bubbles: true}}))"
    chromium.evaluate(press % "ArrowRight")
    assert chromium.evaluate(f"{told}.innerText").startswith("1 s\n")
    chromium.evaluate(f"{chart}.querySelector('button[data-series=o0]').click()")
    chromium.evaluate(press % "ArrowRight")
    assert "baseline" not in chromium.evaluate(f"{told}.innerText")
    assert chromium.evaluate(f"[...{chart}.querySelectorAll('path[data-series=o0]')].every(one => one.matches('.off'))")
    chromium.evaluate(press % "Escape")
    assert chromium.evaluate(f"getComputedStyle({told}).display") == "none"
    assert seen.errors == []


def test_a_report_can_be_printed(chromium: Browser, page: Path, tmp_path: Path) -> None:
    """On paper it is dark on white, also from a dark screen, and has its charts."""
    chromium.open(page, 800, dark=True, media="print")
    assert chromium.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert chromium.evaluate(MISDRAWN) == []
    chromium.pdf(tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").stat().st_size > 50_000


def test_a_report_is_small_and_lets_nothing_in(chromium: Browser, page: Path) -> None:
    """Whatever got into it could neither style nor run anything: the policy knows our one style sheet and script."""
    assert page.stat().st_size < 400_000
    assert "unsafe" not in page.read_text(encoding="utf-8").partition("</head>")[0]
    assert " style=" not in page.read_text(encoding="utf-8")
    seen = chromium.open(page, 1440)
    chromium.evaluate("document.body.insertAdjacentHTML('beforeend', '<p id=in style=\"color: red\">in</p>')")
    assert chromium.evaluate("getComputedStyle(document.querySelector('#in')).color") != "rgb(255, 0, 0)"
    assert any("Content Security Policy" in error for error in seen.errors)


@pytest.mark.parametrize("payload", ["".join(PAYLOADS), "<!--<script>"], ids=["all", "comment"])
def test_nothing_from_the_network_runs(chromium: Browser, tmp_path: Path, payload: str) -> None:
    """Markup and script in statuses, errors, faults, breakers, topics and process names are shown as they are."""
    report = sample_report(tmp_path, pairs=90, text=payload)
    assert write_report(tmp_path, report) == []
    seen = chromium.open(tmp_path / "report.html", 1440)
    assert seen.errors == []
    assert seen.requests == [(tmp_path / "report.html").resolve().as_uri()]
    assert chromium.evaluate("document.title") == report["run"]["headline"]
    foreign = "main img, main b, main a[href], main script:not([type='application/json'])"
    assert chromium.evaluate(f'document.querySelectorAll("{foreign}").length') == 0
    assert chromium.evaluate("[...document.scripts].filter(one => one.type !== 'application/json').length") == 1
    errors = chromium.evaluate("document.querySelector('#errors').textContent")
    assert f"the node was busy {payload}" in errors
    assert chromium.evaluate(MISDRAWN) == []


def test_a_run_of_which_nothing_can_be_told_is_shown_as_such(chromium: Browser, tmp_path: Path) -> None:
    """No pair, no operation: a verdict that says so, and no broken charts."""
    report: dict[str, Any] = sample_report(tmp_path, pairs=0)
    assert write_report(tmp_path, report) == []
    seen = chromium.open(tmp_path / "report.html", 390)
    assert seen.errors == []
    assert "nothing to tell" in chromium.evaluate("document.querySelector('h1').innerText")
    assert chromium.evaluate(MISDRAWN) == []
