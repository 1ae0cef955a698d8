"""Levels are compared apart, and records close in any order: a queued one is settled long after its user went on."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from config.levels import LEVELS
from records.operation import Arm, OperationRecord, Outcome
from reports.judge.overhead import overhead
from reports.measure.measurements import Measurements
from reports.measure.recorder import Recorder
from reports.render.console import render_console
from reports.wording.overhead import summary
from tests.reports.ledger import Mirror, Topic, audit, message, record, write_journal
from tests.reports.sample import sample_report

BEGAN = 1_795_500_000.0


def pair_records(pairs: int) -> list[OperationRecord]:
    """Both arms of pairs at every level; a queued one is done for its user after a millisecond."""
    records = []
    for number in range(pairs):
        level = LEVELS[number % len(LEVELS)]
        extra = {"queued": 0.001, "ack": 0.005, "receipt": 2.0, "mirror": 3.0}[level] + (7919 * number % 97) / 1e6
        for arm, confirm, took in ((Arm.BASELINE, "", 0.05), (Arm.HEDERA, level, 0.05 + extra)):
            at = BEGAN + number / 10
            pair = f"0.1.{level}.{number}"
            records.append(OperationRecord("audit-event", arm, pair, confirm, at, at, took, Outcome.SUCCEEDED))
            records[-1].status = "SUCCESS"
    return records


def measured(records: list[OperationRecord], cut: int) -> Measurements:
    """What is known after two slices, the second from the `cut`-th record on."""
    recorder, whole = Recorder(BEGAN), Measurements(BEGAN)
    for part in (records[:cut], records[cut:]):
        for one in part:
            recorder.record(one)
        whole.merge_dump(recorder.take()[0].dump())
    return whole


@given(st.randoms(use_true_random=False), st.integers(0, 240))
def test_records_may_close_in_any_order(order: random.Random, cut: int) -> None:
    """The same pairs, counts, points and curves, whichever closes first and whichever slice it falls into."""
    records = pair_records(120)
    shuffled = order.sample(records, len(records))
    expected, found = measured(records, len(records)), measured(shuffled, cut)
    assert found.pairs.samples.keys() == expected.pairs.samples.keys() == {("audit-event", one) for one in LEVELS}
    for key, sample in found.pairs.samples.items():
        assert (sample.complete, sample.broken, sample.kept) == (30, 0, expected.pairs.samples[key].kept)
    assert {key: measure.counts for key, measure in found.operations.items()} == {
        key: measure.counts for key, measure in expected.operations.items()
    }
    assert found.timeline.dump()["resolution_s"] == 1
    assert points(found) == points(expected)


def points(measurements: Measurements) -> dict[Any, Any]:
    """The timeline, without the order in which its points were made."""
    return {
        key: {slot: (point.counts, sorted(point.buckets.items())) for slot, point in series.items()}
        for key, series in measurements.timeline.series.items()
    }


def test_each_level_has_pairs_and_an_answer_of_its_own() -> None:
    """One run tells what each level would cost, in the order in which they are reached."""
    entries = overhead(measured(pair_records(120), 50).pairs.samples, seed=1)
    assert [entry["confirm"] for entry in entries] == list(LEVELS)
    costs = [entry["absolute_ms"]["estimate"] for entry in entries]
    assert [round(cost) for cost in costs] == [1, 5, 2000, 3000]


def test_what_was_queued_may_overtake(tmp_path: Path) -> None:
    """A queue delivers several messages at once, and an acknowledgement fixes no order: they changed places."""
    topic = Topic()
    for number in (3, 1, 2):
        topic.write(message("a", number))
    for level in ("queued", "ack"):
        records = [record("a", number, None) for number in (1, 2, 3)]
        for one in records:
            one.confirm = level
        folder = tmp_path / level
        folder.mkdir()
        result = audit(write_journal(folder, records), Mirror(topic.rows))
        assert result["delivered"] == 3
        assert (result["out_of_order"], result["reordered"]) == (0, 1), level


def test_levels_that_cannot_be_told_stand_at_the_end_of_the_sentence() -> None:
    """What is known comes first; what is not is named once."""

    def entry(confirm: str, conclusion: str, short: str = "", percent: float | None = None) -> dict[str, Any]:
        return {
            "operation": "audit-event",
            "confirm": confirm,
            "conclusion": conclusion,
            "short": short,
            "verdict": "Cannot tell.",
            "relative_pct": {"estimate": percent, "ci95": None if percent is None else [0.95 * percent, 1.1 * percent]},
        }

    entries = [
        entry("queued", "cannot tell"),
        entry("ack", "costs", "9.2 ms (between 8.8 and 9.6 ms)", 18.0),
        entry("receipt", "costs", "702 ms (between 682 and 722 ms)", 1_376.0),
        entry("mirror", "cannot tell"),
    ]
    assert summary(entries) == (
        "Hedera adds, per audit event: 9.2 ms (between 8.8 and 9.6 ms; +18 %, between +17 % and +20 %) to the node's "
        "acknowledgement and 702 ms (between 682 and 722 ms) to the receipt. "
        "This run cannot tell what it adds to the client's own queue and the mirror."
    )
    assert summary(entries[:2], "on testnet").endswith(
        "to the node's acknowledgement, on testnet. This run cannot tell what it adds to the client's own queue."
    )


def test_a_level_that_takes_less_or_no_longer_is_told_as_such() -> None:
    """Beside levels that add something, none is told to add what it saves."""

    def entry(confirm: str, conclusion: str, short: str) -> dict[str, Any]:
        told = {"operation": "mine", "confirm": confirm, "conclusion": conclusion, "short": short}
        return told | {"verdict": "", "relative_pct": {"estimate": -40.0, "ci95": [-45.0, -35.0]}}

    entries = [
        entry("ack", "saves", "5 ms (between 4 and 6 ms)"),
        entry("receipt", "no difference", "nothing above 3.00 ms"),
    ]
    assert summary(entries) == (
        "Hedera adds, per mine: 5 ms less (between 4 and 6 ms; -40 %, between -45 % and -35 %) to the node's "
        "acknowledgement and nothing above 3.00 ms to the receipt."
    )


def test_levels_of_one_operation_are_told_apart_in_the_terminal(tmp_path: Path) -> None:
    """Where there are several; a run at one level names none."""
    report = sample_report(tmp_path, pairs=90)
    rows = [line.split("  ")[1] for line in render_console(report, "").splitlines() if line.startswith("  audit-event")]
    assert rows == ["audit-event", *(f"audit-event ({level})" for level in ("ack", "receipt", "mirror"))]
    one = next(entry for entry in report["operations"] if entry["confirm"] == "receipt")
    assert "(receipt)" not in render_console({**report, "operations": [one]}, "").partition("operation ")[2]
