"""What a run says to each of the four questions that it can answer, in a sentence each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from config.run import Run
from config.settings import RunSettings
from reports.judge import collisions, phrases
from reports.judge.audit import doubt_of, integrity_faults, reordering
from reports.judge.overhead_words import summary
from reports.judge.rate import in_words
from reports.judge.recovery import recovery_s

COST: Final = "What does Hedera cost my request path?"
CAPACITY: Final = "How much did it take?"
SURVIVAL: Final = "Did it survive?"
DELIVERY: Final = "Did everything arrive, exactly once?"


def where(run: Run) -> str:
    """The network as what it is: a simulated one is never mistaken for a real one."""
    settings = run.settings
    if settings.network == "localnet":
        return f"on the embedded network ({_simulated(settings)})"
    if settings.network == "solo":
        return "on a Solo network"
    return "on a network of your own" if settings.network == "custom" else f"on {settings.network}"


def answers(found: Mapping[str, Any], where_: str, kept: Mapping[str, float] | None) -> list[dict[str, str]]:
    """Return the report's `run.answers`: `question` and `answer`, only of questions that the run can answer.

    Args:
        found: Of the report `operations`, `overhead`, `resilience`, `accounting`, `audit` and `timeline`.
        where_: What `where` says.
        kept: The report's `run.rate`.
    """
    told = {
        COST: _cost(found["overhead"], where_),
        # The network is named once: in the first of the sentences that speak of it.
        CAPACITY: _capacity(found["operations"], kept, "" if found["overhead"] else f", {where_}"),
        SURVIVAL: _survival(found),
        DELIVERY: _delivery(found["audit"]),
    }
    return [{"question": question, "answer": answer} for question, answer in told.items() if answer]


def headline(told: Sequence[Mapping[str, str]]) -> str:
    """The sentence that stands first: what Hedera costs where that was asked, else the first thing that is known."""
    return told[0]["answer"] if told else "Nothing was done, so there is nothing to tell."


def _simulated(settings: RunSettings) -> str:
    profile = settings.localnet_latency
    if profile == "standard":
        return f"{settings.localnet_consensus_delay:g} s to consensus, as configured"
    return "no latency, as configured" if profile == "instant" else f"latencies modelled on {profile}'s"


def _cost(overhead: Sequence[Mapping[str, Any]], where_: str) -> str:
    if not overhead:
        return ""
    sentence = summary(overhead)
    if all(entry["conclusion"] == "cannot tell" for entry in overhead):
        return sentence
    told, stop, rest = sentence.partition(". ")
    return f"{told.removesuffix('.')}, {where_}.{' ' + rest if stop else ''}"


def _capacity(operations: Sequence[Mapping[str, Any]], kept: Mapping[str, float] | None, where_: str) -> str:
    if kept is not None:
        return f"{in_words(kept)}{where_}."
    per_s: dict[str, float] = {}
    for entry in operations:
        if entry["arm"] != "baseline" and entry["succeeded"]:  # levels of one operation are one load
            per_s[entry["name"]] = per_s.get(entry["name"], 0.0) + entry["throughput_per_s"]
    done = [f"{rate_per_s:.3g} {name} per second" for name, rate_per_s in per_s.items()]
    return f"{'; '.join(done)}, at the users' own pace{where_}." if done else ""


def _survival(found: Mapping[str, Any]) -> str:
    """What went wrong and what became of it; "" where nothing did."""
    resilience, accounting = found["resilience"], found["accounting"]
    faults = found["timeline"]["faults"]
    retries = resilience["retries"]
    cut = accounting["stopped"] + accounting["stopped_reads"]
    lost = accounting["failed"] + accounting["unknown"] - cut
    if not accounting["started"] or not (faults or retries["attempts"] or lost):
        return ""
    return f"{'; '.join(_events(found, lost, cut))}."


def _events(found: Mapping[str, Any], lost: int, cut: int) -> Iterator[str]:
    resilience, faults = found["resilience"], found["timeline"]["faults"]
    if faults:
        names = dict.fromkeys(fault["name"] for fault in faults)
        yield f"with faults on purpose ({', '.join(names)})"
    ended = found["accounting"]["started"] - cut
    those = f"the {ended:,} operations that ran to their end" if cut else f"{ended:,} operations"
    yield f"{lost:,} of {those} did not succeed" if lost else f"none of {those} failed"
    if cut:
        yield f"{cut:,} were cut off by the end of the run before their outcome was known"
    unsent = found["accounting"]["rejected"]
    if unsent:
        yield f"{unsent:,} were never sent"
    retries = resilience["retries"]
    if retries["attempts"]:
        yield f"{retries['recovered']:,} were saved by a retry"
    opened = sum(breaker["opened"] for breaker in resilience["breakers"])
    if opened:
        yield f"circuit breakers opened {'once' if opened == 1 else f'{opened:,} times'}"
    took = recovery_s(found["timeline"])
    if took is not None:
        yield f"back at the rate of before {phrases.milliseconds(1000 * took)} after the last fault"


def _delivery(audit: Mapping[str, Any]) -> str:
    wrong = integrity_faults(audit)
    if wrong:
        return f"No: {'; '.join(wrong)}."
    vanished = collisions.vanished(audit)
    if vanished:
        return f"No, and not by the network's fault: {vanished}."
    doubt = doubt_of(audit)
    if doubt:
        return f"Cannot tell: {doubt}."
    if not audit["acknowledged"]:
        return ""
    changed = reordering(audit)
    rest = f" {changed}." if changed else ""
    return f"Yes: all {audit['acknowledged']:,} acknowledged messages arrived exactly once.{rest}"
