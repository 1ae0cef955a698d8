"""The judgements of the drills: each figure that one expects is looked at."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from scenarios.catalogue import reliability, scenario
from scenarios.drills import acknowledgements, breaker, bursts, graceful, mirror, nodes, outage, retry, storm
from scenarios.judging import examine
from tests.scenarios.drill_report import drill_report, points_from, window

Change = Callable[[dict[str, Any]], object]


def judged(report: dict[str, Any], key: str) -> tuple[bool | None, str]:
    """What a drill says of a report."""
    (drill,) = [one for one in scenario("reliability").drills if one.key == key]
    observed, passed = drill.judge(report)  # type: ignore[arg-type]
    return passed, observed


def one_fails(name: str) -> Change:
    """An operation fails while a drill goes on."""

    def change(report: dict[str, Any]) -> None:
        at = window(report, name)["from_s"] if name else 5
        points_from(report, at + 1)[0].update(failed=1, succeeded=11)

    return change


def held_up(name: str, confirm: str, seconds: int, *, begin: int = 0) -> Change:
    """Nothing of a level ends for so many seconds from a drill's beginning on; then all of it does."""

    def change(report: dict[str, Any]) -> None:
        points = points_from(report, window(report, name)["from_s"] + 1 + begin, confirm)
        held = 0
        for point in points[:seconds]:
            held += point["succeeded"]
            point.update(succeeded=0)
        if len(points) > seconds:
            points[seconds]["succeeded"] += held

    return change


def at(*path: str | int, value: Any) -> Change:
    """A figure is another."""

    def change(report: dict[str, Any]) -> None:
        part: Any = report
        for key in path[:-1]:
            part = part[key]
        assert part[path[-1]] != value
        part[path[-1]] = value

    return change


def retried(name: str, **figures: int) -> Change:
    """Attempts are others while a drill goes on."""

    def change(report: dict[str, Any]) -> None:
        first, last = window(report, name)["from_s"], window(report, name)["to_s"]
        for point in report["resilience"]["attempts"][0]["points"][int(first) : int(last) + 1]:
            point.update(figures)

    return change


def slower(milliseconds: float) -> Change:
    """Half of the operations are slower while a node is slow."""

    def change(report: dict[str, Any]) -> None:
        for point in points_from(report, window(report, nodes.SLOW)["from_s"]):
            point["p50_ms"] += milliseconds

    return change


def hits(name: str, count: int) -> Change:
    """A fault hit so often."""
    return lambda report: [one.update(hits=count) for one in report["timeline"]["faults"] if one["name"] == name]


def grown(report: dict[str, Any]) -> None:
    """At the end a process holds more than it may."""
    report["resources"]["processes"][0]["samples"] += [[report["run"]["load_s"], 15.0, 210.0]] * 20


