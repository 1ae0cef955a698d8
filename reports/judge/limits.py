"""What limited the run, in one line: the machine that made the load, the client's own policy, or the network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from hedera_client.errors import Fate
from hedera_client.status import PRECHECK, RECEIPT, RELAY, TRANSPORT
from records.operation import Outcome
from records.statuses import STOPPED
from reports.judge import phrases
from reports.judge.causes import cause_of
from reports.judge.operation_names import several
from reports.judge.worst import Kind, failed_most, kinds_of_failures
from reports.measure.resources import CPU_WARNING_PERCENT

Limit = Literal["generator", "policy", "network", "none"]

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

POLICY_SEGMENTS: Final = ("queue", "limiter", "circuit_wait")

CONNECTION_SEGMENT: Final = "connection"
RETRY_SEGMENT: Final = "retry_wait"
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


def limit(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the report's `run.limit`: who, the line, and every sign that was found.

    A generator without processor time decides, because then nothing else that was measured can be trusted. Otherwise
    it is who touched most operations. Where more were refused for what they asked than anything touched, nothing was at
    its limit, and what failed most is said. Without any sign the users' own pace was the limit.

    Args:
        report: Of which `accounting`, `resources`, `resilience`, `errors` and `operations` are read.
    """
    processors = _processors(report["resources"]["processes"])
    least = max(1, NOTABLE * report["accounting"]["scheduled"])
    counted = [sign for sign in _counted(report) if sign.operations >= least]
    counted.sort(key=lambda sign: -sign.operations)
    signs = [*processors, *counted]
    failures = kinds_of_failures(report["errors"])
    refused = [kind for kind in failures if not not_served(kind.status)]
    if not signs or (not processors and sum(kind.number for kind in refused) > signs[0].operations):
        sentence = _failing(refused if signs else failures) or _pace(report["operations"], report["accounting"])
        return {"by": "none", "sentence": sentence, "evidence": [_sentence(sign) for sign in signs]}
    first = signs[0]
    who = {"generator": "the load generator", "policy": "the client's own policy", "network": "the network"}[first.by]
    return {
        "by": first.by,
        "sentence": f"The limit was {who}: {first.words}.",
        "evidence": [_sentence(sign) for sign in signs[1:]],
    }


def _sentence(sign: Sign) -> str:
    return f"{sign.words[0].upper()}{sign.words[1:]}."


def _processors(processes: Iterable[Mapping[str, Any]]) -> list[Sign]:
    signs = []
    for process in processes:
        busy = [sample for sample in process["samples"] if sample[1] > CPU_WARNING_PERCENT]
        mean = process["cpu_percent"]["mean"]
        if mean > CPU_WARNING_PERCENT or (busy and len(busy) >= BUSY_SHARE * len(process["samples"])):
            words = (
                f"{process['name']} had no processor time left ({mean:.0f} % of a core in the mean, over "
                f"{CPU_WARNING_PERCENT:.0f} % in {len(busy)} of {len(process['samples'])} seconds), so latencies hold "
                "its own queue; use more workers or fewer users"
            )
            signs.append(Sign("generator", 0, words))
    return signs


def _counted(report: Mapping[str, Any]) -> list[Sign]:
    accounting = report["accounting"]
    signs = []
    signs += _missed(accounting, report["operations"])
    refused = _by_status(report["errors"], Outcome.REJECTED)
    refused.pop(STOPPED, None)
    if refused:
        words = f"{sum(refused.values()):,} operations were never sent ({_listed(refused)}{_after(report)})"
        signs.append(Sign("policy", sum(refused.values()), words))
    signs += [sign for sign in _waited(report) if sign.by == "policy" or not accounting.get("arrivals")]
    left = _left_waiting(report["errors"])
    if left:
        words = (
            f"{sum(left.values()):,} operations were still waiting for the network when the run ended, longer than "
            f"--stop-timeout lets them ({_listed(left)})"
        )
        signs.append(Sign("network", sum(left.values()), words))
    answered = _network_answers(report)
    if answered:
        attempts = sum(answered.values())
        words = (
            f"{attempts:,} {'attempt was' if attempts == 1 else 'attempts were'} turned away, broken off or not "
            f"answered in time ({_listed(answered)}){_why(answered)}"
        )
        signs.append(Sign("network", attempts, words))
    return signs


