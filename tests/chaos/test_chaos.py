"""Chaos: whatever schedule of faults hypothesis thinks of, every operation ends once, and what it says is true.

`make chaos` tries 200 schedules; a run of all tests tries a few. CHAOS_SCHEDULES says how many.
"""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, note, settings
from hypothesis import strategies as st

from tests.load_process.load_process import LoadProcess, Outcome

SCHEDULES = int(os.environ.get("CHAOS_SCHEDULES", "4"))
STREAMS = 16
MESSAGES = 5
WRITERS = 4
NODES = ("0.0.3", "0.0.4", "0.0.5", "0.0.6")
LEGAL = {("closed", "open"), ("open", "half-open"), ("half-open", "open"), ("half-open", "closed")}

starts = st.floats(0.0, 1.2).map(lambda seconds: round(seconds, 2))
durations = st.floats(0.1, 1.5).map(lambda seconds: round(seconds, 2))
shares = st.sampled_from([0.1, 0.3, 0.6, 1.0])
some_nodes = st.lists(st.sampled_from(NODES), min_size=1, max_size=4, unique=True)
changes = st.sampled_from([[], ["submitMessage"], ["createFile", "appendContent"], ["submitMessage", "appendContent"]])


def fault(kind: str, **details: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Faults of one kind, at some time."""
    return st.fixed_dictionaries({"kind": st.just(kind), "start": starts, "duration": durations, **details})


FAULTS = st.one_of(
    fault("ack-lost", share=shares, how=st.sampled_from(["reset", "hang"]), operations=changes.filter(bool)),
    fault("node-reset", share=shares, nodes=some_nodes),
    fault("node-hang", share=shares, nodes=some_nodes),
    fault("node-slow", share=shares, nodes=some_nodes, delay=st.sampled_from([0.1, 0.4, 0.7])),
    fault("node-down", nodes=some_nodes),
    fault("node-down"),
    fault("status", share=shares, status=st.sampled_from(["BUSY", "PLATFORM_NOT_ACTIVE", "FAIL_INVALID", "UNKNOWN"])),
    fault("status", share=shares, status=st.just("INVALID_SIGNATURE"), operations=changes),
    fault("not-created", share=shares),
    fault("stall"),
    fault("lost", share=st.sampled_from([0.05, 0.2])),
    fault("mirror-outage"),
    fault("mirror-lag", delay=st.sampled_from([0.3, 1.0])),
)

LEVELS = st.sampled_from(["queued", "ack", "receipt", "mirror"])


@pytest.fixture(scope="module")
def load() -> Iterator[LoadProcess]:
    """A network with short delays, and a driver."""
    running = LoadProcess("--consensus-delay", "0.1", "--mirror-lag", "0.05", "--throttles", "off")
    yield running
    running.close()


@pytest.mark.timeout(0)  # as long as the number of schedules takes
@settings(
    max_examples=SCHEDULES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # shrinking would run for hours, and the network is not deterministic
    suppress_health_check=list(HealthCheck),
    derandomize=SCHEDULES < 100,
    database=None,
)
@example(  # answers are lost throughout: what is sent twice shows
    faults=[{"kind": "ack-lost", "start": 0.0, "duration": 1.5, "share": 0.6, "how": "reset"}],
    level="receipt",
    queue=1000,
)
@example(  # some are refused for ever, some only for a while
    faults=[
        {"kind": "node-hang", "start": 0.1, "duration": 0.8, "nodes": ["0.0.3", "0.0.4", "0.0.5"]},
        {"kind": "ack-lost", "start": 0.0, "duration": 1.5, "share": 0.3, "how": "hang"},
        {"kind": "status", "start": 0.2, "duration": 1.0, "share": 0.6, "status": "BUSY"},
    ],
    level="queued",
    queue=1000,
)
@example(  # files break off in their middle
    faults=[
        {
            "kind": "status",
            "start": 0.0,
            "duration": 1.5,
            "share": 0.5,
            "status": "INVALID_SIGNATURE",
            "operations": ["appendContent"],
        },
        {"kind": "ack-lost", "start": 0.0, "duration": 1.5, "share": 0.5, "how": "reset", "operations": ["createFile"]},
    ],
    level="ack",
    queue=0,
)
@given(faults=st.lists(FAULTS, min_size=1, max_size=4), level=LEVELS, queue=st.sampled_from([0, 5, 1000]))
def test_every_operation_ends_once_and_tells_the_truth(
    load: LoadProcess, faults: list[dict[str, Any]], level: str, queue: int
) -> None:
    """Accounting adds up, nothing happens twice, nothing acknowledged is missing, breakers change legally."""
    if level == "queued":
        queue = max(queue, 5)
    job = load.do(
        *[{"messages": MESSAGES, "delay_s": 0.04 * number, "every_s": 0.05} for number in range(STREAMS)],
        *[{"files": 1, "delay_s": 0.15 * number} for number in range(WRITERS)],
        faults=[without_empty(one) for one in faults],
        settings={"confirm": level, "queue": queue, "valid_duration": 30},
        stop_after_s=20,
        drain_s=5,
    )
    note(f"{dict(job.outcomes())} {dict(job.statuses())}")
    assert_accounts_balance(job)
    assert_messages_tell_the_truth(job, load.shown(job))
    assert_files_tell_the_truth(job, load.ledger())
    for name, changes_of_state in job.transitions().items():
        assert set(changes_of_state) <= LEGAL, (name, changes_of_state)
        for before, after in itertools.pairwise(changes_of_state):
            assert before[1] == after[0], (name, changes_of_state)


def without_empty(one: dict[str, Any]) -> dict[str, Any]:
    """A fault without parameters that say nothing."""
    return {key: value for key, value in one.items() if value != []}


def assert_accounts_balance(job: Outcome) -> None:
    """What began has ended, exactly once each, in the users' count and in the records'."""
    closed = Counter(f"{record['name']}|" for record in job.records)
    assert job.pending == 0
    for key, counts in job.operation_counts.items():
        assert counts["scheduled"] == counts["shed"] + counts["started"], (key, counts)
        assert counts["in_flight"] == 0, (key, counts)
        assert counts["started"] == closed[key], (key, counts, closed)
    assert all(record["outcome"] is not None for record in job.records)
    queue = job.resilience["queue"]
    if queue is not None:
        told = queue["drained"] + queue["expired"] + queue["left"] + queue["withdrawn"] + queue["depth"]
        assert queue["enqueued"] == told, queue


def assert_messages_tell_the_truth(job: Outcome, shown: Counter[tuple[str, int]]) -> None:
    """No message is there twice; what succeeded is there; what failed or was rejected is not."""
    assert [key for key, times in shown.items() if times > 1] == []
    for record in job.records:
        for message in record["messages"]:
            there = shown[message["stream"], message["number"]]
            if record["outcome"] == "succeeded" and record["confirm"] != "ack":
                assert there == 1, record
            elif record["outcome"] in ("failed", "rejected"):
                assert there == 0, record


def assert_files_tell_the_truth(job: Outcome, ledger: list[dict[str, Any]]) -> None:
    """Whatever file exists was stored whole, was deleted, or is reported as left over."""
    deleted = {one["entity"] for one in ledger if one["type"] == "FILEDELETE" and one["status"] == "SUCCESS"}
    for record in job.records:
        for stored in record["stored_files"]:
            creates = [
                one
                for one in ledger
                if one["type"] == "FILECREATE"
                and one["status"] == "SUCCESS"
                and one["transaction_id"] == stored["transaction_id"]
            ]
            assert len(creates) <= 1
            if record["outcome"] == "succeeded":
                assert len(creates) == 1
                appended = [
                    one
                    for one in ledger
                    if one["type"] == "FILEAPPEND" and one["status"] == "SUCCESS" and one["entity"] == stored["file_id"]
                ]
                assert len(appended) == 2, "no append is lost, none is repeated"
            elif creates and creates[0]["entity"] not in deleted:
                assert stored["leftover"] in ("left", "uncertain"), record
            if stored["leftover"] == "deleted":
                assert stored["file_id"] in deleted
