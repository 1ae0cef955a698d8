"""Gates of real runs: each kind holds, fails, and ends a run; in the report, in junit.xml and in the exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest

from tests.e2e.locust_command import Finished

BASE: Final = (
    *("--headless", "--only-summary", "--stop-timeout", "10", "--spawn-rate", "50", "--receipt-interval", "0.02"),
    *("--localnet-consensus-delay", "0.1", "--model-bytes", "1000", "--arrival-rate", "40"),
)
MIXED: Final = ("HcsSubmitter", "OverheadUser")

HOLDING: Final = (
    *("p95(hcs.submit.receipt) < 5s", "mean(audit-event.baseline) < 2s", "overhead(audit-event, receipt) < 5s"),
    *("error_rate(*) < 1%", "failures(*) == 0", "rate(hcs.submit) > 1/s", "rate_kept >= 80%", "amplification(*) < 2"),
    *("retries < 1000", "queue_depth < 1000", "lost == 0", "duplicated == 0", "not_shown_yet == 0"),
)
FAILING: Final = (
    *("p95(hcs.submit.receipt) < 5ms", "mean(audit-event.baseline) > 2s", "overhead(audit-event, receipt) < 1ms"),
    *("failures(*) == 0", "rate(hcs.submit) > 1000/s", "rate_kept >= 95%", "amplification(*) > 9", "lost > 0"),
    *("retries > 1000", "queue_depth > 1000", "duplicated > 0", "not_shown_yet > 0"),
)


def named(*gates: str) -> tuple[str, ...]:
    return tuple(word for gate in gates for word in ("--gate", gate))


def cases(finished: Finished) -> dict[str, str]:
    """The test cases of gates in junit.xml, and what came of each."""
    junit = ET.parse(finished.report_dir / "latest" / "junit.xml")
    return {case.get("name", ""): case[0].tag for case in junit.iterfind(".//testcase[@classname='gates']")}


def results(report: dict[str, Any]) -> dict[str, bool | None]:
    """What came of each gate that was named."""
    return {gate["expression"]: gate["passed"] for gate in report["gates"] if not gate["check"]}


def test_gates_that_hold(run_locust: Callable[..., Finished], tmp_path: Path) -> None:
    """Each kind, some of them from a file, over two workers."""
    file = tmp_path / "release.gates"
    file.write_text("# what a release has to keep\n" + "\n".join(HOLDING[5:]) + "\n")
    done = run_locust(
        *BASE,
        "--users",
        "40",
        "--run-time",
        "6s",
        "--processes",
        "2",
        "--gates",
        str(file),
        *named(*HOLDING[:5]),
        *MIXED,
    )
    assert done.exit_code == 0, done.output
    assert results(done.report) == dict.fromkeys(HOLDING, True)
    assert cases(done) == dict.fromkeys(HOLDING, "system-out")
    assert f"  passed  {HOLDING[0]}: " in done.output
    assert {one["name"] for one in done.report["operations"]} <= {"hcs.submit", "audit-event", "store-model"}


def test_gates_that_do_not(run_locust: Callable[..., Finished], tmp_path: Path) -> None:
    """Each kind, with too few users and refused messages; one of them ends the run long before its time.

    What had begun ends, everything is audited, and the report says of that gate what was seen then.
    """
    ending = "error_rate(*) < 1% abort after 5s"
    done = run_locust(*overloaded(tmp_path), *named(ending, *FAILING), *MIXED)
    report = done.report
    assert done.exit_code == 1, done.output
    assert results(report) == dict.fromkeys((ending, *FAILING), False), done.output
    assert cases(done) == dict.fromkeys((ending, *FAILING), "failure")
    assert f"The gate {ending} failed: " in done.output
    assert report["run"]["load_s"] < 20
    assert report["gates"][0]["aborted_at_s"] == pytest.approx(report["run"]["load_s"], abs=3)
    assert report["accounting"]["balanced"]


def overloaded(folder: Path, *more: dict[str, Any]) -> tuple[str, ...]:
    """Options of a minute with a fifth of the messages refused, too few users, and faults of a test's own."""
    faults = folder / "faults.json"
    refused = {"kind": "status", "status": "INVALID_SIGNATURE", "share": 0.2, "operations": ["submitMessage"]}
    faults.write_text(json.dumps([refused, *more]))
    load = ("--users", "6", "--run-time", "60s", "--arrival-rate", "200", "--arrival-patience", "0.5")
    return (*BASE, *load, "--localnet-faults", str(faults), "--audit-timeout", "1")


@pytest.mark.background
@pytest.mark.parametrize(
    "gate",
    [
        "p50(hcs.submit) < 50ms abort after 3s",
        "rate_kept >= 95% abort after 3s",
        "rate(hcs.submit) > 1000/s abort after 3s",
        "amplification(*) > 9 abort after 3s",
        "overhead(audit-event, receipt) < 10ms abort after 5s",
    ],
)
def test_each_kind_ends_a_run(gate: str, run_locust: Callable[..., Finished], tmp_path: Path) -> None:
    """By itself, also of several workers."""
    done = run_locust(*overloaded(tmp_path), *named(gate), "--processes", "2", *MIXED)
    assert done.exit_code == 1, done.output
    assert results(done.report) == {gate: False}
    assert done.report["run"]["load_s"] < 25
    assert cases(done) == {gate: "failure"}


@pytest.mark.background
def test_a_lost_message_weighs_more_than_a_gate(run_locust: Callable[..., Finished], tmp_path: Path) -> None:
    """Whoever asks for no loss gets the audit's exit code, and the gate is failed."""
    options = overloaded(tmp_path, {"kind": "mirror-drop", "count": 1})
    done = run_locust(
        *options, "--run-time", "6s", *named("lost == 0", "error_rate(*) < 50%", "rate_kept > 0%"), *MIXED
    )
    assert done.exit_code == 3, done.output
    assert results(done.report) == {"lost == 0": False, "error_rate(*) < 50%": True, "rate_kept > 0%": True}
