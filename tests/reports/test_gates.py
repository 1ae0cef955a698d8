"""Gates held against what was seen of a run: each metric, each verdict, the default set, and the look while it runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config.exit_codes import ExitCode
from config.gates.parser import parse_gate
from config.settings import RunSettings
from records.possible import Possible
from reports.audit.messages import nothing_audited
from reports.collect.collector import Collector, Sender
from reports.judge.gates.catalogue import METRICS
from reports.judge.gates.defaults import default_gates, left_to_gates, readable
from reports.judge.gates.evidence import Evidence
from reports.judge.gates.judging import check_of, judge_gates, judged
from reports.judge.gates.metric import Reading, at_least, exact, unknown
from reports.judge.gates.metrics import delivery, growth, latency, load, outcomes, overhead
from reports.judge.gates.refusals import refusals
from reports.judge.gates.subjects import label, named
from reports.judge.gates.under_way import seen
from reports.judge.gates.verdicts import holds
from reports.judge.gates.watch import GateWatch
from reports.judge.verdict import Check
from reports.measure.recorder import Recorder
from reports.schema.report import Report
from tests.reports.ledger import run
from tests.reports.sample import BEGAN, LENGTH_S, records, sample_report


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Pairs at three levels, and single submissions of which some failed."""
    return sample_report(tmp_path_factory.mktemp("sample"))


@pytest.fixture
def evidence(report: Report) -> Evidence:
    """What the sample report holds, with a rate, an audit without a doubt, and a process that grew by 5 % +- 1 %."""
    grown: Any = {
        "kind": "generator",
        "subject": "local",
        "measure": "memory",
        "level": 100.0,
        "from_s": 100.0,
        "to_s": 1_900.0,
        "per_hour": {"estimate": 10.0, "ci95": [8.0, 12.0]},
    }
    audit: Any = {**nothing_audited(), "lost": 0, "error": None, "doubt": None}
    return Evidence(
        report["operations"],
        60.0,
        {"asked_per_s": 20.0, "kept_per_s": 19.0, "kept_percent": 95.0},
        overhead=lambda: report["overhead"],
        trends=lambda: [grown],
        resilience=report["resilience"],
        audit=audit,
        cost=report["cost"],
    )


@pytest.mark.parametrize(
    ("comparison", "low", "high", "passed"),
    [
        ("<", 1.0, 2.0, True),
        ("<", 1.0, 5.0, None),
        ("<", 5.0, 6.0, False),
        ("<=", 5.0, 5.0, True),
        ("<=", 4.0, 5.0, True),
        ("<=", 5.1, 6.0, False),
        (">", 5.0, 6.0, None),
        (">", 5.1, 6.0, True),
        (">=", 5.0, 6.0, True),
        (">=", 4.0, 4.9, False),
        ("==", 5.0, 5.0, True),
        ("==", 5.0, math.inf, None),
        ("==", 5.1, math.inf, False),
    ],
)
def test_the_whole_interval_decides(comparison: str, low: float, high: float, passed: bool | None) -> None:
    """Passed where it holds of all of it, failed where of none of it, against a bound of 5."""
    assert holds(Reading(low, low, high), comparison, 5.0) is passed
    assert holds(unknown("nobody looked"), comparison, 5.0) is None


def test_what_is_counted_is_a_point_and_what_is_not_complete_has_no_end() -> None:
    """So a count that may still be higher can fail a gate, and not pass it."""
    assert [holds(at_least(count, "doubt"), "==", 0) for count in (0, 1)] == [None, False]
    assert [holds(exact(count), "==", 0) for count in (0, 1)] == [True, False]


