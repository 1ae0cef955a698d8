"""Gates where people and machines read them: the first screen, Markdown, the terminal, JUnit XML."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest

from reports.judge.expectations import Examined, take_in
from reports.judge.gates.catalogue import METRICS
from reports.judge.gates.metric import FACTORS
from reports.render.console import render_console
from reports.render.html import render_html
from reports.render.junit import render_junit
from reports.render.markdown import render_markdown
from reports.schema.published import violations
from reports.schema.report import Gate, Report
from reports.wording import gates as wording
from tests.reports.sample import sample_report

ROOT: Final = Path(__file__).resolve().parents[2]

GATES: Final = ("p95(hcs.submit) < 1s", "error_rate(*) < 1%", "p99.9(hcs.submit) < 1s")
"""One that holds in the sample, one that does not, and one that it cannot tell."""

CASE: Final = {"name": True, "time": False, "classname": False, "group": False}
REASON: Final = {"type": False, "message": False}
JENKINS: Final[dict[str, tuple[dict[str, bool], set[str]]]] = {
    "testsuites": (dict.fromkeys(("name", "time", "tests", "failures", "errors"), False), {"testsuite"}),
    "testsuite": (
        dict.fromkeys(("name", "tests", "failures", "errors"), True)
        | dict.fromkeys(("group", "time", "skipped", "timestamp", "hostname", "id", "package", "file"), False),
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "testcase": (CASE, {"skipped", "error", "failure", "system-out", "system-err"}),
    "failure": (REASON, set()),
    "error": (REASON, set()),
    "skipped": (REASON, set()),
    "system-out": ({}, set()),
}
"""What Jenkins' xunit plugin takes (junit-10.xsd of its repository jenkinsci/xunit-plugin, 031e285e): the attributes of
each element, and whether they are required; its children. Only test cases and suites have no text."""

SECONDS: Final = re.compile(r"[0-9]+(\.[0-9]+)?")
"""A time of a suite; the schema takes thousands with commas too."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A run with gates that held, did not, and cannot be told."""
    return sample_report(tmp_path_factory.mktemp("sample"), gates=GATES)


def test_the_report_keeps_its_form(report: Report) -> None:
    """Also with what no version before had."""
    assert violations(report) == []
    assert [gate["passed"] for gate in report["gates"]][:3] == [True, False, None]


def test_the_first_screen_has_each_gate(report: Report) -> None:
    """Within the verdict, before anything else; those of the default set in one line while they hold."""
    html = render_html(report)
    verdict = html[html.index('id="verdict"') : html.index('id="overhead"')]
    for expression in ("p95(hcs.submit) &lt; 1s", "error_rate(*) &lt; 1%", "p99.9(hcs.submit) &lt; 1s"):
        assert expression in verdict
    pills = re.findall(r'<li><span class="pill (\w+)">([\w ]+)</span>', verdict)
    assert pills[:3] == [("good", "passed"), ("bad", "failed"), ("warn", "cannot tell")]


def test_markdown_and_terminal_have_each_gate(report: Report) -> None:
    """With what was observed; the terminal says it once."""
    markdown, console = render_markdown(report), render_console(report, "report.html")
    assert re.search(r"\| error\\_rate\\\(\\\*\\\) &lt; 1% \| [\d.]+ % \| failed \|", markdown)
    assert re.search(r"\n  failed       error_rate\(\*\) < 1%: [\d.]+ %\n", console)
    assert re.search(r"\n  passed       p95\(hcs.submit\) < 1s: \d+ ms", console)
    assert "FAILED: gates" in console
    assert "  gates: " not in console


def test_the_default_set_holds_in_one_line(tmp_path: Path) -> None:
    """And a gate of it that does not hold has a line of its own."""
    report = sample_report(tmp_path)
    html, markdown = render_html(report), render_markdown(report)
    assert "by default" in html
    assert "| failures\\(\\*\\) == 0 (by default) |" in markdown
    for gate in report["gates"]:
        gate["passed"] = True
    line = "failures(*) == 0, lost == 0, duplicated == 0, out_of_order == 0, corrupted == 0"
    assert f"Held by default: {line}" in render_html(report)
    assert "Held by default: failures" in render_markdown(report)


def test_what_a_scenario_judges_itself_is_no_gate(tmp_path: Path) -> None:
    """Its expectations stand in the place of the check, and of the gate that stands for it."""
    report = sample_report(tmp_path)
    take_in(report, Examined("Does it hold?", [], frozenset({"requests"})))
    assert {gate.get("check") for gate in report["gates"]} == {"integrity"}


def test_each_named_gate_is_a_test_case(report: Report) -> None:
    """Failed, or skipped where the run cannot tell; the default set's are the checks."""
    suite = ET.fromstring(render_junit(report)).find("testsuite")
    assert suite is not None
    cases = {case.get("name", ""): case for case in suite.findall("testcase[@classname='gates']")}
    assert tuple(cases) == GATES
    assert [[child.tag for child in case] for case in cases.values()] == [["system-out"], ["failure"], ["skipped"]]
    texts = [case[0].text or "" for case in cases.values()]
    assert re.fullmatch(r"error_rate\(\*\) < 1%: [\d.]+ %", texts[1])
    assert texts[2].startswith("cannot tell; p99.9(hcs.submit) < 1s: ")