def _missed(accounting: Mapping[str, Any], operations: Sequence[Mapping[str, Any]]) -> list[Sign]:
    """Signs from the schedule: operations that were due and did not start then, for want of a user or processor."""
    signs = []
    arrivals = accounting.get("arrivals")
    behind = arrivals.get("behind", 0) if arrivals else 0
    for missed, why, remedy in (
        (accounting["shed"] - behind, "no user was free", "use more users or a lower rate"),
        (behind, "the process had no time to hand them out", "use more workers or a lower rate"),
    ):
        if missed:
            words = f"{missed:,} of {accounting['scheduled']:,} scheduled starts were missed, because {why}; {remedy}"
            signs.append(Sign("generator", missed, words))
    if arrivals is None:
        return signs
    if arrivals.get("idle"):
        words = (
            f"{arrivals['idle']:,} of {arrivals['due']:,} due operations were the share of processes that had no user; "
            "use as many users as workers at least"
        )
        signs.append(Sign("generator", arrivals["idle"], words))
    if not arrivals["due"]:
        words = (
            "no operation was due before the run was over: the schedule begins when all users are there (--users, "
            "--spawn-rate, --run-time)"
        )
        return [*signs, Sign("generator", 1, words)]
    latest = phrases.milliseconds(arrivals["latest_ms"])
    stalled = _stall(operations, arrivals["latest_ms"])
    by: Limit = "network" if stalled else "generator"
    for who, reason, why, remedy in (
        (by, "no_user", f"no user was free{stalled}", "" if stalled else "; use more users or a lower rate"),
        ("generator", "process", "the process had something else to do", "; use more workers or a lower rate"),
    ):
        late = arrivals["late"][reason]
        if late >= LATE_SHARE * arrivals["due"]:
            words = (
                f"{late:,} of {arrivals['due']:,} starts were late, by up to {latest}, because {why} (response times "
                f"hold that, latencies do not){remedy}"
            )
            signs.append(Sign(who, late, words))
    return signs


def _stall(operations: Sequence[Mapping[str, Any]], latest_ms: float) -> str:
    """What the network did to keep all users busy, in words; "" where it did nothing unusual.

    The longest operation of all, where it took STALLED times the median of its kind, explains starts that were late by
    about as long, and no later.
    """
    done = [entry for entry in operations if entry["latency_ms"]]
    if not done:
        return ""
    entry = max(done, key=lambda one: float(one["latency_ms"]["max"]))
    latency = entry["latency_ms"]
    if latency["max"] < max(STALLED * latency["p50"], latest_ms / 1.5):
        return ""
    longest, usual = (phrases.milliseconds(latency[figure]) for figure in ("max", "p50"))
    return f" while {entry['name']} took up to {longest} instead of {usual}"


def _waited(report: Mapping[str, Any]) -> list[Sign]:
    """Signs from where the time went, where that was measured: late starts, waits of the policy, retries."""
    spent = dict.fromkeys(("generator", "policy", "connections", "retries", "all"), 0.0)
    done = 0
    for entry in report["operations"]:
        segments = entry.get("segments_ms")
        if segments and entry["succeeded"]:
            done += entry["succeeded"]
            means = {name: entry["succeeded"] * figures["mean"] for name, figures in segments.items() if figures}
            spent["generator"] += means.get("start_delay", 0.0)
            spent["policy"] += sum(means.get(name, 0.0) for name in POLICY_SEGMENTS)
            spent["connections"] += means.get(CONNECTION_SEGMENT, 0.0)
            spent["retries"] += means.get(RETRY_SEGMENT, 0.0)
            spent["all"] += sum(means.values())
    words: dict[str, tuple[Limit, str]] = {
        "generator": (
            "generator",
            "operations started late, which took {share:.0f} % of their time; use more users or workers",
        ),
        "policy": (
            "policy",
            "operations spent {share:.0f} % of their time in the queue, at the limiter or an open circuit"
            + _opened(report),
        ),
        "connections": (
            "policy",
            "operations spent {share:.0f} % of their time waiting for a connection to a node; allow more of them "
            "(--connections)",
        ),
        "retries": (
            "network",
            "operations spent {share:.0f} % of their time between two attempts, because of what the network answered",
        ),
    }
    shares = {what: spent[what] / spent["all"] for what in words} if spent["all"] else {}
    return [
        Sign(words[what][0], round(share * done), words[what][1].replace("{share:.0f}", f"{100 * share:.0f}"))
        for what, share in shares.items()
        if share >= WAITED_SHARE
    ]