RETRIES = ("resilience", "retries", "backoffs")
CIRCUIT = ("resilience", "breakers", 0, "transitions")
WRONG: dict[str, list[Change]] = {
    "graceful": [
        one_fails(""),
        at("resilience", "connections", 0, "lost", value=1),
        at("resilience", "attempts", 0, "points", 7, "further", value=1),
    ],
    "retry": [
        one_fails(retry.NAME),
        retried(retry.NAME, most=4),
        at(*RETRIES, "1", "min_s", value=0.2),
        at(*RETRIES, "2", "p50_s", value=0.6),
        at(*RETRIES, "1", "p90_s", value=0.23),
        lambda report: report["resilience"]["retries"]["backoffs"].pop("2"),
    ],
    "breaker": [
        one_fails(breaker.NAME),
        hits(breaker.NAME, 8),
        at(*CIRCUIT, 0, "failures", value=6),
        lambda report: report["resilience"]["breakers"][0]["transitions"].pop(),
        lambda report: report["resilience"]["breakers"].clear(),
        lambda report: report["resilience"]["breakers"][0]["transitions"][0].update(
            time=report["resilience"]["breakers"][0]["transitions"][0]["time"] + 1.5
        ),
    ],
    "dead-node": [one_fails(nodes.DEAD), held_up(nodes.DEAD, "receipt", 4)],
    "slow-node": [one_fails(nodes.SLOW), slower(600.0), hits(nodes.SLOW, 90)],
    "clock": [
        one_fails(nodes.CLOCK),
        at("resources", "warnings", value=[]),
        at("resilience", "retries", "by_member", value={}),
    ],
    "lost-acks": [one_fails(acknowledgements.LOST), at("audit", "duplicated", value=1)],
    "duplicate": [one_fails(acknowledgements.DUPLICATE), at("audit", "duplicated", value=1)],
    "mirror-outage": [one_fails(mirror.OUTAGE), held_up(mirror.OUTAGE, "mirror", 14)],
    "mirror-silent": [
        one_fails(mirror.SILENT),
        held_up(mirror.SILENT, "mirror", 12),
        at("resilience", "mirror_streams", 0, "silent", value=0),
    ],
    "together": [at("operations", 0, "succeeded", value=9), at("operations", 0, "started", value=11)],
    "queue": [
        at("operations", 1, "succeeded", value=415),
        at("resilience", "queue", "overtaken", value=1),
        at("resilience", "queue", "max_depth", value=999),
        at("resilience", "queue", value=None),
        lambda report: report["errors"].pop(),
        at("run", "settings", "queue_expiry", value=60.0),
    ],
    "network-gone": [
        one_fails(outage.NAME),
        at("audit", "lost", value=1),
        lambda report: [held_up(outage.NAME, level, 37)(report) for level in ("receipt", "mirror")],
        held_up(outage.NAME, "mirror", 300),
    ],
    "busy-storm": [retried(storm.STORM, further=6)],
    "memory": [grown],
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return drill_report(tmp_path_factory.mktemp("report"))


@pytest.fixture
def report(made: dict[str, Any]) -> dict[str, Any]:
    """A report in which every drill went as it should; a test's own."""
    return copy.deepcopy(made)


def test_every_figure_of_a_report_that_is_right(report: dict[str, Any]) -> None:
    """All drills pass, and there are changes for each of them below."""
    examined = examine(report)  # type: ignore[arg-type]
    assert {one["key"]: one["observed"] for one in examined.entries if one["passed"] is not True} == {}
    assert set(WRONG) == {one.key for one in scenario("reliability").drills}
    assert examined.rated
    named = {graceful.NAME, bursts.AT_ONCE, bursts.QUEUE, *(one["name"] for one in report["timeline"]["faults"])}
    assert named | {storm.MEMORY} == {one.name for one in reliability.SCENARIO.drills}


@pytest.mark.parametrize(
    ("key", "number"), [(key, number) for key, changes in WRONG.items() for number in range(len(changes))]
)
def test_a_figure_that_is_wrong(report: dict[str, Any], key: str, number: int) -> None:
    """One change, and the drill has failed."""
    WRONG[key][number](report)
    passed, observed = judged(report, key)
    assert passed is False, observed


@pytest.mark.parametrize("key", sorted(set(WRONG) - {"memory", "graceful"}))
def test_what_never_happened_cannot_be_judged(report: dict[str, Any], key: str) -> None:
    """Neither passed nor failed: no fault, no burst."""
    report["timeline"]["faults"] = []
    report["operations"] = []
    assert judged(report, key)[0] is None


def test_a_run_without_an_end_of_a_connection_cannot_tell(report: dict[str, Any]) -> None:
    """Nothing was closed, so nothing is known of it; the same of a run that is too short for a comparison of memory."""
    report["resilience"]["connections"] = []
    assert judged(report, "graceful")[0] is None
    report["run"]["load_s"] = 20.0
    assert judged(report, "memory")[0] is None


def test_faults_are_told_with_their_drill(report: dict[str, Any]) -> None:
    """Each drill's entry has its own."""
    entries = examine(report).entries  # type: ignore[arg-type]
    (gone,) = [one for one in entries if one["key"] == "network-gone"]
    assert [one.get("kind") for one in gone["faults"]] == ["node-down", "mirror-outage"]
    assert sum(len(one["faults"]) for one in entries) == len(report["timeline"]["faults"])


def test_drills_come_one_after_another() -> None:
    """No fault of one begins before the one before has settled, and all of it ends within the length of the plan."""
    chosen = scenario("reliability")
    plan = chosen.plan()
    begin = chosen.lead_in_s
    for drill in chosen.drills:
        mine = [fault for fault in plan.faults if fault["name"] == drill.name]
        assert len(mine) == len(drill.faults)
        for fault in mine:
            assert begin <= fault["start"] < begin + drill.length_s
            assert fault["start"] + fault["duration"] <= begin + drill.length_s + 0.5
        begin += drill.length_s + drill.settle_s
    assert plan.length_s == begin
    assert chosen.plan("retry, queue").length_s < 70
