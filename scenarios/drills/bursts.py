"""Many operations at one moment: ten together, and far more file writes than the network takes a second."""

from __future__ import annotations

from typing import Final

from hedera_users.burster import CONCURRENT, FILES, FILES_AT_ONCE, TOGETHER
from hedera_users.send_limits import FILES as FILE_THROTTLE
from reports.schema.report import Report
from scenarios.scenario import Drill, Judged

AT_ONCE = "10 concurrent operations succeed"
QUEUE = "the queue absorbs rate limiting, keeps order, expires and rejects when full"
CAPACITY: Final = 1_000
DRAINED_SHARE: Final = 0.8
"""Part of what the throttle lets through while entries wait that has to have gone through at least."""


def at_once(report: Report) -> Judged:
    """All of them succeed."""
    found = [one for one in report["operations"] if one["name"] == "hcs.together"]
    started, succeeded = (sum(one[name] for one in found) for name in ("started", "succeeded"))
    if not started:
        return Judged("nothing was begun together", None)
    return Judged(f"{succeeded} of {started} succeeded", started == succeeded == CONCURRENT)


def queue(report: Report) -> Judged:
    """Of 1,200 file writes a thousand wait; the rest is refused at once, and who waits too long expires."""
    found = [one for one in report["operations"] if one["name"] == "hfs.burst"]
    started, succeeded = (sum(one[name] for one in found) for name in ("started", "succeeded"))
    if not started:
        return Judged("no burst of file writes was begun", None)
    ended = {
        status: sum(
            one["count"] for one in report["errors"] if (one["operation"], one["status"]) == ("hfs.burst", status)
        )
        for status in ("QUEUE_FULL", "QUEUE_EXPIRED")
    }
    line = report["resilience"]["queue"]
    deepest, overtaken = (line["max_depth"], line.get("overtaken", 0)) if line else (0, 0)
    told = (
        f"of {started:,} writes at once {succeeded:,} succeeded, {ended['QUEUE_FULL']:,} were refused because the "
        "queue was "
        f"full, {ended['QUEUE_EXPIRED']:,} expired, {started - succeeded - sum(ended.values()):,} ended "
        "otherwise; at most "
        f"{deepest:,} waited; {overtaken} overtook another"
    )
    waited = float(str(report["run"]["settings"]["queue_expiry"]))
    absorbed = succeeded >= DRAINED_SHARE * FILE_THROTTLE.rate * waited
    accounted = succeeded + sum(ended.values()) == started == FILES_AT_ONCE
    full = deepest == CAPACITY and ended["QUEUE_FULL"] > 0 and ended["QUEUE_EXPIRED"] > 0
    return Judged(told, accounted and absorbed and full and not overtaken)


DRILLS = (
    Drill(
        AT_ONCE,
        "10 messages that are submitted at one moment succeed",
        at_once,
        key="together",
        length_s=1.0,
        moment=TOGETHER,
    ),
    Drill(
        QUEUE,
        "1,200 file writes at once, at 10 per second (--rate-limit network): 1,000 wait in their order, those "
        "beyond are "
        "refused at once, those that are not let through within --queue-expiry expire, and the rest succeeds",
        queue,
        key="queue",
        length_s=40.0,
        settle_s=6.0,
        moment=FILES,
    ),
)
