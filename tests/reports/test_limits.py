"""The one line on what limited a run names the generator, the client's policy or the network, whoever it was."""

from __future__ import annotations

from typing import Any

import pytest

from hedera_client.status import PRECHECK, RECEIPT, RELAY, TRANSPORT
from reports.judge.limits import limit
from reports.wording.causes import cause_of


def report(**changes: Any) -> dict[str, Any]:
    """A run of 10,000 operations that nothing limited, with `changes`."""
    process = {
        "name": "local",
        "cpu_percent": {"mean": 30.0, "max": 95.0},
        "samples": [[float(t), 30.0, 1.0] for t in range(60)],
    }
    latency = {"mean": 120.0}
    return {
        "accounting": {"scheduled": 10_000, "shed": 0},
        "resources": {"processes": [process]},
        "resilience": {"retries": {"by_status": {}}, "breakers": []},
        "errors": [],
        "operations": [{"name": "audit-event", "arm": "hedera", "succeeded": 10_000, "latency_ms": latency}],
    } | changes


def error(outcome: str, status: str, count: int, phase: str | None = None, cause: str | None = None) -> dict[str, Any]:
    """One kind of error."""
    return {
        "operation": "hcs.submit",
        "arm": None,
        "outcome": outcome,
        "status": status,
        "count": count,
        "phase": phase,
        "cause": cause,
    }


def test_without_any_sign_the_users_set_the_pace() -> None:
    """A quiet run had no limit; a single processor peak is none."""
    found = limit(report())
    assert found["by"] == "none"
    assert "audit events, 120 ms each" in found["sentence"]


def test_under_a_rate_the_schedule_sets_the_pace() -> None:
    """Users who wait for their turn do not begin when they like."""
    due = {"due": 100, "started": 100, "shed": 0, "late": {"no_user": 0, "process": 0}, "latest_ms": 1.0}
    done = {"name": "hcs.submit", "arm": None, "succeeded": 100, "latency_ms": {"mean": 9.0, "p50": 9.0, "max": 9.0}}
    found = limit(report(accounting={"scheduled": 100, "shed": 0, "arrivals": due}, operations=[done]))
    assert found["by"] == "none"
    assert "The schedule set the pace" in found["sentence"]


def test_a_generator_without_processor_time_decides_over_everything() -> None:
    """What else was measured then cannot be trusted, however much of it there is."""
    samples = [[float(t), 99.0 if t % 3 == 0 else 60.0, 1.0] for t in range(60)]
    process = {"name": "worker-1", "cpu_percent": {"mean": 73.0, "max": 99.0}, "samples": samples}
    found = limit(report(resources={"processes": [process]}, errors=[error("failed", "BUSY", 5_000)]))
    assert found["by"] == "generator"
    assert "worker-1 had no processor time left" in found["sentence"]
    assert "over 90 % in 20 of 60 seconds" in found["sentence"]
    assert "BUSY 5,000" in found["evidence"][0]


def test_missed_starts_are_the_generators() -> None:
    """In an open model, starts that found no free user are counted and told."""
    found = limit(report(accounting={"scheduled": 10_000, "shed": 700}))
    assert found["by"] == "generator"
    assert "700 of 10,000 scheduled starts were missed" in found["sentence"]


def late(no_user: int = 0, process: int = 0, latest_ms: float = 900.0) -> dict[str, Any]:
    """The accounting of 10,000 due operations of which some started late."""
    late = {"no_user": no_user, "process": process}
    arrivals = {"due": 10_000, "started": 10_000, "shed": 0, "late": late, "latest_ms": latest_ms}
    return {"scheduled": 10_000, "shed": 0, "arrivals": arrivals}


def took(p50: float, longest: float) -> list[dict[str, Any]]:
    """Operations of one kind."""
    latency = {"mean": p50, "p50": p50, "max": longest}
    return [{"name": "hcs.submit", "arm": None, "succeeded": 10_000, "latency_ms": latency}]


