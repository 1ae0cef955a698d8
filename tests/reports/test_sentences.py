"""Sentences of the report, each made from plain facts and written out in full."""

from __future__ import annotations

from typing import Any

import pytest

from reports.wording import accounting, checks, limits, warnings
from reports.wording.failures import KindOfFailure
from reports.wording.phrases import counted

BUSY_FILES = KindOfFailure("hfs.store", "BUSY", 1_200)
UNHEARD_OF = KindOfFailure("hcs.submit [hedera]", "NEVER_HEARD_OF", 3)
KEPT: Any = {"asked_per_s": 100.0, "kept_per_s": 10.71, "kept_percent": 10.71}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            accounting.debt("worker-2", due=1_500, waiting=7, in_flight=12),
            "worker-2: its last data never arrived; about 1,500 operations of its share were due after its last "
            "report, 7 waited for a user and 12 under way at its last report: what became of them is missing",
        ),
        (
            accounting.debt("worker-2", due=0, waiting=7, in_flight=12),
            "worker-2: its last data never arrived; about 0 operations of its share were due after its last report, "
            "7 waited for a user and 12 under way at its last report: what became of them is missing",
        ),
        (
            accounting.debt("worker-2", due=0, waiting=0, in_flight=1_012),
            "worker-2: its last data never arrived; what it did after its last report is missing (1,012 under way at "
            "its last report)",
        ),
        (
            accounting.uncounted("worker-2"),
            "worker-2: it published no counts, so nothing can be held against its records",
        ),
        (
            accounting.schedule_does_not_add_up("worker-2", due=3_000, started=1_999, shed=1_000),
            "worker-2: 3,000 operations were due, but 1,999 started and 1,000 shed",
        ),
        (
            accounting.does_not_add_up("audit-event", "hedera", {"started": 9, "succeeded": 8, "failed": 0}),
            "audit-event (hedera) does not add up: started 9, succeeded 8",
        ),
        (
            accounting.does_not_add_up("hcs.submit", "", {"started": 9, "unreported": -1}),
            "hcs.submit does not add up: started 9, unreported -1",
        ),
    ],
)
def test_why_the_accounting_does_not_balance(said: str, expected: str) -> None:
    """With the process or the operation that it is about; counts that are 0 are not listed."""
    assert said == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (checks.measured(1_234), "1,234 operations were started"),
        (checks.measured(0), "no operation was started, so nothing can be said"),
        (checks.failed(1_000, 3, []), "1,000 operations failed and 3 ended with an unknown fate"),
        (
            checks.failed(3, 1, [UNHEARD_OF, BUSY_FILES]),
            "3 operations failed and 1 ended with an unknown fate: hcs.submit [hedera] most of all, by "
            "NEVER_HEARD_OF (3)",
        ),
        (checks.enough(0.95), "at least 95% of every kind of operation succeeded"),
        (checks.more_kinds(2), "and the like of 2 more kinds of operation"),
        (checks.rate_kept(KEPT), "100/s asked, 10.71/s kept (10.7 %)"),
        (checks.rate_not_kept(KEPT, 95.0), "100/s asked, 10.71/s kept (10.7 %), less than 95 % (--least-rate)"),
        (checks.compared(2, 3), "2 of 3 comparisons have an answer"),
        (checks.not_written("No space left on device"), "not all of it could be written: No space left on device"),
        (
            checks.exceptions(["ValueError: " + "x" * 300, "KeyError"]),
            f"2 kinds of exception in users, first: ValueError: {'x' * 188}",
        ),
    ],
)
def test_details_of_checks(said: str, expected: str) -> None:
    """Phrases without a full stop; a long message is cut after 200 characters."""
    assert said == expected


@pytest.mark.parametrize(
    ("rejected", "stopped", "stopped_reads", "expected"),
    [
        (0, 0, 0, "all 1,500 operations that ran to their end succeeded"),
        (7, 0, 0, "all 1,500 operations that ran to their end succeeded; 7 were never sent"),
        (0, 2, 3, "all 1,500 operations that ran to their end succeeded; 5 were cut off by the end of the run"),
    ],
)
def test_that_all_succeeded(rejected: int, stopped: int, stopped_reads: int, expected: str) -> None:
    """What was never sent and what the end cut off are told beside it, writes and reads together."""
    counts: Any = {"succeeded": 1_500, "rejected": rejected, "stopped": stopped, "stopped_reads": stopped_reads}
    assert checks.succeeded(counts) == expected


