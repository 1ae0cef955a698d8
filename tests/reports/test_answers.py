"""A sentence for each question that a run can answer, and none for those that it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from config.settings import RunSettings
from reports.audit.messages import nothing_audited
from reports.judge.answers import answers, headline
from reports.judge.recovery import recovery_s
from reports.wording.answers import CAPACITY, COST, DELIVERY, SURVIVAL
from reports.wording.network import where

HERE = "on the embedded network (2 s to consensus, as configured)"
COMPARED = {
    "operation": "audit-event",
    "confirm": "receipt",
    "conclusion": "costs",
    "short": "116 ms (between 112 and 120 ms)",
    "verdict": "Hedera adds 116 ms per audit event (between 112 and 120 ms), measured to the receipt.",
    "relative_pct": {"estimate": None, "ci95": None},
}


def found(**changes: Any) -> dict[str, Any]:
    """What a quiet run of one kind of operation found, with `changes`."""
    done = {"name": "hcs.submit", "arm": None, "succeeded": 240, "throughput_per_s": 8.0}
    return {
        "operations": [done],
        "overhead": [],
        "resilience": {"retries": {"attempts": 0, "recovered": 0}, "breakers": []},
        "accounting": {
            "started": 240,
            **dict.fromkeys(("failed", "unknown", "rejected", "stopped", "stopped_reads"), 0),
        },
        "audit": nothing_audited() | {"acknowledged": 240, "delivered": 240},
        "timeline": {"resolution_s": 1, "faults": [], "series": []},
    } | changes


def test_each_question_that_the_run_can_answer_has_a_sentence() -> None:
    """A run without a baseline is no run without a result."""
    told = {one["question"]: one["answer"] for one in answers(found(), HERE, None)}
    assert told == {
        CAPACITY: f"8 HCS messages per second, at the users' own pace, {HERE}.",
        DELIVERY: "Yes: all 240 acknowledged messages arrived exactly once.",
    }


def test_the_cost_comes_first_and_says_where() -> None:
    """A simulated network is named in the sentence that people quote."""
    told = answers(found(overhead=[COMPARED]), HERE, None)
    assert told[0] == {
        "question": COST,
        "answer": f"Hedera adds 116 ms per audit event (between 112 and 120 ms), measured to the receipt, {HERE}.",
    }
    assert headline(told) == told[0]["answer"]


def test_a_cost_that_cannot_be_told_is_not_the_first_word_of_a_run_that_did_more() -> None:
    """A run of several kinds of users has an answer without it; one that only compared has none."""
    open_ = COMPARED | {"conclusion": "cannot tell", "verdict": "This run cannot tell: 4 complete pairs."}
    told = [one["question"] for one in answers(found(overhead=[open_]), HERE, None)]
    assert told == [CAPACITY, DELIVERY, COST]
    assert HERE in answers(found(overhead=[open_]), HERE, None)[0]["answer"]
    pair = {"name": "audit-event", "arm": "hedera", "succeeded": 4, "throughput_per_s": 1.0}
    assert answers(found(overhead=[open_], operations=[pair]), HERE, None)[0]["question"] == COST


def test_kinds_of_operations_are_told_once_each_the_most_frequent_first() -> None:
    """Levels of a kind add up, baselines and what never succeeded are left out, and a name of somebody's own stands."""
    kinds = [("mine", None, 2.0), ("hcs.submit", None, 8.0), ("hcs.submit", None, 4.0), ("audit-event", "baseline", 9)]
    done = [{"name": name, "arm": arm, "succeeded": 5, "throughput_per_s": per_s} for name, arm, per_s in kinds]
    done.append(done[0] | {"name": "hfs.store", "succeeded": 0})
    told = answers(found(operations=done), HERE, None)[0]["answer"]
    assert told.startswith("12 HCS messages and 2 mine operations per second, ")