def test_late_starts_are_told_by_their_reason() -> None:
    """No user free: too few of them, unless an operation took many times its median for as long; or no processor."""
    few = limit(report(accounting=late(no_user=300, latest_ms=5_000), operations=took(100, 700)))
    assert few["by"] == "generator"
    assert "300 of 10,000 starts were late, by up to 5.00 s, because no user was free" in few["sentence"]
    stall = limit(report(accounting=late(no_user=300), operations=took(100, 1_000)))
    assert stall["by"] == "network"
    assert "while hcs.submit took up to 1.00 s instead of 100 ms" in stall["sentence"]
    busy = limit(report(accounting=late(process=300), operations=took(100, 1_000)))
    assert busy["by"] == "generator"
    assert "use more workers" in busy["sentence"]


def test_a_few_late_starts_are_no_limit() -> None:
    """Fewer than one in a hundred do not even show in the p99."""
    assert limit(report(accounting=late(no_user=99, process=99), operations=took(100, 1_000)))["by"] == "none"


def test_what_the_client_refused_is_its_policy() -> None:
    """Operations that were never sent are the policy's, with what opened the circuit; the end of the run is not."""
    errors = [
        error("rejected", "CIRCUIT_OPEN", 900),
        error("rejected", "STOPPED", 40),
        error("failed", "UNAVAILABLE", 60),
    ]
    breakers = [{"name": "0/hcs", "opened": 3}]
    found = limit(report(errors=errors, resilience={"retries": {"by_status": {}}, "breakers": breakers}))
    assert found["by"] == "policy"
    assert (
        "900 operations were never sent (CIRCUIT_OPEN 900; circuit breakers opened 3 times after UNAVAILABLE 60)"
        in found["sentence"]
    )
    assert "STOPPED" not in found["sentence"]


def test_busy_and_timeouts_are_the_networks() -> None:
    """Retried and final refusals count together; business refusals do not."""
    resilience = {"retries": {"by_status": {"BUSY": 800, "INVALID_SIGNATURE": 5_000}}, "breakers": []}
    found = limit(report(resilience=resilience, errors=[error("unknown", "RECEIPT_TIMEOUT", 30)]))
    assert found["by"] == "network"
    assert (
        "830 attempts were turned away, broken off or not answered in time (BUSY 800, RECEIPT_TIMEOUT 30)"
        in found["sentence"]
    )


def test_a_handful_of_errors_is_no_limit() -> None:
    """One in a thousand operations says nothing about what a run could have done."""
    assert limit(report(errors=[error("failed", "BUSY", 9)]))["by"] == "none"


@pytest.mark.parametrize(
    "status",
    [
        "INTERNAL",
        "FAIL_INVALID",
        "INVALID_TRANSACTION_START",
        "ABORTED",
        "WAITING_FOR_LEDGER_ID",
        "HTTP_503",
        "UNKNOWN",
    ],
)
def test_whatever_is_no_refusal_of_what_was_asked_is_the_networks(status: str) -> None:
    """Streams that are reset at 40 %, an exception in a node, a clock behind: no list was made for them."""
    retried = limit(report(resilience={"retries": {"by_status": {status: 320}}, "breakers": []}))
    assert retried["by"] == "network"
    assert f"320 attempts were turned away, broken off or not answered in time ({status} 320): " in retried["sentence"]
    assert limit(report(errors=[error("unknown", status, 320)]))["by"] == "network"


@pytest.mark.parametrize(
    "status", ["INVALID_SIGNATURE", "DUPLICATE_TRANSACTION", "CLOSED", "NOBODY_KNOWS_THIS", "STOPPED"]
)
def test_a_refusal_of_what_was_asked_is_no_limit(status: str) -> None:
    assert limit(report(resilience={"retries": {"by_status": {status: 320}}, "breakers": []}))["by"] == "none"
    assert limit(report(errors=[error("failed", status, 320)]))["by"] == "none"


def test_a_run_that_failed_says_what_failed_most() -> None:
    """Statuses that speak of no limit (a fee too low) are named with cause and remedy, those of all nodes as one."""
    cause = "The offered maximum fee was below the price. Update the client: prices follow the exchange rate."
    found = limit(
        report(
            errors=[
                error("failed", "INVALID_TOPIC_ID", 40),
                error("failed", "INSUFFICIENT_TX_FEE", 36),
                error("failed", "INSUFFICIENT_TX_FEE", 34),
                error("unknown", "FAIL_INVALID", 30),
                error("unknown", "STOPPED", 5),
            ]
        )
    )
    assert found["by"] == "none"
    assert found["sentence"] == (
        "Nothing was at its limit, and yet 110 operations did not succeed: hcs.submit most of all, by "
        f"INSUFFICIENT_TX_FEE (70). {cause}"
    )
    assert "FAIL_INVALID 30" in found["evidence"][0], "what the network did stands there too"


