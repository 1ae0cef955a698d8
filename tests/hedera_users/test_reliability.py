"""What a run survives, at the figures of the original suite: through the whole stack, on a network that is broken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.load_process.load_process import LoadProcess, Outcome

GIVE_UP_AT_ONCE = {"confirm": "ack", "confirm_timeout": 0.02}
"""An operation whose fate is open asks for its receipt for so long, and no longer."""


@pytest.fixture(scope="module")
def rig() -> Iterator[LoadProcess]:
    """A network with short delays, and a driver."""
    running = LoadProcess("--consensus-delay", "0.1", "--mirror-lag", "0.05", "--throttles", "off")
    yield running
    running.close()


def in_order(job: Outcome) -> list[dict[str, Any]]:
    """A job's records by their start."""
    return sorted(job.records, key=lambda record: record["started_at"])


def test_an_operation_recovers_within_three_attempts(rig: LoadProcess) -> None:
    """Two refusals, then success: the third attempt brings it."""
    job = rig.do({"messages": 1}, faults=[{"kind": "not-created", "count": 2}])
    (record,) = job.records
    assert (record["outcome"], record["attempts"]) == ("succeeded", 3)
    assert job.resilience["retries"]["recovered"] == 1
    assert record["segments_s"]["retry_wait"] > 0.02
    assert sum(record["segments_s"].values()) == pytest.approx(record["latency_s"], abs=1e-6)


def test_the_circuit_opens_at_the_fifth_failure_and_closes_after_success(rig: LoadProcess) -> None:
    """Five failures open it, the sixth call is refused, a trial after the recovery time closes it."""
    job = rig.do(
        {"messages": 6, "every_s": 0.02},
        {"messages": 2, "delay_s": 1.6},
        network=rig.one_node(),
        faults=[{"kind": "node-down", "duration": 0.7}],
        settings={"attempts": 1, "queue": 0, "breaker_recovery": 1.0, **GIVE_UP_AT_ONCE},
    )
    assert [record["status"] for record in in_order(job)] == ["UNAVAILABLE"] * 5 + ["CIRCUIT_OPEN"] + ["SUCCESS"] * 2
    assert [record["outcome"] for record in in_order(job)][5] == "rejected"
    assert in_order(job)[5]["ended_in"] == "circuit"
    assert job.transitions()["0/hcs@0.0.3"] == [("closed", "open"), ("open", "half-open"), ("half-open", "closed")]


def open_circuit(rig: LoadProcess, waiting: int, **settings: Any) -> Outcome:
    """One node goes down and opens its circuit; `waiting` operations come while it is open."""
    return rig.do(
        {"messages": 5, "every_s": 0.02},
        *[{"messages": 1, "delay_s": 0.4 + 0.02 * number} for number in range(waiting)],
        network=rig.one_node(),
        faults=[{"kind": "node-down", "duration": 0.35}],
        settings={"attempts": 1, "breaker_recovery": 1.5, **GIVE_UP_AT_ONCE, **settings},
    )


def test_the_queue_fills_rejects_the_next_and_drains_in_order(rig: LoadProcess) -> None:
    """Five wait at the open circuit, three are told at once that there is no room, and the five go in their order."""
    job = open_circuit(rig, 8, queue=5)
    waited = in_order(job)[5:]
    assert [record["status"] for record in waited] == ["SUCCESS"] * 5 + ["QUEUE_FULL"] * 3
    assert {record["outcome"] for record in waited[5:]} == {"rejected"}
    assert [stream for stream, _ in rig.topic(job)] == [record["messages"][0]["stream"] for record in waited[:5]]
    queue = job.resilience["queue"]
    assert (queue["capacity"], queue["max_depth"], queue["enqueued"], queue["drained"], queue["rejected"]) == (
        *(5, 5, 5, 5, 3),
    )
    waits = waited[0]["segments_s"]
    assert waits.get("circuit_wait", 0) + waits.get("queue", 0) > 0.5


def test_what_waits_too_long_in_the_queue_expires(rig: LoadProcess) -> None:
    """An entry leaves the queue when its time is over, is counted so, and was never sent."""
    job = open_circuit(rig, 3, queue=10, queue_expiry=0.3)
    waited = in_order(job)[5:]
    assert [record["status"] for record in waited] == ["QUEUE_EXPIRED"] * 3
    assert [record["attempts"] for record in waited] == [0] * 3
    assert job.resilience["queue"]["expired"] == 3