@pytest.mark.parametrize(
    ("entry", "others", "expected"),
    [
        (
            {"name": "audit-event", "arm": "hedera", "confirm": "receipt", "started": 2_000, "succeeded": 1_000},
            {"failed": 997, "unknown": 2, "rejected": 1},
            "1,000 of 2,000 audit-event [hedera] at level receipt succeeded (997 failed, 2 without a known outcome, "
            "1 never sent)",
        ),
        (
            {"name": "relay.read", "arm": None, "confirm": None, "started": 4, "succeeded": 0},
            {"failed": 4},
            "none of 4 relay.read succeeded (4 failed)",
        ),
    ],
)
def test_that_too_few_succeeded(entry: Any, others: dict[str, int], expected: str) -> None:
    """With arm and level where there are some."""
    assert checks.too_few(entry, others) == expected


def test_that_too_few_were_started() -> None:
    """Of those that were due."""
    account: Any = {"name": "hcs.submit", "arm": None, "scheduled": 3_000, "succeeded": 1_000, "shed": 2_000}
    assert checks.too_few_started(account) == (
        "1,000 of the 3,000 hcs.submit that were due succeeded, and 2,000 were never started"
    )


def test_what_the_mirror_was_read_for() -> None:
    """Rows over all topics, and messages seen exactly once."""
    audit: Any = {"topics": [{"rows": 1_000}, {"rows": 34}], "acknowledged": 1_030, "delivered": 1_029}
    assert checks.read(audit) == "1,034 mirror rows were read"
    assert checks.seen(audit) == "1,029 of 1,030 acknowledged messages were seen exactly once"


