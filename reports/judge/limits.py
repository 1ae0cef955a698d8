"""What limited the run, in one line: the machine that made the load, the client's own policy, or the network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from hedera_client.errors import Fate
from hedera_client.status import PRECHECK, RECEIPT, RELAY, TRANSPORT
from records.operation import Outcome
from records.statuses import STOPPED
from reports.judge.failures import kinds_of_failures
from reports.measure.resources import CPU_WARNING_PERCENT
from reports.schema.accounting import Accounting, Arrivals
from reports.schema.operations import Operation
from reports.schema.report import Error, Findings
from reports.schema.resources import Process
from reports.schema.run import Limit, RunLimit
from reports.wording import limits as wording

BUSY_SHARE: Final = 0.2
"""A process that had no processor left in so large a part of its seconds was at its limit; a single peak is none."""

NOTABLE: Final = 0.001
"""Part of the scheduled operations from which on missed starts, refusals or retries count as a limit."""

LATE_SHARE: Final = 0.01
"""Part of the due operations from which on late starts count as a limit: then they show in the p99."""

STALLED: Final = 5
"""Times its median that an operation takes when the network stalls."""

WAITED_SHARE: Final = 0.2
"""Part of the operations' time from which on waiting for the generator or for the policy counts as a limit."""

Waiting = Literal["generator", "policy", "connections", "retries"]
"""What operations waited for."""

WAITING: Final[dict[str, Waiting]] = {
    "start_delay": "generator",
    "queue": "policy",
    "limiter": "policy",
    "circuit_wait": "policy",
    "connection": "connections",
    "retry_wait": "retries",
}
"""Segments of an operation's time in which it waited."""

NETWORK_PHASES: Final = ("ack", "receipt", "mirror")

_OF_THE_NETWORK: Final = frozenset({"RECEIPT_TIMEOUT", "MIRROR_TIMEOUT", "NEVER_HAPPENED"})
"""The client's own words for an answer of the network that did not come."""


def not_served(status: str) -> bool:
    """Whether a status says that the network was slow, full or broken: whatever is no refusal of what was asked for.

    It is read from the tables by which errors are judged (`hedera_client.status`), so that a word which is new there
    need not be known here.
    """
    if status in _OF_THE_NETWORK or status.startswith("HTTP_5"):
        return True
    tables = (PRECHECK, TRANSPORT, RECEIPT, RELAY)
    found = [table[status] for table in tables if status in table]
    return any(one.busy or one.fate is not Fate.FINAL for one in found)


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign of a limit: whose, how many operations it touched, and in words."""

    by: Limit
    operations: int
    words: str


def limit(found: Findings) -> RunLimit:
    """Return the report's `run.limit`: who, the line, and every sign that was found.

    A generator without processor time decides, because then nothing else that was measured can be trusted. Otherwise
    it is who touched most operations. Where more were refused for what they asked than anything touched, nothing was at
    its limit, and what failed most is said. Without any sign the users' own pace was the limit.

    Args:
        found: Of which `accounting`, `resources`, `resilience`, `errors` and `operations` are read.
    """
    processors = list(_processors(found["resources"]["processes"]))
    least = max(1, NOTABLE * found["accounting"]["scheduled"])
    counted = [sign for sign in _counted(found) if sign.operations >= least]
    counted.sort(key=lambda sign: -sign.operations)
    signs = [*processors, *counted]
    failures = kinds_of_failures(found["errors"])
    refused = [kind for kind in failures if not not_served(kind.status)]
    if not signs or (not processors and sum(kind.number for kind in refused) > signs[0].operations):
        failing = refused if signs else failures
        sentence = wording.failing(failing) if failing else _pace(found["operations"], found["accounting"])
        return {"by": "none", "sentence": sentence, "evidence": [wording.evidence(sign.words) for sign in signs]}
    first, *others = signs
    return {
        "by": first.by,
        "sentence": wording.sentence(first.by, first.words),
        "evidence": [wording.evidence(sign.words) for sign in others],
    }


def _processors(processes: Iterable[Process]) -> Iterator[Sign]:
    for process in processes:
        seconds = len(process["samples"])
        busy = sum(sample[1] > CPU_WARNING_PERCENT for sample in process["samples"])
        mean = process["cpu_percent"]["mean"]
        if mean > CPU_WARNING_PERCENT or (busy and busy >= BUSY_SHARE * seconds):
            words = wording.no_processor(process["name"], mean, busy, seconds, CPU_WARNING_PERCENT)
            yield Sign("generator", 0, words)


def _counted(found: Findings) -> Iterator[Sign]:
    accounting = found["accounting"]
    yield from _missed(accounting)
    arrivals = accounting.get("arrivals")
    if arrivals is not None:
        yield from _of_the_schedule(arrivals, found["operations"])
    refused = _by_status(found["errors"], Outcome.REJECTED)
    refused.pop(STOPPED, None)
    if refused:
        yield Sign("policy", sum(refused.values()), wording.never_sent(refused, _opened(found)))
    yield from (sign for sign in _waited(found) if sign.by == "policy" or not arrivals)
    left = _left_waiting(found["errors"])
    if left:
        yield Sign("network", sum(left.values()), wording.left_waiting(left))
    answered = _network_answers(found)
    if answered:
        yield Sign("network", sum(answered.values()), wording.turned_away(answered))


def _missed(accounting: Accounting) -> Iterator[Sign]:
    """Signs from operations that were due and never started, for want of a user or processor."""
    arrivals = accounting.get("arrivals")
    behind = arrivals.get("behind", 0) if arrivals else 0
    shed, scheduled = accounting["shed"] - behind, accounting["scheduled"]
    if shed:
        yield Sign("generator", shed, wording.no_user_free(shed, scheduled))
    if behind:
        yield Sign("generator", behind, wording.not_handed_out(behind, scheduled))


def _of_the_schedule(arrivals: Arrivals, operations: Sequence[Operation]) -> Iterator[Sign]:
    """Signs from a schedule: what was nobody's share, and what did not start when it was due."""
    due, latest_ms = arrivals["due"], arrivals["latest_ms"]
    idle = arrivals.get("idle", 0)
    if idle:
        yield Sign("generator", idle, wording.share_of_nobody(idle, due))
    if not due:
        yield Sign("generator", 1, wording.NOTHING_DUE)
        return
    late, least = arrivals["late"], LATE_SHARE * due
    if late["no_user"] >= least:
        stalled = _stall(operations, latest_ms)
        words = wording.late_for_users(late["no_user"], due, latest_ms, stalled)
        yield Sign("network" if stalled else "generator", late["no_user"], words)
    if late["process"] >= least:
        yield Sign("generator", late["process"], wording.late_for_processor(late["process"], due, latest_ms))


