"""A made-up report of the scenario `reliability` in which every drill went as it should."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reports.wording.clocks import behind
from scenarios.catalogue import scenario
from scenarios.drills import breaker, nodes, retry, storm
from tests.reports.sample import sample_report

PER_S = 12
"""Operations of each level that begin, and as many that end, in each second."""


def drill_report(folder: Path) -> dict[str, Any]:
    """The report; what a test changes of it goes wrong."""
    report: dict[str, Any] = sample_report(folder, pairs=3)
    plan = scenario("reliability").plan()
    length = int(plan.length_s)
    run = report["run"]
    run.update(workers=1, duration_s=length + 5.0, load_s=float(length), confirm="receipt, mirror")
    run["settings"].update(scenario="reliability", drills="", backoff=0.25, backoff_max=8.0, breaker_recovery=5.0)
    run["settings"].update(queue_expiry=40.0)
    run["network"]["nodes"] = {f"127.0.0.1:{number}": f"0.0.{number}" for number in (3, 4, 5, 6)}
    report["timeline"] = {
        "resolution_s": 1,
        "series": [series("receipt", 2_000.0, length), series("mirror", 2_500.0, length)],
        "faults": [fault(one) for one in plan.faults],
    }
    report["operations"] = [ended("hcs.together", 10, 10), ended("hfs.burst", 1_200, 416)]
    report["errors"] = [
        {"operation": "hfs.burst", "status": "QUEUE_FULL", "count": 185},
        {"operation": "hfs.burst", "status": "QUEUE_EXPIRED", "count": 599},
    ]
    report["audit"].update(duplicated=0, lost=0)
    retries = {"0.0.6": {"INVALID_TRANSACTION_START": 5}}
    waits = [(1, 0.226, 0.25, 0.272, 0.275), (2, 0.452, 0.5, 0.545, 0.551)]
    report["resilience"].update(
        attempts=[{"service": "hcs", "resolution_s": 1, "points": attempts(report["timeline"]["faults"], length)}],
        connections=[{"node": "0.0.3", "aged": 20, "drained": 4, "lost": 0}],
        mirror_streams=[{"topic": "0.0.1003", "ended": 2, "silent": 1}],
        queue={"max_depth": 1_000, "overtaken": 0},
        breakers=[circuit(run["started_at"], window(report, breaker.NAME)["from_s"])],
    )
    report["resilience"]["retries"].update(
        by_member=retries,
        backoffs={
            str(number): {"count": 50, "seconds": 1.0, "min_s": low, "p50_s": half, "p90_s": most, "max_s": high}
            for number, low, half, most, high in waits
        },
    )
    samples = [[float(second), 15.0, 150.0 if second <= 25 else 180.0] for second in range(length)]
    report["resources"] = {"processes": [{"role": "local", "samples": samples}], "warnings": behind(retries)}
    return report


def series(confirm: str, median_ms: float, length: int) -> dict[str, Any]:
    """Submitted messages of one level, always the same."""
    outcomes = {"failed": 0, "rejected": 0, "unknown": 0}
    points = [
        {"t": float(second), "started": PER_S, "succeeded": PER_S, **outcomes, "p50_ms": median_ms}
        for second in range(length)
    ]
    return {"operation": "hcs.submit", "arm": None, "confirm": confirm, "points": points}


def fault(planned: dict[str, Any]) -> dict[str, Any]:
    """A planned fault as it is listed afterwards."""
    start, hits = planned["start"], 5 if planned["name"] == breaker.NAME else 20
    return {
        "name": planned["name"],
        "kind": planned["kind"],
        "hits": hits,
        "from_s": start,
        "to_s": start + planned["duration"],
    }


def attempts(faults: list[dict[str, Any]], length: int) -> list[dict[str, Any]]:
    """Retries while BUSY was answered, and no others."""
    further = {retry.NAME: (10, 3), storm.STORM: (4, 5), nodes.DEAD: (1, 2)}
    points = [{"t": float(second), "first": 2 * PER_S, "further": 0, "most": 1} for second in range(length)]
    for one in faults:
        more, most = further.get(one["name"], (0, 1))
        for point in points[int(one["from_s"]) : int(one["to_s"])]:
            point.update(further=more, most=most)
    return points


def circuit(began: float, fault_s: float) -> dict[str, Any]:
    """The circuit of the node that refuses: opened, tried, closed."""
    steps = [("closed", "open", 1.0), ("open", "half-open", 6.1), ("half-open", "closed", 6.2)]
    transitions = [{"time": began + fault_s + after, "from": old, "to": new} for old, new, after in steps]
    transitions[0]["failures"] = 5
    return {"name": "0/hcs@0.0.4", "transitions": transitions}


def ended(name: str, started: int, succeeded: int) -> dict[str, Any]:
    """Operations of one name."""
    return {"name": name, "started": started, "succeeded": succeeded}


def window(report: dict[str, Any], name: str) -> dict[str, Any]:
    """The first fault of a name."""
    found: dict[str, Any] = next(one for one in report["timeline"]["faults"] if one["name"] == name)
    return found


def points_from(report: dict[str, Any], second: float, confirm: str = "receipt") -> list[dict[str, Any]]:
    """The points of a level from a second on."""
    (points,) = [one["points"] for one in report["timeline"]["series"] if one["confirm"] == confirm]
    found: list[dict[str, Any]] = points[int(second) :]
    return found
