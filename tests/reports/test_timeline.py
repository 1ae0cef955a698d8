"""The parts of an operation's time add up to the whole, and what is kept of a run does not grow with its length."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records.operation import SEGMENTS, OperationRecord, Outcome
from records.stopwatch import Stopwatch
from reports.judge.operations import operations
from reports.measure.keys import OperationKey
from reports.measure.measurements import Measurements
from reports.measure.slowest import KEPT
from reports.measure.timeline import MAX_POINTS, Timeline

# What an operation may do between two instants: enter a segment, leave one, claim a wait for one, or nothing.
STEPS = st.lists(
    st.tuples(
        st.integers(0, 10**10),
        st.one_of(
            st.sampled_from(SEGMENTS).map(lambda name: ("enter", name, 0.0)),
            st.just(("leave", "", 0.0)),
            st.tuples(st.just("claim"), st.sampled_from(SEGMENTS), st.floats(-1, 20)),
        ),
    ),
    max_size=40,
)


@given(delay_s=st.floats(-5, 100), steps=STEPS, rest_ns=st.integers(0, 10**9))
def test_the_parts_add_up_to_the_whole(delay_s: float, steps: list[Any], rest_ns: int) -> None:
    """However segments are nested, left open or claimed: to the nanosecond they are the whole, none is negative."""
    now = [0]
    watch = Stopwatch(delay_s, clock=lambda: now[0])
    for passed_ns, (what, name, seconds) in steps:
        now[0] += passed_ns
        if what == "enter":
            watch.enter(name)
        elif what == "leave":
            watch.leave()
        else:
            watch.claim(name, seconds)
    now[0] += rest_ns
    latency_s = watch.stop()
    parts = watch.segments_ns
    assert min(parts.values(), default=0) >= 0
    assert sum(parts.values()) == now[0] + max(0, round(delay_s * 1e9))
    assert latency_s == now[0] / 1e9
    assert watch.response_s == pytest.approx(latency_s + max(0.0, delay_s), abs=1e-9)
    assert all(0 <= at <= watch.response_s + 1e-9 for at in watch.reached_s.values())
    now[0] += 10**9
    assert (watch.stop(), watch.segments_ns) == (latency_s, parts), "stopped is stopped"


def test_a_retrys_sleep_is_no_part_of_what_it_interrupts() -> None:
    """Each instant goes to the innermost segment, and a milestone is when a segment ended."""
    now = [0]

    def at(ms: int) -> None:
        now[0] = ms * 1_000_000

    watch = Stopwatch(0.5, clock=lambda: now[0])
    at(1)
    watch.enter("prepare")
    at(3)
    watch.leave()
    watch.enter("ack")
    at(13)
    with watch.segment("retry_wait"):
        at(113)
    at(120)
    watch.leave()
    watch.claim("circuit_wait", 0)
    watch.enter("receipt")
    at(420)
    watch.stop()
    milliseconds = {name: round(seconds * 1000) for name, seconds in watch.segments_s.items()}
    assert milliseconds == {
        "start_delay": 500, "other": 1, "prepare": 2, "ack": 17, "retry_wait": 100, "receipt": 300,
    }  # fmt: skip
    assert watch.reached_s["prepare"] == 0.503
    assert watch.reached_s["ack"] == 0.62
    assert watch.reached_s["receipt"] == 0.92


def test_an_unknown_segment_is_refused() -> None:
    """A slip of the pen does not open a segment that nobody reads."""
    with pytest.raises(ValueError, match="prepair"):
        Stopwatch().enter("prepair")


def timed(index: int, started_at: float, **segments_s: float) -> OperationRecord:
    """A closed record whose segments are these."""
    response = sum(segments_s.values())
    delay = segments_s.get("start_delay", 0.0)
    record = OperationRecord("hcs.submit", None, None, "receipt", started_at - delay, started_at, response - delay)
    record.outcome, record.segments_s = Outcome.SUCCEEDED, segments_s
    record.reached_s = {"ack": response}
    record.transaction_ids = [f"0.0.2@{index}.000000001"]
    return record


@given(st.lists(st.lists(st.floats(0, 100), min_size=3, max_size=3), min_size=1, max_size=60))
@settings(deadline=None)
def test_the_reports_segments_add_up_to_its_response_time(spent: list[list[float]]) -> None:
    """Over any operations of any two workers, the means of the segments add up to the mean response time."""
    workers = [Measurements(0.0), Measurements(0.0)]
    for index, (delay, acknowledged, received) in enumerate(spent):
        record = timed(index, 1000.0 + delay, start_delay=delay, ack=acknowledged, receipt=received)
        workers[index % 2].record(record)
    whole = Measurements(0.0)
    for worker in workers:
        whole.merge_dump(msgpack.unpackb(msgpack.packb(worker.dump())))
    (entry,) = operations(whole.operations, {}, 1.0)
    total = sum(figures["mean"] for figures in entry["segments_ms"].values())
    exact = 1000 * sum(map(sum, spent)) / len(spent)
    assert total == pytest.approx(exact, abs=0.001)
    assert entry["response_ms"]["mean"] == pytest.approx(max(exact, 0.001), rel=0.001, abs=0.002)
    slowest = sorted((1000 * sum(parts) for parts in spent), reverse=True)[:KEPT]
    assert [one["response_ms"] for one in entry["slowest"]] == pytest.approx(slowest, abs=0.01)


def test_points_count_each_operation_where_it_began_and_ended() -> None:
    """Starts count into the second of the start, outcomes and latencies into that of the end; merging adds them."""
    parts = [Timeline(1000.0), Timeline(1000.0)]
    key = OperationKey("hcs.submit", "", "receipt")
    for part in parts:
        part.record(key, 1000.2, 1.5, Outcome.SUCCEEDED)
        part.record(key, 1000.9, 0.05, Outcome.FAILED)
        part.record(key, 990.0, 0.0, Outcome.REJECTED)
    parts[0].merge_dump(msgpack.unpackb(msgpack.packb(parts[1].dump()), strict_map_key=False))
    points = parts[0].series[key]
    assert {slot: point.counts for slot, point in points.items()} == {0: [6, 0, 2, 2, 0], 1: [0, 2, 0, 0, 0]}
    assert points[1].quantile_ms(0.5) == pytest.approx(1500, rel=0.011)
    assert parts[0].began_at == 1000.0


def grown(operations_s: Callable[[int], float], count: int) -> tuple[int, int]:
    """Bytes of the collected measurements as they travel, and of what they take in memory, after a run of `count`."""
    collected = Measurements(0.0)
    for slice_ in range(10):
        worker = Measurements(0.0)
        for index in range(slice_ * count // 10, (slice_ + 1) * count // 10):
            worker.record(timed(index, operations_s(index), ack=0.1 + index % 97 / 100, receipt=1.0))
        collected.merge_dump(worker.dump())
    return len(msgpack.packb(collected.dump())), len(collected.timeline.series[next(iter(collected.operations))])


def test_a_run_of_a_month_takes_no_more_room_than_one_of_a_minute() -> None:
    """What is collected has a bound that does not depend on the length of the run: points get longer, not more."""
    short, _ = grown(lambda index: index / 50, 3_000)
    long, points = grown(lambda index: index * 864.0, 3_000)
    assert points <= MAX_POINTS
    assert long < 2 * short + 600 * 60, (short, long)


def test_a_long_run_does_not_fill_the_memory() -> None:
    """Four times the operations in a recorder that is emptied every so often: the memory in use stays where it was."""
    collected = Measurements(0.0)

    def work(begin: int, end: int) -> int:
        for start in range(begin, end, 1000):
            worker = Measurements(0.0)
            for index in range(start, start + 1000):
                worker.record(timed(index, index * 5.0, ack=0.1 + index % 3, receipt=1.0))
            collected.merge_dump(worker.dump())
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        first = work(0, 4_000)
        later = work(4_000, 16_000)
    finally:
        tracemalloc.stop()
    assert later < first + 300_000, (first, later)