@pytest.mark.parametrize(
    ("holding", "failing"),
    [
        ("mean(hcs.submit) < 1s", "mean(hcs.submit) < 100ms"),
        ("p50(*) < 5s", "p50(*) < 5ms"),
        ("p95(audit-event.receipt) < 1s", "p95(audit-event.receipt) < 0.1s"),
        ("p99(audit-event) < 2500ms", "p99(audit-event) < 1s"),
        ("p90(audit-event.baseline) < 1s", "p90(audit-event.baseline) > 1s"),
        ("max(hcs.submit.receipt) <= 348ms", "max(hcs.submit) > 1m"),
        ("error_rate(*) < 10%", "error_rate(hcs.submit) < 5%"),
        ("failures(audit-event) == 0", "failures(*) == 0"),
        ("unknown(*) == 0", "unknown(*) > 0"),
        ("rejected(audit-event.ack) == 0", "rejected(hcs.submit) == 0"),
        ("succeeded(*) >= 1500", "succeeded(*) > 5000"),
        ("rate(hcs.submit) > 10/s", "rate(hcs.submit) > 20"),
        ("amplification(*) <= 1", "amplification(hcs.submit) > 1.01"),
        ("rate_kept >= 95%", "rate_kept > 95%"),
        ("retries < 100", "retries == 0"),
        ("queue_depth <= 41", "queue_depth < 41"),
        ("overhead(audit-event, ack) < 100%", "overhead(audit-event, ack) < 1%"),
        ("overhead(audit-event.ack) < 20ms", "overhead(audit-event.mirror) < 20ms"),
        ("overhead(audit-event, ack, mean) < 20ms", "overhead(audit-event, ack, mean) < 1ms"),
        ("lost == 0", "lost > 0"),
        ("duplicated == 0", "duplicated > 3"),
        ("out_of_order == 0", "out_of_order > 0"),
        ("corrupted <= 0", "corrupted > 0"),
        ("not_shown_yet == 0", "not_shown_yet > 0"),
        ("landed_after_failure == 0", "landed_after_failure > 0"),
        ("rss_growth < 7%", "rss_growth < 3%"),
        ("rss_growth(generator) < 6.5MB", "rss_growth < 3MB"),
    ],
)
def test_each_metric_passes_and_fails(evidence: Evidence, holding: str, failing: str) -> None:
    """On the same run, with other bounds."""
    assert [judged(parse_gate(text), evidence)["passed"] for text in (holding, failing)] == [True, False]


def test_every_metric_was_tried() -> None:
    """The list above has all of them, and each file of metrics is in the catalogue."""
    marks: Any = test_each_metric_passes_and_fails.pytestmark  # type: ignore[attr-defined]
    tried = {parse_gate(text).call.metric for pair in marks[0].args[1] for text in pair}
    assert tried | {"p99.9"} == set(METRICS), "the sample has too few operations for that; the test below says so"
    files = (latency, outcomes, load, overhead, delivery, growth)
    assert [metric.name for file in files for metric in file.METRICS] == list(METRICS)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rss_growth < 5%", "5 % (local), between 4 % and 6 %, which lies on both sides"),
        ("p99.9(hcs.submit) < 1s", " of them succeeded, and this figure needs 1,000 (hcs.submit.receipt)"),
        ("p95(hfs.store) < 1s", "nothing of the kind ended"),
        ("rss_growth(watched) < 5%", "the run was too short to see it"),
        ("overhead(audit-event, receipt, p99) < 1s", "pairs"),
    ],
)
def test_what_cannot_be_told_says_why(evidence: Evidence, text: str, says: str) -> None:
    """An interval on both sides of the bound, too few operations, none at all."""
    entry = judged(parse_gate(text), evidence)
    assert entry["passed"] is None
    assert says in entry.get("detail", "")


def test_a_doubt_of_the_audit_lets_nothing_pass(evidence: Evidence) -> None:
    """What was found is found all the same."""
    audit: Any = {**nothing_audited(), "lost": None, "duplicated": 0, "out_of_order": 2, "doubt": "the mirror was away"}
    doubtful = replace(evidence, audit=audit)
    texts = ("lost == 0", "duplicated == 0", "out_of_order == 0")
    assert [entry["passed"] for entry in judge_gates(texts, doubtful)] == [None, None, False]


def test_a_gate_without_a_level_has_to_hold_at_each(evidence: Evidence) -> None:
    """The worst of them decides, and is named."""
    entry = judged(parse_gate("p50(audit-event) < 500ms"), evidence)
    assert entry["passed"] is False
    assert "(audit-event.mirror, of 3)" in entry.get("detail", "")


def test_one_that_cannot_be_judged_costs_no_report(evidence: Evidence) -> None:
    """A metric that raises, and a gate of another version, are answered for alone."""

    def broken() -> Any:
        raise KeyError("figures")

    found = judge_gates(
        ["overhead(audit-event) < 1s", "cost_of_tea < 1", "p95(x", "retries < 100"], replace(evidence, overhead=broken)
    )
    assert [entry["passed"] for entry in found] == [None, None, None, True]
    assert "KeyError" in found[0].get("detail", "")


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ((True, True), None),
        ((True, False), ExitCode.FAILED),
        ((None, False), ExitCode.FAILED),
        ((True, None), ExitCode.INCONCLUSIVE),
        ((), None),
    ],
)
def test_the_check_of_all_gates(results: tuple[bool | None, ...], code: ExitCode | None) -> None:
    """Failed weighs more than cannot tell; without gates there is no check."""
    checks = check_of([{"expression": f"g{n}", "observed": 1.0, "passed": one} for n, one in enumerate(results)])
    assert len(checks) == bool(results)
    assert [check.exit_code for check in checks if not check.passed] == ([] if code is None else [code])