def test_every_status_of_the_network_has_a_cause() -> None:
    """Those that nobody wrote a remedy for are told as they are judged; a word that nobody knows is told as it is."""
    for table in (PRECHECK, TRANSPORT, RECEIPT, RELAY):
        assert all(str(cause_of(status)).endswith(".") for status in table)
    assert "relay" in str(cause_of("HTTP_503"))
    assert cause_of("NOBODY_KNOWS_THIS") is None


def test_time_spent_between_attempts_is_the_networks() -> None:
    """Few attempts that were turned away, and long waits after them: where the time went decides."""
    spent = {"ack": {"mean": 50.0}, "retry_wait": {"mean": 150.0}, "receipt": None}
    operation = {"name": "hcs.submit", "arm": None, "succeeded": 500, "latency_ms": {"mean": 200.0}}
    found = limit(report(operations=[operation | {"segments_ms": spent}]))
    assert found["by"] == "network"
    assert "75 % of their time between two attempts" in found["sentence"]


def test_what_the_policy_waited_for_is_told() -> None:
    """Time at an open circuit is the policy's, and what opened it stands beside it."""
    spent = {"ack": {"mean": 50.0}, "circuit_wait": {"mean": 150.0}}
    operation = {"name": "hcs.submit", "arm": None, "succeeded": 500, "latency_ms": {"mean": 200.0}}
    resilience = {"retries": {"by_status": {"INVALID_TRANSACTION_START": 61}}, "breakers": [{"opened": 30}]}
    found = limit(report(operations=[operation | {"segments_ms": spent}], resilience=resilience))
    assert found["by"] == "policy"
    assert "open circuit (circuit breakers opened 30 times after INVALID_TRANSACTION_START 61)" in found["sentence"]


def test_starts_that_a_busy_process_never_came_to_are_told_apart() -> None:
    """More users would not help there."""
    arrivals = late()["arrivals"] | {"behind": 8_000}
    found = limit(report(accounting=late() | {"shed": 9_000, "arrivals": arrivals}, operations=took(100, 200)))
    assert "8,000 of 10,000 scheduled starts were missed, because the process had no time" in found["sentence"]
    assert "use more workers" in found["sentence"]
    assert "1,000 of 10,000 scheduled starts were missed, because no user was free" in found["evidence"][0]


def test_a_schedule_that_never_began_is_told() -> None:
    """`-u 20 -r 1 -t 15s`: the users were not all there when the run was over."""
    arrivals = late()["arrivals"] | {"due": 0, "started": 0}
    found = limit(report(accounting={"scheduled": 0, "shed": 0, "arrivals": arrivals}, operations=[]))
    assert found["by"] == "generator"
    assert "no operation was due before the run was over" in found["sentence"]
    assert "--spawn-rate" in found["sentence"]


def test_what_still_waited_for_the_network_at_the_end_is_the_networks() -> None:
    """A stall that outlasts the run ends every operation by the stop; what they waited for says whose it was."""
    stopped = [error("unknown", "STOPPED", 24, phase="receipt"), error("rejected", "STOPPED", 3)]
    found = limit(report(errors=stopped))
    assert found["by"] == "network"
    assert "24 operations were still waiting for the network when the run ended" in found["sentence"]
    assert limit(report(errors=[error("rejected", "STOPPED", 300)]))["by"] == "none"


def test_time_spent_waiting_for_ones_own_policy_counts() -> None:
    """Where segments are measured, a queue that holds operations back is the policy's, a late start the generator's."""
    whose = {"limiter": "policy", "circuit_wait": "policy", "connection": "policy", "start_delay": "generator"}
    for segment, who in whose.items():
        spent = {"prepare": {"mean": 1.0}, "ack": {"mean": 5.0}, segment: {"mean": 14.0}, "mirror": None}
        operation = {"name": "hcs.submit", "arm": None, "succeeded": 500, "latency_ms": {"mean": 20.0}}
        found = limit(report(operations=[operation | {"segments_ms": spent}]))
        assert found["by"] == who
        assert "70 % of their time" in found["sentence"]
