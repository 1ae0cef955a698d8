"""A live subscription while load runs and the stream is broken on purpose: what an event-driven application sees.

`EventMonitor` holds it, and notes every event; its latency is the time from the consensus timestamp until the stream
brought it.
"""

from __future__ import annotations

from typing import Final

from hedera_users.event_monitor import EVENT, EventMonitor
from hedera_users.hcs_submitter import HcsSubmitter
from reports.schema.report import Report
from reports.schema.resilience import EventBreak, EventStream
from reports.wording.phrases import milliseconds
from scenarios.arrived import ALL_ARRIVED
from scenarios.scenario import Drill, Expectation, Judged, Scenario
from scenarios.timeline import window_of

SHORT_BREAK: Final = "the stream breaks off"
OUTAGE: Final = "the mirror is out for 8 s"

RETURN_S: Final = 3.0
"""Seconds from the end of a fault to the first event: until a stream is opened again, and one event's way."""

CATCH_UP_S: Final = 2.0
LAG_MS: Final = 10_000.0
"""A mirror shows a message a few seconds after consensus: its record file closes every 2 s, and is uploaded."""


def once_and_in_order(report: Report) -> Judged:
    """Every message of every topic came to the subscription, once, in the order of consensus."""
    streams = _streams(report)
    if not streams:
        return Judged("nobody was subscribed", None)
    delivered = sum(one["delivered"] for one in streams)
    wrong = {
        "never came": sum(max(0, last - one["delivered"]) for one, last in _with_last_numbers(report)),
        "came out of order": sum(one["disordered"] for one in streams),
        "came twice": sum(one["repeated"] for one in streams),
    }
    if not delivered:
        return Judged("no event came", False)
    told = ", ".join(f"{count:,} {what}" for what, count in wrong.items())
    return Judged(f"{delivered:,} events came; {told}", not any(wrong.values()))


def lags(report: Report) -> Judged:
    """The lag of events, over the run with its faults."""
    entry = next((one for one in report["operations"] if one["name"] == EVENT), None)
    if entry is None or entry["latency_ms"] is None:
        return Judged("no event came", None)
    lag = entry["latency_ms"]
    told = ", ".join(f"{words} {milliseconds(value)}" for words, value in _figures(lag["p50"], lag["p99"], lag["max"]))
    return Judged(f"{told}; {entry['throughput_per_s']:.3g} events per second", lag["p50"] <= LAG_MS)


def short_break(report: Report) -> Judged:
    """A stream that is broken off is opened again, and nothing is missed meanwhile."""
    return _survived(report, SHORT_BREAK)


def outage(report: Report) -> Judged:
    """So is one that cannot be opened for a while."""
    return _survived(report, OUTAGE)


def _survived(report: Report, fault: str) -> Judged:
    """Whether the subscription was interrupted by a fault, came back and caught up."""
    window = window_of(report, fault)
    if window is None:
        return Judged("it was not injected", None)
    found = [
        each
        for one in _streams(report)
        for each in one["breaks"]
        if each["from_s"] < window.to_s + 1 and each["from_s"] + each["lasted_s"] > window.from_s
    ]
    if not found:
        return Judged("no subscription was interrupted", False)
    longest = max(found, key=lambda each: each["lasted_s"])
    return Judged(
        f"interrupted for {longest['lasted_s']:.1f} s; {longest['caught_up']:,} events caught up in "
        f"{longest['catch_up_s']:.2f} s",
        all(_is_mended(each, window.to_s) for each in found),
    )


def _is_mended(each: EventBreak, fault_ended_s: float) -> bool:
    return each["from_s"] + each["lasted_s"] <= fault_ended_s + RETURN_S and each["catch_up_s"] <= CATCH_UP_S


def _streams(report: Report) -> list[EventStream]:
    return report["resilience"].get("event_streams", [])


def _with_last_numbers(report: Report) -> list[tuple[EventStream, int]]:
    """Each subscription with the last sequence number of its topic, as the audit read it afterwards."""
    last = {topic["topic_id"]: topic["last_sequence_number"] for topic in report["audit"]["topics"]}
    return [(one, max(one["last_sequence"], last.get(one["topic"], 0))) for one in _streams(report)]


def _figures(p50: float, p99: float, most: float) -> tuple[tuple[str, float], ...]:
    return ("half of the events within", p50), ("99 % within", p99), ("all within", most)


SCENARIO = Scenario(
    name="monitor-events",
    question="What does an event-driven application see of the topics, and when?",
    users=(EventMonitor, HcsSubmitter),
    brief=("--run-time", "30s"),
    expectations=(
        Expectation(
            "every event once, in order",
            "each message of each topic comes to the live subscription once, in the order of consensus",
            once_and_in_order,
        ),
        Expectation(
            "events come soon after consensus", f"half of them within {LAG_MS / 1000:g} s of their consensus", lags
        ),
        Drill(
            SHORT_BREAK,
            f"events come again within {RETURN_S:g} s, and what was missed within {CATCH_UP_S:g} s more",
            short_break,
            faults=({"kind": "mirror-outage", "name": SHORT_BREAK, "start": 6, "duration": 0.3},),
        ),
        Drill(
            OUTAGE,
            f"events come again within {RETURN_S:g} s of its end, and what was missed within {CATCH_UP_S:g} s more",
            outage,
            faults=({"kind": "mirror-outage", "name": OUTAGE, "start": 12, "duration": 8},),
        ),
        ALL_ARRIVED,
    ),
)