def _after(report: Mapping[str, Any]) -> str:
    """What made breakers open, where they did, to stand behind other words."""
    opened = _opened(report)
    return f"; {opened.strip(' ()')}" if opened else ""


def _opened(report: Mapping[str, Any]) -> str:
    """How often breakers opened, where they did, and after what, in parentheses."""
    opened = sum(breaker["opened"] for breaker in report["resilience"]["breakers"])
    if not opened:
        return ""
    times = "once" if opened == 1 else f"{opened:,} times"
    answers = _network_answers(report)
    return f" (circuit breakers opened {times}{f' after {_listed(answers)}' if answers else ''})"


def _why(counts: Mapping[str, int]) -> str:
    """What the most frequent of some statuses means and what to do, without a full stop; "" where that is not known."""
    cause = cause_of(max(counts, key=lambda status: counts[status]))
    return f": {cause[0].lower()}{cause[1:].rstrip('.')}" if cause else ""


def _network_answers(report: Mapping[str, Any]) -> dict[str, int]:
    """Attempts that the network turned away or left without an answer: those that were retried, and the last ones."""
    counts = {
        status: number for status, number in report["resilience"]["retries"]["by_status"].items() if not_served(status)
    }
    for outcome in (Outcome.FAILED, Outcome.UNKNOWN):
        for status, number in _by_status(report["errors"], outcome).items():
            if not_served(status):
                counts[status] = counts.get(status, 0) + number
    return counts


def _left_waiting(errors: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Operations that the end of the run cut off while they waited for the network, by what they waited for."""
    counts: dict[str, int] = {}
    for error in errors:
        if error["status"] == STOPPED and error["phase"] in NETWORK_PHASES:
            counts[error["phase"]] = counts.get(error["phase"], 0) + error["count"]
    return counts


def _failing(failures: Sequence[Kind]) -> str:
    """That something failed although nothing was at its limit, and what most; "" where nothing did."""
    if not failures:
        return ""
    total = sum(kind.number for kind in failures)
    return f"Nothing was at its limit, and yet {total:,} operations did not succeed: {failed_most(failures)}"


def _by_status(errors: Iterable[Mapping[str, Any]], outcome: Outcome) -> dict[str, int]:
    counts: dict[str, int] = {}
    for error in errors:
        if error["outcome"] == outcome:
            counts[error["status"]] = counts.get(error["status"], 0) + error["count"]
    return counts


def _listed(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{status} {number:,}" for status, number in ordered[:3])


def _pace(operations: Sequence[Mapping[str, Any]], accounting: Mapping[str, Any]) -> str:
    """What set the pace where nothing was at its limit."""
    if (accounting.get("arrivals") or {"due": 0})["due"]:
        return "Nothing was at its limit. The schedule set the pace (--arrival-rate)."
    slow = max(
        (entry for entry in operations if entry["latency_ms"] and entry["arm"] != "baseline"),
        key=lambda entry: float(entry["latency_ms"]["mean"]) * float(entry["succeeded"]),
        default=None,
    )
    if slow is None:
        return "Nothing was done, so nothing was at its limit."
    took = phrases.milliseconds(slow["latency_ms"]["mean"])
    return (
        "Nothing was at its limit. The users set the pace: each begins an operation when its last one has ended "
        f"(the most time went to {several(slow['name'])}, {took} each)."
    )
