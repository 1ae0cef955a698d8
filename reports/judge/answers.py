"""What a run says to each of the four questions that it can answer, in a sentence each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from config.run import Run
from config.settings import RunSettings
from reports.judge import collisions
from reports.judge.audit import doubt_of, integrity_faults, reordering
from reports.judge.operation_names import listed, several
from reports.judge.overhead_words import summary
from reports.judge.rate import share_in_words
from reports.judge.recovery import recovery_s

COST: Final = "What does Hedera cost my request path?"
CAPACITY: Final = "How much was done?"
SURVIVAL: Final = "Did it survive?"
DELIVERY: Final = "Did everything arrive, exactly once?"

"""Kinds of operations that a sentence names; the table has them all."""


def network_words(settings: RunSettings) -> tuple[str, str]:
    """The network as what it is, so that a simulated one is never mistaken for a real one.

    Returns:
        Its name in a sentence, and what is to be said of it besides; the latter "" where nothing is.
    """
    if settings.network == "localnet":
        return "the embedded network", _simulated(settings)
    if settings.network == "solo":
        return "a Solo network", ""
    return ("a network of your own" if settings.network == "custom" else settings.network), ""


def where(run: Run) -> str:
    """On what a run was, as a part of a sentence."""
    name, besides = network_words(run.settings)
    return f"on {name} ({besides})" if besides else f"on {name}"


def answers(found: Mapping[str, Any], where_: str, kept: Mapping[str, float] | None) -> list[dict[str, str]]:
    """Return the report's `run.answers`: `question` and `answer`, only of questions that the run can answer.

    Args:
        found: Of the report `operations`, `overhead`, `resilience`, `accounting`, `audit` and `timeline`.
        where_: What `where` says.
        kept: The report's `run.rate`.
    """
    overhead = found["overhead"]
    known = any(entry["conclusion"] != "cannot tell" for entry in overhead)
    cost = {COST: summary(overhead, where_) if overhead else ""}
    told = {
        # The network is named once: in the first of the sentences that speak of it.
        CAPACITY: _capacity(found["operations"], kept, "" if known else f", {where_}"),
        SURVIVAL: _survival(found),
        DELIVERY: _delivery(found["audit"]),
    }
    # A run that did other things as well has an answer; that it cannot tell the cost is not its first word.
    others = any(entry["arm"] is None and entry["succeeded"] for entry in found["operations"])
    told = told | cost if others and not known else cost | told
    return [{"question": question, "answer": answer} for question, answer in told.items() if answer]


def headline(told: Sequence[Mapping[str, str]]) -> str:
    """The sentence that stands first: what Hedera costs where that was asked, else the first thing that is known."""
    return told[0]["answer"] if told else "Nothing was done, so there is nothing to tell."


def _simulated(settings: RunSettings) -> str:
    profile = settings.localnet_latency
    if profile == "standard":
        return f"{settings.localnet_consensus_delay:g} s to consensus, as configured"
    return "no latency, as configured" if profile == "instant" else f"latencies modelled on {profile}'s"


def _capacity(operations: Sequence[Mapping[str, Any]], kept: Mapping[str, float] | None, where_: str) -> str:
    if kept is not None:
        return (
            f"Of {kept['asked_per_s']:g} operations per second that were asked for, {kept['kept_per_s']:.4g} were "
            f"started ({share_in_words(kept)}){where_}."
        )
    done: Counter[str] = Counter()
    for entry in operations:
        if entry["arm"] != "baseline" and entry["succeeded"]:
            done[entry["name"]] += entry["throughput_per_s"]
    told = [f"{per_s:.3g} {several(name)}" for name, per_s in done.most_common()]
    return f"{listed(told)} per second, at the users' own pace{where_}." if told else ""


def _survival(found: Mapping[str, Any]) -> str:
    """What went wrong and what became of it; "" where nothing did."""
    resilience, accounting = found["resilience"], found["accounting"]
    faults = found["timeline"]["faults"]
    retries = resilience["retries"]
    cut = accounting["stopped"] + accounting["stopped_reads"]
    lost = accounting["failed"] + accounting["unknown"] - cut
    if not accounting["started"] or not (faults or retries["attempts"] or lost):
        return ""
    told = "; ".join(_events(found, lost, cut))
    names = dict.fromkeys(fault["name"] for fault in faults)
    return f"With faults on purpose ({', '.join(names)}): {told}." if names else f"{told[0].upper()}{told[1:]}."


def _events(found: Mapping[str, Any], lost: int, cut: int) -> Iterator[str]:
    resilience = found["resilience"]
    ended = found["accounting"]["started"] - cut
    those = f"the {ended:,} operations that ran to their end" if cut else f"{ended:,} operations"
    yield f"{lost:,} of {those} did not succeed" if lost else f"none of {those} failed"
    if cut:
        yield f"{cut:,} were cut off by the end of the run before their outcome was known"
    unsent = found["accounting"]["rejected"]
    if unsent:
        yield f"{unsent:,} were never sent"
    retries = resilience["retries"]
    if retries["recovered"]:
        yield f"{retries['recovered']:,} succeeded only after a retry"
    opened = sum(breaker["opened"] for breaker in resilience["breakers"])
    if opened:
        yield f"circuit breakers opened {'once' if opened == 1 else f'{opened:,} times'}"
    took = recovery_s(found["timeline"])
    if took is not None:
        yield f"the rate was back at its former level {took:.3g} s after the last fault had ended"


def _delivery(audit: Mapping[str, Any]) -> str:
    wrong = integrity_faults(audit)
    if wrong:
        return f"No: {'; '.join(wrong)}."
    vanished = collisions.vanished(audit)
    if vanished:
        return f"No, and not by the network's fault: {vanished}."
    doubt = doubt_of(audit)
    if doubt:
        return f"Cannot tell: {doubt}" + ("" if doubt.endswith("?") else ".")
    if not audit["acknowledged"]:
        return ""
    changed = reordering(audit)
    rest = f" {changed}." if changed else ""
    return f"Yes: all {audit['acknowledged']:,} acknowledged messages arrived exactly once.{rest}"
