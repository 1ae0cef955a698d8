"""What processes use over time: bounded, mergeable, and the means of slices of time."""

from __future__ import annotations

import os
import subprocess
import sys

import msgpack
import psutil
from hypothesis import given
from hypothesis import strategies as st

from reports.measure.usage import MAX_POINTS, Look, UsageSeries, look_at

LOOKS = st.lists(
    st.tuples(st.floats(0, 5_000), st.integers(1, 10**9), st.one_of(st.none(), st.integers(0, 999))), max_size=60
)


def series(looks: list[tuple[float, int, int | None]]) -> UsageSeries:
    made = UsageSeries(1_000.0)
    for at, memory, handles in looks:
        made.add(1_000.0 + at, Look(rss_bytes=memory, handles=handles))
    return made


@given(LOOKS, LOOKS)
def test_a_merge_is_the_series_of_all(
    first: list[tuple[float, int, int | None]], second: list[tuple[float, int, int | None]]
) -> None:
    """In any order, whatever their resolutions, and after they have travelled."""
    whole = series(first + second)
    for one, other in ((first, second), (second, first)):
        merged = series(one)
        merged.merge_dump(msgpack.unpackb(msgpack.packb(series(other).dump())))
        assert (merged.resolution_s, merged.points) == (whole.resolution_s, whole.points)


@given(LOOKS)
def test_it_is_bounded_and_stays_within_what_was_seen(looks: list[tuple[float, int, int | None]]) -> None:
    """However long it is."""
    made = series(looks)
    assert len(made.points) <= MAX_POINTS
    if looks:
        means = [look.rss_bytes or 0 for _, look in made.points]
        seen = [memory for _, memory, _ in looks]
        assert min(seen) <= min(means) <= max(means) <= max(seen)


def test_hours_fit() -> None:
    """Ten of them, a look a second, in points of 64 s."""
    made = UsageSeries(0.0)
    for second in range(36_000):
        made.add(float(second), Look(rss_bytes=1e8 + second, threads=5))
    assert made.resolution_s == 64
    assert len(made.points) == 563
    assert made.points[0] == (32.0, Look(rss_bytes=1e8 + 31.5, threads=5))
    assert made.points[-1][1].rss_bytes == 1e8 + (562 * 64 + 35_999) / 2


def test_taking_goes_on_with_nothing() -> None:
    """So that pieces add up to the whole, each look once."""
    made = series([(1.0, 5, None)])
    piece = made.take()
    assert made.points == []
    made.add(1_002.0, Look(rss_bytes=7))
    made.merge_dump(piece)
    assert [(at, look.rss_bytes) for at, look in made.points] == [(1.5, 5), (2.5, 7)]


def test_a_look_at_a_process() -> None:
    """It sees what the process takes and opens, and tells its own memory from files that are mapped into it."""
    code = "import sys; kept = []\n"
    code += "for line in sys.stdin: kept.append((bytes([1]) * 20_000_000, open('/dev/null'))), print(flush=True)"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def take() -> Look:
            process.stdin.write(b"\n")
            process.stdin.flush()
            process.stdout.readline()
            return look_at(psutil.Process(process.pid))

        before, after = take(), take()
        process.kill()
    assert None not in (*before, *after)
    assert 19e6 < (after.private_bytes or 0) - (before.private_bytes or 0) < 25e6
    assert (after.handles or 0) - (before.handles or 0) == 1
    assert 0 < (after.private_bytes or 0) < (after.rss_bytes or 0)
    assert before.threads == 1
    assert look_at(psutil.Process(os.getpid())).handles
