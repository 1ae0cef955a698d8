"""A small version of the calibration of consensus's two moments (`make calibrate`): two workers, held to the ledger."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.moments.__main__ import line
from benchmarks.moments.held import MissingError
from benchmarks.moments.runs import NotRunError, Told, ended, run

pytestmark = pytest.mark.timeout(240)  # the first of these tests waits for a whole run

LATENCY = "testnet"
BUSY_WAY_S = 0.5
"""Other tests share the two cores, so the way may take longer here; the two moments are two seconds apart."""

Change = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def told() -> Told:
    """What a run of two workers left: some 200 messages, on a network with the public profile's latency."""
    return run(workers=2, rate=30, seconds=12, latency=LATENCY)


def missed(told: Told) -> list[str]:
    """What was not held."""
    return [line(check) for check in told.held(LATENCY, BUSY_WAY_S) if not check.kept]


def changed(told: Told, change: Change) -> Told:
    """The same run, with another truth: `change` returns what is different in an entry."""
    return replace(told, ledger=[entry | change(entry) if entry["consensus"] else entry for entry in told.ledger])


def test_a_swarm_tells_both_moments_as_the_ledger_has_them(told: Told) -> None:
    """Timestamp and receipt, message by message and in distribution."""
    assert not (found := missed(told)), "\n".join(found)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda entry: {"consensus": entry["known"]}, "timestamped: each in the report's histogram"),  # one moment only
        (lambda entry: {"consensus": entry["consensus"] + 0.01}, "timestamped: each in the report's histogram"),
        (lambda entry: {"arrival": entry["arrival"] + 5}, "timestamped: arrived after it was prepared"),
        (lambda entry: {"known": entry["consensus"]}, "final: known within what is said to be our looking"),
        (lambda entry: {"known": entry["receipt_served"] + 0.01}, "final: known, then served, then received"),
        (lambda entry: {"receipt_served": entry["known"] + 10}, "final: known, then served, then received"),
    ],
    ids=["one moment", "stamped later", "arrived later", "known at once", "known later", "served later"],
)
def test_another_truth_is_noticed(told: Told, change: Change, named: str) -> None:
    """The same run is not held where the ledger says something else."""
    assert any(named in one for one in missed(changed(told, change)))


def test_a_message_that_the_ledger_does_not_know_is_noticed(told: Told) -> None:
    """Every message that a sender had a receipt of is looked for, and its sequence number too."""
    with pytest.raises(MissingError):
        replace(told, ledger=told.ledger[:-1]).held(LATENCY)
    with pytest.raises(MissingError):
        changed(told, lambda entry: {"sequence_number": (entry["sequence_number"] or 0) + 1}).held(LATENCY)


def test_a_run_that_takes_too_long_is_ended() -> None:
    """And so are its children."""
    words = [sys.executable, "-c", "import os, time; os.fork(); print(os.getpid(), flush=True); time.sleep(60)"]
    began = time.monotonic()
    with pytest.raises(NotRunError, match="had not ended"):
        ended(words, dict(os.environ), 1)
    assert time.monotonic() - began < 30  # a child that lived would hold the pipe open


def test_a_record_that_was_lost_is_noticed(told: Told) -> None:
    """The report and the records are of the same operations."""
    assert any("messages: records, report" in one for one in missed(replace(told, records=told.records[1:])))


def test_a_clock_that_was_corrected_is_noticed(told: Told) -> None:
    """All is one machine: a report that finds its clocks apart has not measured what the ledger has."""
    audit = told.report["audit"]
    wrong = [one | {"correction_ms": 3.0} for one in audit["clock"]["senders"]]
    report = told.report | {"audit": audit | {"clock": audit["clock"] | {"senders": wrong}}}
    assert any("clock:" in one for one in missed(replace(told, report=report)))


@pytest.mark.parametrize(("phase", "named"), [("consensus", "timestamped: p95"), ("", "final, as served: p95")])
def test_a_figure_that_is_off_is_noticed(told: Told, phase: str, named: str) -> None:
    """A 95th percentile that is a tenth lower than the truth, or two and a half seconds above it."""
    for change in (lambda ms: 0.9 * ms, lambda ms: ms + 2_500):
        (operation,) = told.report["operations"]
        figures = operation["phases_ms"][phase] if phase else operation["latency_ms"]
        wrong = figures | {"p95": change(figures["p95"])}
        part = {"phases_ms": operation["phases_ms"] | {phase: wrong}} if phase else {"latency_ms": wrong}
        report = told.report | {"operations": [operation | part]}
        assert any(named in one for one in missed(replace(told, report=report)))