def test_twenty_submits_in_batches_of_five_and_eight_stores(rig: LoadProcess) -> None:
    """20 submits at once, no more than 5 of them on their way, and 8 stores at once: all succeed, all is there."""
    job = rig.do(*[{"messages": 1}] * 20, *[{"files": 1}] * 8, settings={"concurrency": "5"})
    assert job.outcomes("hcs.submit") == {"succeeded": 20}
    assert job.outcomes("hfs.store") == {"succeeded": 8}
    assert job.outcomes("hfs.fetch") == {"succeeded": 8}
    assert sum(rig.shown(job).values()) == 20


def test_a_lost_acknowledgement_makes_no_second_message(rig: LoadProcess) -> None:
    """The answer is lost after the network took it; the same id is sent again, and one message stands on the topic."""
    job = rig.do(
        {"messages": 3}, faults=[{"kind": "ack-lost", "operations": ["submitMessage"], "how": "reset", "count": 2}]
    )
    assert job.outcomes() == {"succeeded": 3}
    assert set(rig.shown(job).values()) == {1}
    assert sum(record["attempts"] for record in job.records) == 5
    assert all(len(record["transaction_ids"]) == 1 for record in job.records)


def test_a_chunked_message_goes_on_at_the_chunk_that_failed(rig: LoadProcess) -> None:
    """Three chunks, one acknowledgement lost: three transactions reach consensus, and the message is whole."""
    job = rig.do(
        {"messages": 1},
        faults=[{"kind": "ack-lost", "operations": ["submitMessage"], "how": "reset", "count": 1}],
        message_bytes=2500,
    )
    assert job.outcomes() == {"succeeded": 1}
    landed = [one for one in rig.ledger() if one["type"] == "CONSENSUSSUBMITMESSAGE" and one["status"] == "SUCCESS"]
    assert len(landed) == 3


def test_a_refused_transaction_gets_a_new_id_before_its_own_expires(rig: LoadProcess) -> None:
    """Every attempt was refused, so nothing can have happened: the id is replaced when it has not long to live."""
    job = rig.do(
        {"messages": 1},
        faults=[{"kind": "status", "status": "BUSY", "operations": ["submitMessage"], "duration": 1.5}],
        settings={"valid_duration": 16, "attempts": 50, "retry_budget": 0},
    )
    (record,) = job.records
    assert record["outcome"] == "succeeded", record
    assert len(record["transaction_ids"]) == record["attempts"] > 2, "each attempt of a short-lived id has its own"
    assert set(rig.shown(job).values()) == {1}


def test_an_outage_of_all_nodes_leaves_nothing_unsettled(rig: LoadProcess) -> None:
    """Answers are lost while all nodes hang; every operation is settled once they are back, nothing twice."""
    job = rig.do(
        *[{"messages": 3, "every_s": 0.05}] * 6,
        faults=[
            {"kind": "ack-lost", "operations": ["submitMessage"], "how": "hang", "duration": 0.3},
            {"kind": "node-hang", "start": 0.3, "duration": 1.0},
        ],
    )
    assert job.outcomes() == {"succeeded": 18}
    assert set(rig.shown(job).values()) == {1}
    assert len(rig.shown(job)) == 18


def test_a_file_that_cannot_be_completed_is_deleted(rig: LoadProcess) -> None:
    """Its second chunk is refused for good: the file is deleted, and the record says so."""
    job = rig.do(
        {"files": 1},
        faults=[{"kind": "status", "operations": ["appendContent"], "status": "INVALID_SIGNATURE", "count": 1}],
    )
    (record,) = job.records
    assert (record["outcome"], record["status"], record["ended_in"]) == ("failed", "INVALID_SIGNATURE", "ack")
    assert record["stored_files"][0]["leftover"] == "deleted"
    deleted = [one for one in rig.ledger() if one["type"] == "FILEDELETE"]
    assert [(one["status"], one["entity"]) for one in deleted] == [("SUCCESS", record["stored_files"][0]["file_id"])]


def test_a_file_whose_writer_is_killed_is_deleted_behind_it(rig: LoadProcess) -> None:
    """The end of the run cuts a store off: what it had begun is cleared away before the session closes."""
    job = rig.do(*[{"files": 1}] * 4, stop_after_s=0.25)
    assert job.pending == 0
    assert {record["status"] for record in job.records} == {"STOPPED"}
    created = {one["entity"] for one in rig.ledger() if one["type"] == "FILECREATE" and one["status"] == "SUCCESS"}
    deleted = {one["entity"] for one in rig.ledger() if one["type"] == "FILEDELETE" and one["status"] == "SUCCESS"}
    assert created
    assert created == deleted
    assert {record["stored_files"][0]["leftover"] for record in job.records} == {"deleted"}