SOME_FAILED = Check("requests", False, "45 failed")
NOT_KEPT = Check("rate", False, "19 of 20")


@pytest.mark.parametrize(
    ("gates", "passed"),
    [
        ([], (False, False)),
        (["p95(hcs.submit) < 5s"], (False, False)),
        (["error_rate(*) < 50%"], (True, False)),
        (["error_rate(hcs.submit) < 50%"], (True, False)),
        (["error_rate(audit-event) < 50%"], (False, False)),
        (["rate_kept >= 50%"], (False, True)),
    ],
)
def test_a_gate_takes_the_place_of_the_check_of_the_same(
    evidence: Evidence, gates: list[str], passed: tuple[bool, bool]
) -> None:
    """Of failures, where it speaks of every operation that failed; others stay."""
    left = left_to_gates([SOME_FAILED, NOT_KEPT], readable(gates), evidence.operations)
    assert tuple(check.passed for check in left) == passed
    assert all(check.detail.startswith(f"left to {gates[0]}") for check in left if check.passed)


def test_the_default_set_says_what_its_checks_say(report: Report, evidence: Evidence) -> None:
    """Rate kept, no failures, delivery; a gate of the same takes the place of one."""
    entries = [gate for gate in report["gates"] if gate.get("check")]
    checks = {check["name"]: check["passed"] for check in report["run"]["checks"]}
    assert {gate["expression"]: gate.get("check") for gate in entries} == {
        "failures(*) == 0": "requests",
        "lost == 0": "integrity",
        "duplicated == 0": "integrity",
        "out_of_order == 0": "integrity",
        "corrupted == 0": "integrity",
    }
    assert [gate["passed"] for gate in entries if gate.get("check") == "requests"] == [checks["requests"]] == [False]
    there = [SOME_FAILED, NOT_KEPT]
    assert [one["expression"] for one in default_gates(there, evidence, [], 97.5)] == [
        "rate_kept >= 97.5%",
        "failures(*) == 0",
    ]
    assert default_gates(there, evidence, readable(["error_rate(*) < 1%", "rate_kept > 1%"]), 95.0) == []


POSSIBLE = {
    "hcs.submit": Possible(frozenset({"ack", "receipt"})),
    "audit-event": Possible(frozenset({"receipt"}), paired=True),
    "hfs.fetch": Possible(frozenset()),
}


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("p55(hcs.submit) < 5s", 1, "there is no metric 'p55'; use one of mean, p50"),
        ("p95(hcs.sumbit) < 5s", 5, "this run has no 'hcs.sumbit'; it has hcs.submit, audit-event, hfs.fetch"),
        ("p95(hcs.submit.mirror) < 5s", 5, "hcs.submit does not go up to 'mirror' in this run; it has ack, receipt"),
        ("p95(hfs.fetch.ack) < 5s", 5, "hfs.fetch does not go up to 'ack' in this run; it has no level"),
        ("p95(hcs.submit.baseline) < 5s", 5, "'baseline'"),
        ("overhead(hcs.submit) < 1%", 10, "this run has no pairs of 'hcs.submit'; it has audit-event"),
        ("overhead(audit-event, mirror) < 1%", 23, "audit-event does not go up to 'mirror'"),
        ("overhead(audit-event, p98) < 1%", 23, "'p98' is no level or figure; use one of ack"),
        ("overhead(audit-event) == 1%", 26, "overhead is an estimate, which equals nothing"),
        ("overhead(*) < 1%", 10, "* is no paired operation; name one"),
        ("p95(hcs.submit) < 5", 19, "p95 has the unit us or ms or s or m or h; write 5s, not 5"),
        ("lost == 0.5", 9, "lost counts whole ones; write 0, not 0.5"),
        ("lost == 0%", 9, "lost has the unit none; write 0, not 0%"),
        ("lost == 0 abort", 1, "lost is known after the run only; leave abort out"),
        ("error_rate < 1%", 1, "error_rate is written error_rate(operation or *)"),
        ("lost(hcs.submit) == 0", 1, "lost is written lost"),
        ("overhead(audit-event, receipt, p95, p99) < 1s", 1, "overhead(paired operation[, level][, figure])"),
        ("rss_growth(me) < 1%", 12, "'me' is no process; use one of generator"),
        ("rate_kept >= 95%", 1, "no rate is asked for; give --arrival-rate"),
    ],
)
def test_what_a_run_cannot_have_is_refused(text: str, column: int, says: str) -> None:
    """One line: option, gate, column, what would be right."""
    (line,) = refusals(RunSettings(gate=text), POSSIBLE)
    assert line.startswith(f"--gate {text!r}: column {column}: ")
    assert says in line
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize(
    "text",
    ["p95(hcs.submit.ack) < 5s", "p95(audit-event.baseline) < 1s", "p95(*) < 5s", "overhead(audit-event, p95) < 1s"],
)
def test_what_a_run_can_have_is_not(text: str) -> None:
    """Nor is anything that its users do not speak of."""
    assert refusals(RunSettings(gate=text), POSSIBLE) == []
    assert refusals(RunSettings(gate="p95(of.another.team) < 5s; p95(sign.mirror) < 1s"), None) == []