def _stall(operations: Sequence[Operation], latest_ms: float) -> str:
    """What the network did to keep all users busy, in words; "" where it did nothing unusual.

    The longest operation of all, where it took STALLED times the median of its kind, explains starts that were late by
    about as long, and no later.
    """
    done = [(entry["name"], latency) for entry in operations if (latency := entry["latency_ms"])]
    if not done:
        return ""
    name, latency = max(done, key=lambda one: one[1]["max"])
    if latency["max"] < max(STALLED * latency["p50"], latest_ms / 1.5):
        return ""
    return wording.stalled(name, latency["max"], latency["p50"])


def _waited(found: Findings) -> Iterator[Sign]:
    """Signs from where the time went, where that was measured: late starts, waits of the policy, retries."""
    spent: dict[Waiting, float] = dict.fromkeys(("generator", "policy", "connections", "retries"), 0.0)
    everything, done = 0.0, 0
    for entry in found["operations"]:
        segments = entry.get("segments_ms")
        if segments and entry["succeeded"]:
            done += entry["succeeded"]
            means = {name: entry["succeeded"] * figures["mean"] for name, figures in segments.items() if figures}
            everything += sum(means.values())
            for segment, what in WAITING.items():
                spent[what] += means.get(segment, 0.0)
    if not everything:
        return
    for what, waited in spent.items():
        share = waited / everything
        if share >= WAITED_SHARE:
            yield _wait(what, round(share * done), 100 * share, found)


def _wait(what: Waiting, operations: int, percent: float, found: Findings) -> Sign:
    if what == "generator":
        return Sign("generator", operations, wording.started_late(percent))
    if what == "policy":
        return Sign("policy", operations, wording.held_back(percent, _opened(found)))
    if what == "connections":
        return Sign("policy", operations, wording.waited_for_room(percent))
    return Sign("network", operations, wording.slept_between_attempts(percent))


def _opened(found: Findings) -> str:
    """How often breakers opened, and after what, in words; "" where none did."""
    opened = sum(breaker["opened"] for breaker in found["resilience"]["breakers"])
    return wording.circuits(opened, _network_answers(found)) if opened else ""


def _network_answers(found: Findings) -> dict[str, int]:
    """Attempts that the network turned away or left without an answer: those that were retried, and the last ones."""
    counts = {
        status: number for status, number in found["resilience"]["retries"]["by_status"].items() if not_served(status)
    }
    for outcome in (Outcome.FAILED, Outcome.UNKNOWN):
        for status, number in _by_status(found["errors"], outcome).items():
            if not_served(status):
                counts[status] = counts.get(status, 0) + number
    return counts


def _left_waiting(errors: Iterable[Error]) -> dict[str, int]:
    """Operations that the end of the run cut off while they waited for the network, by what they waited for."""
    counts: dict[str, int] = {}
    for error in errors:
        phase = error["phase"]
        if error["status"] == STOPPED and phase in NETWORK_PHASES:
            counts[phase] = counts.get(phase, 0) + error["count"]
    return counts


def _by_status(errors: Iterable[Error], outcome: Outcome) -> dict[str, int]:
    counts: dict[str, int] = {}
    for error in errors:
        if error["outcome"] == outcome:
            counts[error["status"]] = counts.get(error["status"], 0) + error["count"]
    return counts


def _pace(operations: Sequence[Operation], accounting: Accounting) -> str:
    """What set the pace where nothing was at its limit."""
    arrivals = accounting.get("arrivals")
    if arrivals and arrivals["due"]:
        return wording.SCHEDULE_SET_THE_PACE
    took = [
        (entry["name"], latency["mean"], latency["mean"] * entry["succeeded"])
        for entry in operations
        if (latency := entry["latency_ms"]) and entry["arm"] != "baseline"
    ]
    if not took:
        return wording.NOTHING_WAS_DONE
    name, mean_ms, _ = max(took, key=lambda one: one[2])
    return wording.users_set_the_pace(name, mean_ms)
