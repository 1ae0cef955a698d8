"""Calls every endpoint of the network several times, each time over a connection of its own."""

from __future__ import annotations

from typing import Final

from hedera_users.endpoint_caller import CONNECT, EndpointCaller
from reports.schema.operations import Operation
from reports.schema.report import Report
from reports.wording.phrases import milliseconds
from scenarios.scenario import Expectation, Judged, Scenario

ATTEMPTS: Final = 10

SLOW_MS: Final = 2_000.0


def reached(report: Report) -> Judged:
    """Every endpoint answers every time; what did not is named."""
    found = _endpoints(report)
    if not found or any(_ended(one) < ATTEMPTS for one in found):
        least = min((_ended(one) for one in found), default=0)
        return Judged(f"{least} attempts at one of {len(found)} endpoints are too few", None)
    away = [f"{one['name']} {one['succeeded']} of {_ended(one)}" for one in found if one["succeeded"] < _ended(one)]
    ended = sum(_ended(one) for one in found)
    if away:
        return Judged(f"answered: {', '.join(away)}", False)
    return Judged(f"{len(found)} endpoints answered all of {ended:,} attempts", True)


def fast(report: Report) -> Judged:
    """The slowest endpoint, by its median."""
    medians = {one["name"]: one["latency_ms"]["p50"] for one in _endpoints(report) if one["latency_ms"]}
    if not medians:
        return Judged("nothing answered", None)
    slowest = max(medians, key=lambda name: medians[name])
    return Judged(f"{slowest} took {milliseconds(medians[slowest])}", medians[slowest] <= SLOW_MS)


def _endpoints(report: Report) -> list[Operation]:
    return [one for one in report["operations"] if one["name"].startswith(f"{CONNECT}.")]


def _ended(one: Operation) -> int:
    """Attempts that came to their end, well or not."""
    return one["succeeded"] + one["failed"]


SCENARIO = Scenario(
    name="connectivity",
    question="Is every endpoint of the network reached from here?",
    users=(EndpointCaller,),
    brief=(),
    expectations=(
        Expectation("reached", f"each endpoint answers each of at least {ATTEMPTS} attempts", reached),
        Expectation("fast", f"the median time to an answer is at most {SLOW_MS / 1000:g} s", fast),
    ),
    instead_of=frozenset({"requests", "success"}),
)