def taken_by_jenkins(element: ET.Element) -> list[str]:
    """What the plugin's schema would refuse."""
    attributes, children = JENKINS[element.tag]
    needed = [name for name, required in attributes.items() if required]
    found = [f"{element.tag} lacks {name}" for name in needed if name not in element.attrib]
    found += [f"{element.tag} has {name}" for name in element.attrib if name not in attributes]
    if element.tag in ("testsuites", "testsuite") and not SECONDS.fullmatch(element.get("time", "0")):
        found.append(f"{element.tag} has the time {element.get('time')}")
    if element.tag in ("testsuites", "testsuite", "testcase") and (element.text or "").strip():
        found.append(f"{element.tag} holds text")
    for child in element:
        found += [f"{child.tag} in {element.tag}"] if child.tag not in children else taken_by_jenkins(child)
    return found


@pytest.mark.parametrize("text", ["", '<&"\x00\x1b;'])
def test_jenkins_and_gitlab_take_the_file(tmp_path: Path, text: str) -> None:
    """By Jenkins' schema; GitLab ignores a case whose class and name came before, and shows what an element holds
    (docs.gitlab.com/ci/testing/unit_test_reports, "JUnit XML format specification")."""
    junit = ET.fromstring(render_junit(sample_report(tmp_path, pairs=90, text=text, gates=GATES)))
    assert taken_by_jenkins(junit) == []
    cases = junit.findall(".//testcase")
    assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases)
    assert all(case.get("name") and case.get("classname") for case in cases)
    assert all(reason.text for case in cases for reason in case)


def test_what_jenkins_refuses_is_found() -> None:
    """An element, an attribute and a time that its schema does not have."""
    suite = '<testsuite name="x" tests="1" failures="0" time="1s"><odd/></testsuite>'
    wrong = ET.fromstring(f"<testsuites>{suite}</testsuites>")
    assert taken_by_jenkins(wrong) == [
        "testsuite lacks errors",
        "testsuite has the time 1s",
        "odd in testsuite",
    ]


@pytest.mark.parametrize(
    ("number", "unit", "told"),
    [
        (2_310.0, "ms", "2.31 s"),
        (0.4161, "%", "0.4161 %"),
        (0.0, "%", "0 %"),
        (51.23, "/s", "51.23/s"),
        (0.284, "$", "$0.284"),
        (3.0, "", "3"),
        (12.5, "MB", "12.5 MB"),
        (None, "ms", "–"),
    ],
)
def test_what_was_observed_in_words(number: float | None, unit: str, told: str) -> None:
    """With its unit, and as many digits as it deserves."""
    assert wording.value(number, unit) == told


def gate(passed: bool | None, observed: float | None = 5.0) -> Gate:
    return {"expression": "g", "observed": observed, "passed": passed, "unit": "%"}


@pytest.mark.parametrize(
    ("entry", "bounds", "reason", "told"),
    [
        (gate(True), (5.0, 5.0), "", "5 % (a, of 2)"),
        (gate(False), (4.0, 6.0), "", "5 % (a, of 2), between 4 % and 6 %"),
        (gate(None), (4.0, 6.0), "", "5 % (a, of 2), between 4 % and 6 %, which lies on both sides"),
        (gate(None), (5.0, math.inf), "a doubt", "5 % (a, of 2) at least: a doubt"),
        (gate(None, None), (-math.inf, math.inf), "none ended", "none ended (a, of 2)"),
    ],
)
def test_a_detail_says_what_decided(entry: Any, bounds: tuple[float, float], reason: str, told: str) -> None:
    """The value, whose it is, its interval, and why nothing can be told."""
    assert wording.detail(entry, *bounds, "a", reason, 2) == told


def test_a_summary_names_three_at_most() -> None:
    """And counts the others."""
    failed: Any = {**gate(False), "detail": "5 %"}
    told = wording.summary([gate(True), *[failed] * 5])
    assert told == "1 of 6 gates held; g: failed (5 %); g: failed (5 %); g: failed (5 %); and 2 more"


def test_the_documentation_has_every_metric() -> None:
    """Each as it is written, with what it is, its units, its place in report.json, and whether it can end a run."""
    page = (ROOT / "docs" / "gates.md").read_text()
    rows = re.findall(r"^\| (`[\w.]+(?:\[?\(.*\)\]?)?`) \| (.*) \| (.*) \| `(.*)` \| (yes|no) \|$", page, re.M)
    expected = []
    for metric in METRICS.values():
        units = [f"`{unit}`" for kind in metric.kinds for unit in FACTORS[kind] if unit] or ["–"]
        meaning = f"{metric.meaning}{', an estimate' if metric.estimate else ''}"
        told = "yes" if metric.live else "no"
        expected.append((f"`{metric.form}`", meaning, " ".join(dict.fromkeys(units)), metric.source, told))
    assert rows == expected