def test_why_nothing_was_compared() -> None:
    """The verdict of the first comparison, as a phrase."""
    first: Any = {"verdict": "This run cannot tell what Hedera adds per audit event: needs 20 pairs."}
    assert checks.not_compared(first) == "This run cannot tell what Hedera adds per audit event: needs 20 pairs"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (limits.sentence("generator", "no user was free"), "The limit was the load generator: no user was free."),
        (limits.sentence("policy", "it waited"), "The limit was the client's own policy: it waited."),
        (limits.sentence("network", "it refused"), "The limit was the network: it refused."),
        (limits.evidence("operations started late"), "Operations started late."),
        (
            limits.users_set_the_pace("hcs.submit", 2_345.0),
            "Nothing was at its limit. The users set the pace: each begins an operation when its last one has ended "
            "(the most time went to HCS messages, 2.35 s each).",
        ),
        (
            limits.failing([UNHEARD_OF, BUSY_FILES]),
            "Nothing was at its limit, and yet 1,203 operations did not succeed: hcs.submit [hedera] most of all, by "
            "NEVER_HEARD_OF (3).",
        ),
    ],
)
def test_what_limited_a_run(said: str, expected: str) -> None:
    """In one line, also where nothing was at its limit."""
    assert said == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            limits.no_processor("worker-1", mean=88.4, busy=41, seconds=60, over=90.0),
            "worker-1 had no processor time left (88 % of a core in the mean, over 90 % in 41 of 60 seconds), so "
            "latencies hold its own queue; use more workers or fewer users",
        ),
        (
            limits.no_user_free(1_000, 3_000),
            "1,000 of 3,000 scheduled starts were missed, because no user was free; use more users or a lower rate",
        ),
        (
            limits.not_handed_out(1_000, 3_000),
            "1,000 of 3,000 scheduled starts were missed, because the process had no time to hand them out; use more "
            "workers or a lower rate",
        ),
        (
            limits.share_of_nobody(1_500, 3_000),
            "1,500 of 3,000 due operations were the share of processes that had no user; use as many users as workers "
            "at least",
        ),
        (
            limits.late_for_users(1_000, 3_000, 1_500.0, ""),
            "1,000 of 3,000 starts were late, by up to 1.50 s, because no user was free (response times hold that, "
            "latencies do not); use more users or a lower rate",
        ),
        (
            limits.late_for_users(1_000, 3_000, 1_500.0, limits.stalled("hcs.submit", 2_000.0, 116.0)),
            "1,000 of 3,000 starts were late, by up to 1.50 s, because no user was free while hcs.submit took up to "
            "2.00 s instead of 116 ms (response times hold that, latencies do not)",
        ),
        (
            limits.late_for_processor(5, 3_000, 45.0),
            "5 of 3,000 starts were late, by up to 45.0 ms, because the process had something else to do (response "
            "times hold that, latencies do not); use more workers or a lower rate",
        ),
        (
            limits.started_late(12.4),
            "operations started late, which took 12 % of their time; use more users or workers",
        ),
    ],
)
def test_signs_of_the_load_generator(said: str, expected: str) -> None:
    """With the remedy; but more users are none where the network kept those that there are."""
    assert said == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            limits.held_back(61.2, ""),
            "operations spent 61 % of their time in the queue, at the limiter or an open circuit",
        ),
        (
            limits.held_back(61.2, limits.circuits(1, {})),
            "operations spent 61 % of their time in the queue, at the limiter or an open circuit (circuit breakers "
            "opened once)",
        ),
        (
            limits.waited_for_room(33.0),
            "operations spent 33 % of their time waiting for a connection to a node; allow more of them "
            "(--connections)",
        ),
        (
            limits.slept_between_attempts(48.0),
            "operations spent 48 % of their time between two attempts, because of what the network answered",
        ),
        (
            limits.never_sent({"QUEUE_FULL": 7, "CIRCUIT_OPEN": 1_003}, ""),
            "1,010 operations were never sent (CIRCUIT_OPEN 1,003, QUEUE_FULL 7)",
        ),
        (
            limits.never_sent({"CIRCUIT_OPEN": 9}, limits.circuits(1_200, {"BUSY": 3, "UNAVAILABLE": 8})),
            "9 operations were never sent (CIRCUIT_OPEN 9; circuit breakers opened 1,200 times after UNAVAILABLE 8, "
            "BUSY 3)",
        ),
        (
            limits.left_waiting({"ack": 1, "receipt": 20, "mirror": 3, "prepare": 2}),
            "26 operations were still waiting for the network when the run ended, longer than --stop-timeout lets "
            "them (receipt 20, mirror 3, prepare 2)",
        ),
        (
            limits.turned_away({"NEVER_HEARD_OF": 1}),
            "1 attempt was turned away, broken off or not answered in time (NEVER_HEARD_OF 1)",
        ),
        (
            limits.turned_away({"BUSY": 3, "DEADLINE_EXCEEDED": 1_000}),
            "1,003 attempts were turned away, broken off or not answered in time (DEADLINE_EXCEEDED 1,000, BUSY 3): "
            "no answer came in time (--rpc-timeout). What was sent may still have arrived",
        ),
    ],
)
def test_signs_of_policy_and_network(said: str, expected: str) -> None:
    """The three most frequent words are listed, and only the most frequent answer is explained."""
    assert said == expected


def test_warnings() -> None:
    """Of a process without processor time, and of circuits that were not shared."""
    assert warnings.no_processor_left("worker-1", 97.6) == (
        "worker-1 used up to 98 % of a core: its latencies may contain its own queue. Use more workers or fewer users."
    )
    assert warnings.circuits_not_shared(["hcs", "mirror"]) == (
        "Redis did not answer all the time (--breaker-storage): meanwhile each worker had circuits of its own for "
        "hcs, mirror"
    )


def test_one_is_told_as_one() -> None:
    """A number is followed by the form that belongs to it."""
    assert [counted(number, "call was", "calls were") for number in (0, 1, 2, 1_234)] == [
        *("0 calls were", "1 call was", "2 calls were", "1,234 calls were"),
    ]
    assert checks.measured(1) == "1 operation was started"
    assert limits.never_sent({"QUEUE_FULL": 1}, "").startswith("1 operation was never sent (")
    assert accounting.schedule_does_not_add_up("w", 1, 2, 0) == "w: 1 operation was due, but 2 started and 0 shed"
