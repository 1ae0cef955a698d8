"""Histograms keep three significant digits and merge exactly; what is measured reaches the report as it was."""

from __future__ import annotations

import gc
import random
import weakref
from typing import Any

import msgpack
import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given, settings
from hypothesis import strategies as st

from records.operation import OperationRecord, Outcome
from reports.collect.collector import Collector
from reports.measure.distribution import HIGHEST_US, LOWEST_US, SIGNIFICANT_DIGITS, Distribution
from reports.measure.recorder import Recorder
from tests.reports.ledger import run

SHARES = (0.5, 0.9, 0.95, 0.99, 0.999)


def filled(values: list[float]) -> Distribution:
    """A histogram of these durations."""
    distribution = Distribution()
    for value in values:
        distribution.record(value)
    return distribution


@given(st.lists(st.lists(st.floats(0, 4000), max_size=50), min_size=4, max_size=4))
@settings(deadline=None)
def test_four_workers_merge_to_one_histogram(parts: list[list[float]]) -> None:
    """What four workers send, in two deltas each, is bucket for bucket the histogram of all values."""
    merged = Distribution()
    for part in parts:
        for half in (part[::2], part[1::2]):
            merged.merge_dump(msgpack.unpackb(msgpack.packb(filled(half).dump())))
    whole = filled([value for part in parts for value in part])
    assert merged.count == whole.count
    assert merged.summary() == whole.summary()
    assert merged.buckets() == whole.buckets()


@pytest.mark.parametrize("shape", ["lognormal", "bimodal", "tenth of a millisecond", "an hour"])
def test_percentiles_are_within_one_percent(shape: str) -> None:
    """p50 to p99.9 are within 1 % of the exact ones, before merging and after, also for very short and two-humped."""
    source = np.random.default_rng(5)
    values = {
        "lognormal": source.lognormal(-3, 1, 20_000),
        "bimodal": np.concatenate([source.normal(0.01, 0.001, 10_000), source.normal(2, 0.1, 10_001)]),
        "tenth of a millisecond": source.normal(1e-4, 1e-5, 20_000),
        "an hour": source.uniform(1000, 3600, 20_000),
    }[shape]
    source.shuffle(values)
    merged = Distribution()
    for part in np.array_split(values, 4):
        merged.merge_dump(filled(part.tolist()).dump())
    for distribution in (filled(values.tolist()), merged):
        for share in SHARES:
            exact = float(np.quantile(values, share, method="inverted_cdf"))
            assert distribution.quantile(share) == pytest.approx(exact, rel=0.01), share
        assert distribution.summary().mean == pytest.approx(1000 * float(values.mean()), rel=0.01)  # type: ignore[union-attr]


def test_three_digits_are_kept_over_the_whole_range() -> None:
    """From a microsecond to an hour a value alone is told to a thousandth of itself."""
    source = random.Random(3)
    for _ in range(300):
        value = round(10 ** source.uniform(-6, 3.55), 6)
        assert filled([value, value, value * 1.5]).quantile(0.5) == pytest.approx(value, rel=0.001), value


@given(st.lists(st.floats(0, 3600), min_size=1, max_size=40))
@settings(deadline=None, max_examples=25)
def test_buckets_are_those_of_the_histogram(values: list[float]) -> None:
    """Bounds and counts of the buckets are what HdrHistogram itself says of every value that was recorded."""
    reference = HdrHistogram(LOWEST_US, HIGHEST_US, SIGNIFICANT_DIGITS)
    for value in values:
        reference.record_value(max(1, round(value * 1e6)))
    expected = [
        (
            reference.get_lowest_equivalent_value(item.value_iterated_to),
            reference.get_highest_equivalent_value(item.value_iterated_to),
            item.count_at_value_iterated_to,
        )
        for item in reference.get_recorded_iterator()
    ]
    assert filled(values).buckets() == expected


class Rows:
    """Takes the rows for the audit."""

    def __init__(self) -> None:
        self.count = 0

    def append(self, sender: str, rows: dict[str, list[list[Any]]]) -> None:
        """Count them."""
        self.count += sum(map(len, rows.values()))


