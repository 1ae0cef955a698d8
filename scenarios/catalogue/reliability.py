"""Faults on purpose, one after the other, while the load runs; each has to be survived as it says."""

from __future__ import annotations

from hedera_users.hcs_submitter import HcsSubmitter
from reports.schema.report import Report
from scenarios.scenario import Drill, Judged, Scenario
from scenarios.timeline import counts, window_of

DEAD_NODE = "a dead node is routed around"


def dead_node(report: Report) -> Judged:
    """No operation may fail while one of the nodes refuses calls."""
    window = window_of(report, DEAD_NODE)
    if window is None:
        return Judged("the node was never down", None)
    seen = counts(report, window)
    bad = seen["failed"] + seen["rejected"] + seen["unknown"]
    told = f"{seen['succeeded']:,} operations succeeded and {bad:,} did not in {window.to_s - window.from_s:.0f} s"
    return Judged(told, bool(seen["succeeded"]) and not bad)


SCENARIO = Scenario(
    name="reliability",
    question="Does the application survive what networks do to it?",
    users=(HcsSubmitter,),
    brief=(),
    expectations=(
        Drill(
            DEAD_NODE,
            "every operation succeeds while a node refuses calls for 10 s",
            dead_node,
            faults=({"kind": "node-down", "name": DEAD_NODE, "nodes": ["0.0.3"], "start": 5, "duration": 10},),
        ),
    ),
    instead_of=frozenset({"requests", "success"}),
)
