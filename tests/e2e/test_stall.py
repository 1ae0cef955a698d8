"""A stall of the network during constant arrivals shows in response times as theory says; latencies hide it."""

from __future__ import annotations

import heapq
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

RATE, USERS, CONSENSUS_S, STALL_AT_S, LENGTH_S = 40, 4, 0.02, 4.0, 16
FIGURES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "max": 1.0}


def theory(count: int, service_s: float, stall_s: float) -> dict[str, dict[str, float]]:
    """What a queue with USERS servers makes of `count` constant arrivals, in milliseconds.

    Each takes `service_s`, but one whose consensus falls into the stall takes until the end of the stall.
    """
    begin, end = STALL_AT_S, STALL_AT_S + stall_s
    free = [0.0] * USERS
    responses, latencies = [], []
    for number in range(count):
        due = 0.7 / RATE + number / RATE  # the stall falls between two arrivals; where exactly does not matter
        start = max(due, heapq.heappop(free))
        done = start + service_s
        if begin <= start + CONSENSUS_S < end:
            done = end + service_s - CONSENSUS_S
        heapq.heappush(free, done)
        responses.append(done - due)
        latencies.append(done - start)
    return {
        name: {
            figure: 1000 * float(np.quantile(values, share, method="inverted_cdf")) for figure, share in FIGURES.items()
        }
        for name, values in (("response_ms", responses), ("latency_ms", latencies))
    }


@pytest.mark.parametrize("stall_s", [0.5, 2.0])
def test_a_stall_shows_in_response_times_as_theory_says(run_locust: Any, tmp_path: Path, stall_s: float) -> None:
    """Anchor 12: everybody who was due during the stall waited for its end; only those in flight had a long latency."""
    plan = tmp_path / "stall.json"
    plan.write_text(json.dumps([{"kind": "stall", "start": STALL_AT_S, "duration": stall_s}]))
    finished = run_locust(
        *("--headless", "--only-summary", "--users", str(USERS), "--spawn-rate", "50", "--run-time", f"{LENGTH_S}s"),
        *("--arrival-rate", str(RATE), "--arrival-patience", "60", "--receipt-interval", "0.005"),
        *("--localnet-consensus-delay", str(CONSENSUS_S), "--localnet-faults", str(plan), "HcsSubmitter"),
    )
    assert finished.exit_code == 0, finished.output
    report = finished.report
    (entry,) = report["operations"]
    assert report["accounting"]["shed"] == 0
    expected = theory(entry["succeeded"], entry["latency_ms"]["p50"] / 1000, stall_s)
    response, latency = entry["response_ms"], entry["latency_ms"]
    for figure in FIGURES:
        # What two looks for a receipt and a busy machine may add; a stall that is not in it is missing by much more.
        assert response[figure] == pytest.approx(expected["response_ms"][figure], rel=0.1, abs=150), (figure, expected)
    assert expected["response_ms"]["p99"] > 700 * stall_s, "the stall is in the theory's response times"
    assert response["p99"] > 0.7 * 1000 * stall_s
    # Of all that were due only the USERS in flight at the stall had a long latency: fewer than one in a hundred.
    assert latency["p99"] < 0.3 * 1000 * stall_s
    assert latency["max"] == pytest.approx(expected["latency_ms"]["max"], rel=0.1, abs=150)
    # The difference is the wait for a free user, which the timeline tells apart.
    delay = entry["segments_ms"]["start_delay"]["mean"]
    assert delay == pytest.approx(response["mean"] - latency["mean"], abs=1)
    assert report["accounting"]["arrivals"]["late"]["no_user"] > 0.8 * stall_s * RATE
    assert report["run"]["limit"]["by"] == "network"
    assert "while hcs.submit took up to" in report["run"]["limit"]["sentence"]
