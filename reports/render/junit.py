"""A report as JUnit XML: one test case per check and gate, so that CI systems show what held and what did not."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final
from xml.etree import ElementTree as ET

from reports.render.views import observed
from reports.schema.report import Report

_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, even escaped."""


def render_junit(report: Report) -> str:
    """Return the JUnit XML of a report. Checks and gates can fail; overhead entries inform, or are skipped.

    Jenkins' xunit plugin ships a schema (junit-10.xsd), GitLab's documentation lists what it reads; a test holds it to
    both.
    """
    run = report["run"]
    suite = ET.Element("testsuite", name="hedera-load", timestamp=_timestamp(run["started_at"]))
    for check in run["checks"]:
        case = ET.SubElement(suite, "testcase", classname="run", name=check["name"], time="0")
        if check["passed"]:
            _output(case, check["detail"])
        else:
            _said(case, "failure", check["detail"])
    for gate in report["gates"]:
        if not gate.get("check"):  # those of the default set are the checks above
            told = f"{gate['expression']}: {observed(gate)}"
            _decided(suite, "gates", gate["expression"], told, gate["passed"])
    for drill in report["drills"]:
        told = f"expected: {drill['expected']}; observed: {drill['observed']}"
        _decided(suite, "expectations", drill["name"], told, drill["passed"])
    for entry in report["overhead"]:
        name = f"{entry['operation']} ({entry['confirm']})"
        case = ET.SubElement(suite, "testcase", classname="overhead", name=_clean(name), time="0")
        if entry["reason"] is None:
            _output(case, entry["verdict"])
        else:
            _said(case, "skipped", entry["reason"])
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    suite.set("errors", "0")
    suite.set("time", f"{run['duration_s']:.3f}")
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _decided(suite: ET.Element, kind: str, name: str, told: str, passed: bool | None) -> None:
    """A test case that passed, failed, or was skipped because the run cannot tell."""
    case = ET.SubElement(suite, "testcase", classname=kind, name=_clean(name), time="0")
    if passed:
        _output(case, told)
    elif passed is None:
        _said(case, "skipped", f"cannot tell; {told}")
    else:
        _said(case, "failure", told)


def _said(case: ET.Element, kind: str, text: str) -> None:
    """Why it did not pass: Jenkins shows the message, GitLab the content."""
    ET.SubElement(case, kind, message=_clean(text)).text = _clean(text)


def _output(case: ET.Element, text: str) -> None:
    ET.SubElement(case, "system-out").text = _clean(text)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)


def _timestamp(unix: float) -> str:
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="seconds")
