"""Nodes close connections gracefully all the time; that must cost nothing."""

from __future__ import annotations

from hedera_users.hcs_submitter import SUBMIT
from reports.schema.report import Report
from scenarios.scenario import Drill, Judged
from scenarios.timeline import Window, counts, traffic

NAME = "graceful connection closes cost nothing"


def judge(report: Report) -> Judged:
    """While nothing is broken, nothing fails and nothing is retried, although connections end."""
    others = [fault["from_s"] for fault in report["timeline"].get("faults", []) if fault["name"] != NAME]
    first = min(others, default=None)
    window = Window(0.0, report["run"]["duration_s"] + 1 if first is None else first - 1)
    seen, attempts = counts(report, window, SUBMIT), traffic(report, window)
    connections = report["resilience"].get("connections", [])
    ended = sum(one.get("drained", 0) + one.get("aged", 0) for one in connections)
    lost = sum(one.get("lost", 0) for one in connections)
    bad = seen["failed"] + seen["rejected"] + seen["unknown"]
    told = (
        f"{ended:,} connections were ended for their age, {lost} with calls on them; in the first {window.to_s:.0f} s "
        f"{bad} of {seen['succeeded'] + bad:,} operations failed, and {attempts.further} attempts were retries"
    )
    if not ended or not seen["succeeded"]:
        return Judged(told, None if not bad and not lost else False)
    return Judged(told, not (bad or lost or attempts.further))


DRILL = Drill(
    NAME,
    "nodes end each connection after 15 s; no call is lost with one, and while nothing else is wrong no "
    "operation fails "
    "and no attempt is repeated",
    judge,
    key="graceful",
    length_s=20.0,
    settle_s=2.0,
)