def test_an_outage_that_was_survived_is_told_with_its_recovery() -> None:
    """What was broken, what it cost, and how long until the rate of before was back."""
    points = [{"t": t, "succeeded": 0 if 10 <= t < 18 else 8} for t in range(30)]
    run = found(
        resilience={"retries": {"attempts": 64, "recovered": 31}, "breakers": [{"opened": 4}]},
        timeline={
            "resolution_s": 1,
            "faults": [{"name": "node-down", "from_s": 10.2, "to_s": 15.5}],
            "series": [{"arm": None, "points": points}],
        },
    )
    told = {one["question"]: one["answer"] for one in answers(run, HERE, None)}
    assert told[SURVIVAL] == (
        "With faults on purpose (node-down): none of 240 operations failed; 31 succeeded only after a retry; circuit "
        "breakers opened 4 times; the rate was back at its former level 2.5 s after the last fault had ended."
    )


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        # A stall that outlasts the run: nothing failed, and nothing worked either.
        (
            {"unknown": 80, "stopped": 80},
            "none of the 160 operations that ran to their end failed; 80 were cut off by the end of the run before "
            "their outcome was known",
        ),
        # Reads that were cut off beside failures; some were never sent at all.
        (
            {"failed": 12, "stopped_reads": 2, "rejected": 7},
            "10 of the 238 operations that ran to their end did not succeed; 2 were cut off by the end of the run "
            "before their outcome was known; 7 were never sent",
        ),
        ({"failed": 3, "unknown": 1}, "4 of 240 operations did not succeed"),
    ],
)
def test_survival_leaves_nobody_out(counts: dict[str, int], words: str) -> None:
    """What the end of the run cut off has not survived only because it has not failed."""
    run = found(timeline={"resolution_s": 1, "faults": [{"name": "stall", "from_s": 0, "to_s": None}], "series": []})
    run["accounting"] |= counts
    told = {one["question"]: one["answer"] for one in answers(run, HERE, None)}
    assert told[SURVIVAL] == f"With faults on purpose (stall): {words}."


def test_levels_of_one_operation_are_one_load() -> None:
    """Two levels of one name were told as two operations, and what came after the third was left out."""
    rates = [("audit-event", "ack", 1.5), ("audit-event", "receipt", 1.75), ("hcs.submit", "ack", 4), ("a", "", 1)]
    operations = [
        {"name": name, "arm": None, "confirm": confirm, "succeeded": 9, "throughput_per_s": per_s}
        for name, confirm, per_s in [*rates, ("b", "", 2)]
    ]
    told = {one["question"]: one["answer"] for one in answers(found(operations=operations), HERE, None)}
    assert told[CAPACITY].startswith(
        "4 HCS messages, 3.25 audit events, 2 b operations and 1 a operations per second, at"
    )


def test_what_is_wrong_with_the_messages_is_the_answer() -> None:
    """A loss is told as a no; of a mirror that could not be read, that."""
    audit = nothing_audited() | {"acknowledged": 240, "delivered": 216, "lost": 24}
    assert answers(found(audit=audit), HERE, None)[-1]["answer"] == "No: 24 lost."
    silent = nothing_audited("HTTP 503") | {"acknowledged": 240}
    told = {one["question"]: one["answer"] for one in answers(found(audit=silent), HERE, None)}
    assert told[DELIVERY].startswith("Cannot tell: ")
    assert "HTTP 503" in told[DELIVERY]
    asked = nothing_audited() | {"acknowledged": 240, "doubt": "x: does this mirror belong to this network?"}
    told = {one["question"]: one["answer"] for one in answers(found(audit=asked), HERE, None)}
    assert told[DELIVERY] == "Cannot tell: x: does this mirror belong to this network?"


def test_nothing_done_is_nothing_told() -> None:
    run = found(operations=[], audit=nothing_audited())
    assert answers(run, HERE, None) == []
    assert "nothing to tell" in headline([])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, HERE),
        ({"localnet_consensus_delay": 0.3}, "on the embedded network (0.3 s to consensus, as configured)"),
        ({"localnet_latency": "testnet"}, "on the embedded network (latencies modelled on testnet's)"),
        ({"localnet_latency": "instant"}, "on the embedded network (no latency, as configured)"),
        ({"network": "mainnet"}, "on mainnet"),
        ({"network": "solo"}, "on a Solo network"),
        ({"network": "custom", "network_file": "n.json"}, "on a network of your own"),
    ],
)
def test_the_network_is_named_as_what_it_is(settings: dict[str, Any], words: str) -> None:
    assert where(RunSettings.model_construct(**{**RunSettings().model_dump(), **settings})) == words


@pytest.mark.parametrize("faults", [[], [{"name": "stall", "from_s": 0.0, "to_s": None}]])
def test_no_recovery_without_a_fault_that_ended(faults: list[dict[str, Any]]) -> None:
    series = [{"arm": None, "points": [{"t": 0, "succeeded": 8}]}]
    assert recovery_s({"resolution_s": 1, "faults": faults, "series": series}) is None