def deltas(worker: int, operations: int, count: int) -> list[dict[str, Any]]:
    """The deltas of a worker that did so many operations, as Locust carries them."""
    recorder, source, made = Recorder(0.0), random.Random(worker), []
    closed = dict.fromkeys((outcome.value for outcome in Outcome), 0)
    for sequence in range(1, count + 1):
        for index in range(operations // count):
            outcome = source.choice(list(Outcome))
            record = OperationRecord("hcs.submit", None, None, "receipt", 1.0 + index, 1.0 + index, source.random())
            record.outcome, record.status, record.phases_s = outcome, "BUSY", {"ack": source.random()}
            closed[outcome] += 1
            recorder.record(record)
        measurements, rows = recorder.take()
        delta = {
            "run": run().run_id,
            "sequence": sequence,
            "final": sequence == count,
            "at": float(sequence),
            "host": "h",
            "measurements": measurements.dump(),
            "rows": rows,
            "totals": {"hcs.submit|": dict(closed)},
            "sources": {},
            "resources": {},
            "usage": {"resolution_s": 1, "points": [[sequence, [1e6, 5e5, 9.0, 3.0], [1, 1, 1, 1]]]},
            "clock": None,
        }
        made.append(msgpack.unpackb(msgpack.packb(delta)))
    return made


def test_a_distribution_leaves_nothing_to_the_garbage_collector() -> None:
    """A histogram takes 190 kB, and several come with each delta: they are to be gone when they are not needed."""
    gc.collect()
    gc.disable()
    try:
        one, other = Distribution(), Distribution()
        one.record(0.1)
        other.merge_dump(one.dump())
        assert other.quantile(0.5) == pytest.approx(0.1, rel=0.001)
        histograms = [weakref.ref(each._histogram) for each in (one, other)]
        del one, other
        assert [each() for each in histograms] == [None, None]
        assert not [each for each in gc.get_objects() if isinstance(each, HdrHistogram)]
    finally:
        gc.enable()


@given(order=st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=15)
def test_deltas_count_once_in_any_order(order: random.Random) -> None:
    """Deltas of three workers overtake each other, and some come twice: every operation counts once."""
    sent = [(f"w{worker}", delta) for worker in range(3) for delta in deltas(worker, 40, 4)]
    straight, mixed = Collector(run(), Rows()), Collector(run(), Rows())
    for name, delta in sent:
        straight.merge(name, delta)
    shuffled = [*sent, *order.sample(sent, 4)]
    order.shuffle(shuffled)
    for name, delta in shuffled:
        mixed.merge(name, delta)
    assert mixed.silent == straight.silent == []
    assert counts(mixed) == counts(straight)
    assert sum(next(iter(counts(mixed).values()))[0].values()) == 120
    assert all(not sender.seen.ahead for sender in mixed.senders.values()), "nothing grows with the number of deltas"


def counts(collector: Collector) -> dict[str, Any]:
    """Counts and latency figures by operation."""
    return {
        key.dump(): (dict(measure.counts), measure.latency.summary(), measure.latency_failed.summary())
        for key, measure in collector.measurements.operations.items()
    }


def test_a_missing_delta_is_missed() -> None:
    """A worker whose last delta came, but not the one before, is not complete."""
    collector = Collector(run(), Rows())
    collector.expect(["w0", "w9"])
    first, _, last = deltas(0, 30, 3)
    for delta in (first, last):
        collector.merge("w0", delta)
    assert collector.silent == ["w0", "w9"]
    quiet = Collector(run(), Rows())
    for delta in (
        first,
        {**last, "measurements": {**last["measurements"], "operations": {}}, "totals": first["totals"]},
    ):
        quiet.merge("w0", delta)
    assert quiet.silent == ["w0"], "what it missed counted nothing, but may have held something else"


def test_a_checkpoint_is_taken_up_where_it_was_left() -> None:
    """What was dumped, restored and merged on is what one collector would have held."""
    sent = [("w0", delta) for delta in deltas(0, 40, 4)]
    whole, before, after = (Collector(run(), Rows()) for _ in range(3))
    for name, delta in sent:
        whole.merge(name, delta)
    for name, delta in sent[:2]:
        before.merge(name, delta)
    after.restore(msgpack.unpackb(msgpack.packb(before.dump())))
    assert after.silent == ["w0"]
    for name, delta in sent[1:]:
        after.merge(name, delta)
    assert counts(after) == counts(whole)
    assert after.silent == []
    assert after.dump()["senders"] == whole.dump()["senders"]


def test_another_runs_delta_changes_nothing() -> None:
    """A worker that is late with the run before does not mix it into this one."""
    collector = Collector(run(), Rows())
    collector.merge("w0", {**deltas(0, 4, 1)[0], "run": "another"})
    assert collector.senders == {}