def test_an_operation_may_be_called_like_a_level(evidence: Evidence) -> None:
    """Where one is, its whole name is meant."""
    argument = parse_gate("p95(my.receipt) < 1s").call.arguments[0]
    assert named(argument, ()) == ("my", "receipt")
    assert named(argument, {"my.receipt"}) == ("my.receipt", "")
    assert {label(one) for one in evidence.operations} >= {
        "audit-event.baseline",
        "audit-event.ack",
        "hcs.submit.receipt",
    }


def under_way() -> tuple[Collector, Callable[[], Evidence]]:
    """A run of a minute of which half is over, and what can be seen of it."""
    collector = Collector(run(arrival_rate=40.0), None)
    collector.measurements.timeline.origin = BEGAN
    recorder = Recorder(BEGAN)
    for record in records(900):
        recorder.record(record)
    collector.measurements.merge_dump(recorder.take()[0].dump())
    sender = collector.senders["local"] = Sender("local")
    sender.sources["arrivals"] = {"due": 1_000, "started": 800, "shed": 100}
    return collector, lambda: seen(collector, BEGAN + LENGTH_S)


@pytest.mark.parametrize(
    "text",
    [
        "p50(hcs.submit) < 1ms",
        "error_rate(*) < 1%",
        "rate(hcs.submit) > 1000/s",
        "rate_kept >= 95%",
        "overhead(audit-event, mirror) < 1%",
        "amplification(*) > 2",
    ],
)
def test_each_kind_can_end_a_run(text: str) -> None:
    """After its grace, and not before; what it had seen stays in the report."""
    _, see = under_way()
    since = iter((9.0, 29.0, 30.0))
    watch = GateWatch([parse_gate(f"{text} abort after 30s"), parse_gate("p50(*) < 1ms")], see, lambda: next(since))
    assert [watch.look(), watch.look()] == [None, None]
    entry = watch.look()
    assert entry is not None
    assert (entry["expression"], entry["passed"], entry.get("aborted_at_s")) == (f"{text} abort after 30s", False, 30.0)
    assert "it ended the run after 30 s" in entry.get("detail", "")
    assert judge_gates([entry["expression"]], see(), entry) == [entry]


def test_a_run_goes_on_while_nothing_is_certain() -> None:
    """A gate that holds, one that cannot be told yet, and one that ends no run."""
    _, see = under_way()
    texts = ("p50(hcs.submit) < 5s abort", "rss_growth < 1% abort", "p95(hfs.store) < 1ms abort", "p50(*) < 1ms")
    watch = GateWatch([parse_gate(text) for text in texts], see, lambda: 60.0)
    assert watch.needed
    assert watch.look() is None
    assert not GateWatch([parse_gate(texts[-1])], see, lambda: 60.0).needed


def test_what_is_seen_while_a_run_goes_on_is_what_its_report_says(report: Report) -> None:
    """Of operations; nothing is known of the audit."""
    _, see = under_way()
    found = see()
    latencies = {label(one): one["latency_ms"] for one in found.operations}
    assert latencies == {label(one): one["latency_ms"] for one in report["operations"]}
    assert found.audit is None
    assert found.rate is not None
    assert found.rate["kept_percent"] == 80.0
    assert list(found.trends()) == []


def test_named_gates_are_judged_with_the_report(tmp_path: Path) -> None:
    """Beside the default set; the check counts them."""
    found = sample_report(tmp_path, gates=("p95(hcs.submit) < 1s", "error_rate(*) < 1%"))
    assert [gate["passed"] for gate in found["gates"]][:2] == [True, False]
    assert [gate.get("check") for gate in found["gates"]][:3] == [None, None, "integrity"]
    checks = {check["name"]: check for check in found["run"]["checks"]}
    assert checks["requests"]["passed"], "failures are the named gate's"
    assert checks["gates"]["detail"].startswith("1 of 2 gates held; error_rate(*) < 1%: failed (")
    assert found["run"]["exit_code"] == 1
