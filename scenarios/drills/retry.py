"""Short bursts of BUSY from every node: operations recover by being tried again, after the configured waits."""

from __future__ import annotations

from typing import Final

from reports.schema.report import Report
from reports.schema.resilience import Backoff
from scenarios.scenario import Drill, Judged
from scenarios.timeline import course_of, traffic

NAME = "retry recovers within 3 attempts"
ATTEMPTS: Final = 3
JITTER: Final = 0.1
"""Share by which a wait is spread to both sides (`resilience.RetryPolicy`)."""
BURST_S: Final = 0.6
"""Shorter than the first two waits together, also with the jitter (0.25 s + 0.5 s, less 10 %): a third attempt comes
after its end."""
ENOUGH: Final = 10
"""Waits from which on chance alone does not make all of them alike."""


def judge(report: Report) -> Judged:
    """Nobody needs a fourth attempt, and the waits between are those of the policy, spread."""
    course = course_of(report, NAME)
    if course is None or not course.hits:
        return Judged("no call was refused", None)
    attempts = traffic(report, course.window._replace(to_s=course.until_s))
    backoffs = report["resilience"]["retries"].get("backoffs", {})
    waits = [_wait(backoffs.get(str(number)), report, number) for number in range(1, ATTEMPTS)]
    told = f"{course.told} after {course.hits} BUSY; at most {attempts.most} attempts; " + "; ".join(
        one.observed for one in waits
    )
    right = all(one.passed for one in waits)
    return Judged(told, not course.bad and attempts.most <= ATTEMPTS and right)


def _wait(found: Backoff | None, report: Report, number: int) -> Judged:
    """The measured waits after an attempt against those of the policy."""
    if found is None:
        return Judged(f"no wait after attempt {number}", passed=False)
    settings = report["run"]["settings"]
    backoff, most = float(str(settings["backoff"])), float(str(settings["backoff_max"]))
    planned = min(backoff * 2 ** (number - 1), most / (1 + JITTER))
    low, high = planned * (1 - JITTER), planned * (1 + JITTER)
    told = (
        f"after attempt {number} {found['count']:,} waits of {found['min_s'] * 1000:.0f} ms and more, half of them up "
        f"to {found['p50_s'] * 1000:.0f} ms, 90 % up to {found['p90_s'] * 1000:.0f} ms (planned {low * 1000:.0f} to "
        f"{high * 1000:.0f} ms)"
    )
    spread = found["p90_s"] - found["min_s"] > 0.05 * planned or found["count"] < ENOUGH
    return Judged(told, low - 0.001 <= found["min_s"] and found["p50_s"] <= high and spread)


DRILL = Drill(
    NAME,
    "every node answers BUSY for 0.6 s, four times: every operation succeeds within 3 attempts, after waits of "
    "0.25 s and "
    "0.5 s (--backoff), give or take 10 %",
    judge,
    key="retry",
    faults=tuple(
        {
            "kind": "status",
            "status": "BUSY",
            "name": NAME,
            "operations": ["submitMessage"],
            "start": start,
            "duration": BURST_S,
        }
        for start in (0.0, 2.5, 5.0, 7.5)
    ),
    length_s=8.0,
)