def test_the_queued_level_measures_the_hand_over_and_delivers_in_order(rig: LoadProcess) -> None:
    """Its users go on at once; every message arrives all the same, each stream's in the order it was handed over."""
    job = rig.do(*[{"messages": 10}] * 4, settings={"confirm": "queued"})
    assert job.outcomes() == {"succeeded": 40}
    assert job.users_s < 1.0, "ten receipts one after another would take more"
    assert max(record["latency_s"] for record in job.records) < 0.1
    for number in range(1, 5):
        mine = [one for one in job.records if one["messages"][0]["stream"] == f"0.{number}"]
        mine.sort(key=lambda record: record["messages"][0]["number"])
        places = [record["messages"][0]["sequence_number"] for record in mine]
        assert places == sorted(places)


def test_what_is_left_in_the_queue_at_the_end_is_reported(rig: LoadProcess) -> None:
    """The network stays away: what was handed over and never sent closes as rejected when the drain time is over."""
    job = rig.do(
        {"messages": 10},
        network=rig.one_node(),
        faults=[{"kind": "node-down"}],
        settings={"confirm": "queued", "breaker_recovery": 30, "queue_expiry": 60},
        drain_s=1.0,
    )
    assert len(job.records) == 10
    assert job.pending == 0
    assert job.outcomes()["rejected"] >= 5
    assert "succeeded" not in job.outcomes()
    assert not rig.shown(job)


def test_a_deadline_ends_an_operation(rig: LoadProcess) -> None:
    """No attempt begins after the operation's time is over, and none may take longer than what is left of it."""
    job = rig.do(
        {"messages": 1},
        faults=[{"kind": "node-hang"}],
        settings={"deadline": 0.8, "rpc_timeout": 5, "attempts": 50},
    )
    (record,) = job.records
    assert record["outcome"] == "unknown"
    assert record["latency_s"] < 3.0


def status(name: str, *operations: str) -> dict[str, Any]:
    """A fault: nodes answer these gRPC methods, or all transactions, with a status."""
    return {"kind": "status", "status": name, **({"operations": list(operations)} if operations else {})}


BETWEEN_ATTEMPTS = {"attempts": 50, "backoff": 0.3, "backoff_max": 8, "queue": 0, "breaker_failures": 100}
"""Attempts at about 0, 0.3, 0.9 and 2.1 s: a stop after 1.5 s comes between two of them on a busy machine too."""


@pytest.mark.parametrize(
    ("name", "stream", "fault", "ended"),
    [
        ("hcs.submit", "messages", status("BUSY"), "BUSY"),
        ("hcs.submit", "messages", status("PLATFORM_NOT_ACTIVE"), "PLATFORM_NOT_ACTIVE"),
        ("hcs.submit", "messages", {"kind": "not-created"}, "PLATFORM_TRANSACTION_NOT_CREATED"),
        ("hfs.store", "files", status("BUSY", "createFile"), "BUSY"),
        ("hfs.fetch", "files", status("BUSY", "getFileContent"), "BUSY"),
        ("relay.eth_blockNumber", "reads", {"kind": "relay-limit"}, "RELAY_RATE_LIMITED"),
        ("relay.eth_blockNumber", "reads", {"kind": "relay-error"}, "HTTP_503"),
    ],
)
def test_refused_everywhere_has_failed_when_the_end_of_the_run_cuts_it_off(
    rig: LoadProcess, name: str, stream: str, fault: dict[str, Any], ended: str
) -> None:
    """Every answer said that nothing had happened, and the stop comes between two attempts: nothing is unknown."""
    job = rig.do(
        {stream: 1},
        faults=[fault],
        settings=BETWEEN_ATTEMPTS,
        stop_after_s=1.5,
    )
    (record,) = (one for one in job.records if one["name"] == name)
    assert (record["outcome"], record["status"]) == ("failed", ended)
    assert record["attempts"] >= 2
    assert "unknown" not in {one["outcome"] for one in job.records}


def test_addresses_at_which_nobody_listens_accept_nothing(rig: LoadProcess) -> None:
    """A connection that is refused has carried nothing: failed, and not unknown, when the run ends between attempts."""
    dead = rig.network.model_copy(update={"nodes": {"127.0.0.1:9": "0.0.3", "127.0.0.1:13": "0.0.4"}})
    job = rig.do({"messages": 1}, network=dead, settings=BETWEEN_ATTEMPTS, stop_after_s=1.5)
    (record,) = job.records
    assert (record["outcome"], record["status"], record["attempts"] >= 2) == ("failed", "UNAVAILABLE", True)
