"""A stall of the network during constant arrivals shows in response times as theory says; latencies hide it.

How busy the machine is says nothing here: what is exact is held against stamps that were taken beside the report, and
theory is a lower bound, for noise only ever makes a wait longer.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

RATE, USERS, CONSENSUS_S, STALL_AT_S, STALL_S, LENGTH_S = 40, 4, 0.02, 4.0, 3.0, 16
FIGURES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "max": 1.0}
TICK_S = 0.05
"""What may lie between the end of an operation and the listener's look at the clock, or two looks at two clocks."""


def figures_ms(values: Iterable[float]) -> dict[str, float]:
    """Quantiles of durations in seconds, as the report gives them."""
    seconds = list(values)
    return {name: 1000 * float(np.quantile(seconds, share, method="inverted_cdf")) for name, share in FIGURES.items()}


def theory(count: int, service_s: float) -> list[float]:
    """Response times that a queue with USERS servers makes of `count` constant arrivals, in seconds.

    Each takes `service_s`, but one whose consensus falls into the stall takes until the end of the stall.
    """
    begin, end = STALL_AT_S, STALL_AT_S + STALL_S
    free = [0.0] * USERS
    responses = []
    for number in range(count):
        due = 0.7 / RATE + number / RATE  # the stall falls between two arrivals; where exactly does not matter
        start = max(due, heapq.heappop(free))
        done = start + service_s
        if begin <= start + CONSENSUS_S < end:
            done = end + service_s - CONSENSUS_S
        heapq.heappush(free, done)
        responses.append(done - due)
    return responses


def test_a_stall_shows_in_response_times_as_theory_says(run_locust: Any, tmp_path: Path) -> None:
    """Anchor 12: everybody who was due during the stall waited for its end; only those in flight had a long latency."""
    plan, stamps = tmp_path / "stall.json", tmp_path / "stamps"
    plan.write_text(json.dumps([{"kind": "stall", "start": STALL_AT_S, "duration": STALL_S}]))
    finished = run_locust(
        *("-f", "tests/e2e/stamped_locustfile.py", "--headless", "--only-summary"),
        *("--users", str(USERS), "--spawn-rate", "50", "--run-time", f"{LENGTH_S}s"),
        *("--arrival-rate", str(RATE), "--arrival-patience", "60", "--receipt-interval", "0.005"),
        *("--localnet-consensus-delay", str(CONSENSUS_S), "--localnet-faults", str(plan), "HcsSubmitter"),
        STAMPS=str(stamps),
    )
    assert finished.exit_code == 0, finished.output
    report = finished.report
    (entry,) = report["operations"]
    assert report["accounting"]["shed"] == 0
    response, latency = entry["response_ms"], entry["latency_ms"]

    due, started, over = np.array(sorted(json.loads(line) for line in stamps.read_text().splitlines())).T
    assert len(due) == entry["succeeded"]
    # They were due at the rate, stall or not, and the report's figures are those of the stamps.
    assert due - due[0] == pytest.approx(np.arange(len(due)) / RATE, abs=0.001)
    for told, stamped in ((response, over - due), (latency, over - started)):
        for figure, value in figures_ms(stamped).items():
            assert told[figure] == pytest.approx(value, rel=0.02, abs=1000 * TICK_S), (figure, told)

    # What theory says of a machine that takes no time of its own is the least that it can be.
    expected = figures_ms(theory(len(due), float(np.min(over - started))))
    assert expected["p90"] > 400 * STALL_S, "the stall is in the theory's response times"
    for figure in FIGURES:
        assert response[figure] > 0.95 * expected[figure] - 1000 * TICK_S, (figure, expected)
    # Those that were due in the stall waited for a free user; only USERS of them were in flight, and show a latency.
    assert latency["p90"] < 0.3 * response["p90"]
    assert latency["max"] > 900 * STALL_S
    delay = entry["segments_ms"]["start_delay"]["mean"]
    assert delay == pytest.approx(response["mean"] - latency["mean"], abs=1)
    assert report["accounting"]["arrivals"]["late"]["no_user"] > 0.8 * STALL_S * RATE
    assert report["run"]["limit"]["by"] == "network"
    assert "while hcs.submit took up to" in report["run"]["limit"]["sentence"]
