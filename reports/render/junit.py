"""A report as JUnit XML: one test case per check, so that CI systems show what held and what did not."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final
from xml.etree import ElementTree as ET

from reports.schema.report import Report

_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, even escaped."""


def render_junit(report: Report) -> str:
    """Return the JUnit XML of a report. Checks can fail; overhead entries inform, or are skipped with their reason."""
    run = report["run"]
    suite = ET.Element("testsuite", name="hedera-load", timestamp=_timestamp(run["started_at"]))
    for check in run["checks"]:
        case = ET.SubElement(suite, "testcase", classname="run", name=check["name"], time="0")
        if check["passed"]:
            _output(case, check["detail"])
        else:
            failure = ET.SubElement(case, "failure", message=_clean(check["detail"]))
            failure.text = _clean(check["detail"])
    for drill in report["drills"]:
        case = ET.SubElement(suite, "testcase", classname="expectations", name=_clean(drill["name"]), time="0")
        told = f"expected: {drill['expected']}; observed: {drill['observed']}"
        if drill["passed"] is None:
            ET.SubElement(case, "skipped", message=_clean(f"cannot tell; {told}"))
        elif drill["passed"]:
            _output(case, told)
        else:
            ET.SubElement(case, "failure", message=_clean(told)).text = _clean(told)
    for entry in report["overhead"]:
        name = f"{entry['operation']} ({entry['confirm']})"
        case = ET.SubElement(suite, "testcase", classname="overhead", name=_clean(name), time="0")
        if entry["reason"] is None:
            _output(case, entry["verdict"])
        else:
            ET.SubElement(case, "skipped", message=_clean(entry["reason"]))
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


def _output(case: ET.Element, text: str) -> None:
    ET.SubElement(case, "system-out").text = _clean(text)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)


def _timestamp(unix: float) -> str:
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="seconds")
