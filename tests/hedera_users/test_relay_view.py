"""How reads from the relay survive: through the whole stack, on a relay that is broken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.load_process.load_process import LoadProcess, Outcome


@pytest.fixture(scope="module")
def rig() -> Iterator[LoadProcess]:
    """A network without delays, and a driver."""
    running = LoadProcess("--latency", "instant", "--throttles", "off")
    yield running
    running.close()


def statuses(job: Outcome) -> list[str]:
    """How a job's operations ended, by their start."""
    return [record["status"] for record in sorted(job.records, key=lambda record: record["started_at"])]


def test_the_relays_circuit_opens_and_closes_again(rig: LoadProcess) -> None:
    """Five HTTP errors open it, the sixth read is refused unsent, and a trial after the recovery time closes it."""
    job = rig.do(
        {"reads": 6, "every_s": 0.02},
        {"reads": 2, "delay_s": 1.6},
        faults=[{"kind": "relay-error", "duration": 0.7}],
        settings={"attempts": 1, "queue": 0, "breaker_recovery": 1.0},
    )
    assert statuses(job) == ["HTTP_503"] * 5 + ["CIRCUIT_OPEN"] + ["SUCCESS"] * 2
    refused = [record for record in job.records if record["status"] == "CIRCUIT_OPEN"]
    assert [(one["outcome"], one["attempts"], one["ended_in"]) for one in refused] == [("rejected", 0, "circuit")]
    assert job.outcomes("relay.eth_blockNumber") == {"failed": 5, "rejected": 1, "succeeded": 2}
    changes = job.transitions()
    assert changes.pop("0/relay") == [("closed", "open"), ("open", "half-open"), ("half-open", "closed")]
    assert not any(changes.values()), "nodes and mirror have nothing to do with it"


def test_reads_wait_for_an_open_circuit_in_the_queue(rig: LoadProcess) -> None:
    """With retries and a queue, a short outage costs time and no read."""
    job = rig.do(
        *[{"reads": 1}] * 8,
        faults=[{"kind": "relay-error", "duration": 0.4}],
        settings={"attempts": 10, "queue": 20, "breaker_recovery": 0.3},
    )
    assert job.outcomes("relay.eth_blockNumber") == {"succeeded": 8}
    assert job.resilience["queue"]["drained"] > 0
    assert all(record["latency_s"] == pytest.approx(sum(record["segments_s"].values())) for record in job.records)


def test_a_rate_limit_is_waited_for_and_opens_nothing(rig: LoadProcess) -> None:
    """Being asked for a slower pace says nothing against the relay's health."""
    job = rig.do({"reads": 1}, faults=[{"kind": "relay-limit", "count": 5}])
    (record,) = job.records
    assert (record["outcome"], record["attempts"], record["confirm"]) == ("succeeded", 6, "")
    assert job.resilience["retries"]["by_status"] == {"RELAY_RATE_LIMITED": 5}
    assert job.transitions()["0/relay"] == []
