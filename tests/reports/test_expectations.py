"""What a scenario expected, in a report: its results, the check, the exit code, the page."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from reports.judge.expectations import Examined, take_in
from reports.render.console import render_console
from reports.render.html import render_html
from reports.render.junit import render_junit
from reports.render.markdown import render_markdown
from reports.schema.published import violations
from reports.schema.report import Drill, Report
from reports.wording.expectations import answer, injected
from tests.reports.sample import sample_report

QUESTION = "Does it hold?"


def entry(name: str, passed: bool | None) -> Drill:
    return {
        "name": name,
        "kind": "drill",
        "expected": f"{name} <holds>",
        "observed": f"{name} & more",
        "passed": passed,
    }


def taken_in(folder: Path, *results: bool | None, instead_of: frozenset[str] = frozenset()) -> Report:
    """The sample report of a scenario with these results; its own checks passed."""
    report = sample_report(folder)
    report["run"]["settings"]["scenario"] = "some"
    report["run"]["checks"] = [{"name": "requests", "passed": True, "detail": "all", "exit_code": 1}]
    report["run"]["exit_code"] = 0
    take_in(report, Examined(QUESTION, [entry(f"e{n}", one) for n, one in enumerate(results)], instead_of))
    return report


@pytest.mark.parametrize(
    ("results", "code"),
    [((True, True), 0), ((True, False), 1), ((True, None), 5), ((None, False), 1), ((), 0)],
)
def test_the_exit_code(tmp_path: Path, results: tuple[bool | None, ...], code: int) -> None:
    """What failed weighs more than what cannot be told; without expectations there is nothing to check."""
    report = taken_in(tmp_path, *results)
    assert report["run"]["exit_code"] == code
    assert [one["passed"] for one in report["drills"]] == list(results)
    assert [one["name"] for one in report["run"]["checks"]][1:] == ["expectations"] * bool(results)
    assert violations(report) == []


def test_a_check_that_is_left_to_them_fails_nothing(tmp_path: Path) -> None:
    """Others still do."""
    report = sample_report(tmp_path)
    failed = [{"name": name, "passed": False, "detail": "some", "exit_code": 1} for name in ("requests", "users")]
    report["run"]["checks"] = failed  # type: ignore[typeddict-item]
    take_in(report, Examined(QUESTION, [entry("e", True)], frozenset({"requests"})))
    requests, users, _ = report["run"]["checks"]
    assert (requests["passed"], requests["detail"]) == (True, "left to the scenario's expectations: some")
    assert users["passed"] is False
    assert report["run"]["exit_code"] == 1


def test_words() -> None:
    """How many held, and what of the others was observed."""
    assert answer([entry("a", True)]) == "1 of 1 expectations held."
    told = answer([entry("a", True), entry("b", False), entry("c", None)])
    assert told == "1 of 3 expectations held; b: failed (b & more); c: cannot tell (c & more)."


@pytest.mark.parametrize(
    ("passed", "rating"), [(20, "EXCELLENT"), (19, "GOOD"), (18, "GOOD"), (17, "FAIR"), (15, "FAIR"), (14, "POOR")]
)
def test_a_suite_is_rated(tmp_path: Path, passed: int, rating: str) -> None:
    """Of twenty tests; one that cannot be told has not passed. The sentence is where somebody looks."""
    report = sample_report(tmp_path)
    report["run"]["settings"]["scenario"] = "some"
    results = [True] * passed + [None] * (20 - passed)
    take_in(report, Examined(QUESTION, [entry(f"e{n}", one) for n, one in enumerate(results)], frozenset(), rated=True))
    assert report["run"]["suite"]["rating"] == rating
    sentence = f"20 tests, success rate {5 * passed} %, {rating}, {report['run']['duration_s']:.2f} s."
    assert report["run"]["suite"]["sentence"] == sentence
    assert violations(report) == []
    for drawn in (render_html(report), render_console(report, "there"), render_markdown(report).replace("\\", "")):
        assert sentence in drawn


def test_what_was_injected_is_told_beside_it() -> None:
    """Faults of one kind together, with the hits of all."""
    drill = entry("gone", True)
    assert injected(drill) == ""
    drill["faults"] = [
        {"name": "gone", "kind": "node-down", "from_s": 1.0, "to_s": 2.04, "hits": 3},
        {"name": "gone", "kind": "mirror-outage", "from_s": 1.0, "to_s": None, "hits": 0},
        {"name": "gone", "kind": "node-down", "from_s": 5.0, "to_s": 6.0, "hits": 4},
    ]
    assert injected(drill) == "node-down 1.0 s to 2.0 s, 5.0 s to 6.0 s, hit 7 times; mirror-outage 1.0 s to the end"


def test_it_is_drawn(tmp_path: Path) -> None:
    """Escaped, in every form."""
    report = taken_in(tmp_path, True, False, None)
    page = render_html(report)
    assert "What was expected of scenario “some”" in page
    assert "e1 &lt;holds&gt;" in page
    assert "e1 &amp; more" in page
    assert page.count("cannot tell</td>") >= 1
    assert r"| e1 |  | e1 &lt;holds\> | e1 &amp; more | failed |" in render_markdown(report)
    cases = ET.fromstring(render_junit(report)).findall("testsuite/testcase[@classname='expectations']")
    assert [[child.tag for child in case] for case in cases] == [["system-out"], ["failure"], ["skipped"]]
