"""Leaks are told from what only looks like one: on recordings of real processes, and on made-up series.

The recordings are of the project's own processes, second by second, on a busy machine (tests/data/resources/README.md):
with a user class that keeps 1 KB of each operation, and without. Each process of a run is a series.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.judge.leaks import Bound, trends, usage_over_time
from reports.judge.trends import Array
from reports.judge.trends import Trend as Line
from reports.measure.usage import Look, UsageSeries
from reports.schema.resources import Trend, UsageKind
from reports.schema.timeline import Point, Timeline
from reports.wording import trends as wording

RECORDINGS = Path(__file__).parent.parent / "data" / "resources"

LEAKED_BYTES = 1_000


class Recorded(NamedTuple):
    """One process's series, and how many operations per second it is counted with."""

    run: str
    kind: UsageKind
    name: str
    rows: list[list[float]]
    per_s: float
    leaks: bool

    def __repr__(self) -> str:
        return f"{self.run} {self.name}"


def recordings() -> list[Recorded]:
    """Every process of every recording."""
    found = []
    for file in sorted(RECORDINGS.glob("*.json")):
        recorded = json.loads(file.read_text())
        per_s = recorded["operations"] / recorded["load_s"]
        for name, rows in recorded["processes"].items():
            worker = name.startswith("worker")
            kind: UsageKind = "generator" if worker else "master" if name.startswith("master") else "network"
            share = 1 / recorded["workers"] if worker else 1.0
            leaks = worker and recorded["command"][-1] == "LeakingSubmitter"
            found.append(Recorded(file.stem, kind, name, rows, share * per_s, leaks))
    return found


ALL = recordings()
OWN = [one for one in ALL if one.kind != "network"]
LEAKING = [one for one in OWN if one.leaks]
CLEAN = [one for one in OWN if not one.leaks]


def timeline(seconds: int, per_s: float, **point: Any) -> Timeline:
    """Operations at a steady rate."""
    points: list[Point] = [
        {
            "t": t, "started": round(per_s * (t + 1)) - round(per_s * t), "succeeded": 0, "failed": 0, "rejected": 0,
            "unknown": 0, "p50_ms": 100.0, "p95_ms": None, "p99_ms": None,
        }
        for t in range(seconds)
    ]  # fmt: skip
    for one in points:
        one["succeeded"] = one["started"]
        one.update(point)  # type: ignore[typeddict-item]
    series = {"operation": "hcs.submit", "arm": None, "confirm": "receipt", "points": points}
    return {"resolution_s": 1, "series": [series]}  # type: ignore[list-item]


def judged(kind: UsageKind, looks: list[tuple[float, Look]], per_s: float, measure: str = "memory") -> Trend:
    """What becomes of one process's looks."""
    series = UsageSeries(0.0)
    for at, look in looks:
        series.add(at, look)
    length = looks[-1][0]
    used = usage_over_time({(kind, "it"): series}, 0.0, length)
    found = trends(used, timeline(int(length), per_s), {"it": 1}, length)
    (entry,) = [one for one in found if one["subject"] == "it" and one["measure"] == measure]
    return entry


def of_recording(one: Recorded, more: Callable[[float], float] = lambda t: 0.0) -> Trend:
    """What becomes of a recording with `more` bytes on top."""
    looks = [(t, Look(rss + more(t), private + more(t), fds, threads)) for t, rss, private, fds, threads in one.rows]
    return judged(one.kind, looks, one.per_s)


def test_there_are_enough() -> None:
    """Twenty clean ones; a dozen that leak, and as many into whose noise a leak is planted."""
    assert len(CLEAN) >= 20
    assert len(LEAKING) >= 12
    assert len(LEAKING) + sum(one.kind == "generator" for one in CLEAN) >= 20
    assert all(one.rows[-1][0] < 190 for one in ALL), "no longer than a run of three minutes"


@pytest.mark.parametrize("one", LEAKING, ids=repr)
def test_recorded_leaks_are_called_so(one: Recorded) -> None:
    """1 KB of each operation, in three minutes."""
    found = of_recording(one)
    assert found["verdict"] == "leak", found["sentence"]
    each = found["per_1000_operations"]
    assert each is not None
    assert each["ci95"][0] < 1.5 * LEAKED_BYTES / 1e3, "what was leaked, and what the allocator takes for it"
    assert each["ci95"][1] > LEAKED_BYTES / 1e3


@pytest.mark.parametrize("one", CLEAN, ids=repr)
def test_clean_recordings_are_not(one: Recorded) -> None:
    """Whatever they did on a busy machine."""
    found = of_recording(one)
    assert found["verdict"] in ("no leak", "cannot tell"), found["sentence"]


@pytest.mark.parametrize("one", [one for one in CLEAN if one.kind == "generator"], ids=repr)
def test_a_leak_in_recorded_noise_is_called_so(one: Recorded) -> None:
    """1 KB of each operation on top of what a clean process did."""
    found = of_recording(one, lambda t: LEAKED_BYTES * one.per_s * t)
    assert found["verdict"] == "leak", found["sentence"]


@pytest.mark.parametrize("one", LEAKING, ids=repr)
def test_a_recorded_leak_without_its_leak_is_none(one: Recorded) -> None:
    """What was planted, with what Python and the allocator take for it, taken away again."""
    found = of_recording(one, lambda t: -(LEAKED_BYTES + 100) * one.per_s * t)
    assert found["verdict"] in ("no leak", "cannot tell"), found["sentence"]


@pytest.mark.parametrize("one", [one for one in ALL if one.kind == "network"], ids=repr)
def test_what_the_ledger_keeps_is_no_leak(one: Recorded) -> None:
    """The embedded network keeps transactions, records and messages; that is its purpose. More than that is a leak."""
    assert of_recording(one)["verdict"] == "no leak"
    assert of_recording(one, lambda t: 10_000 * one.per_s * t)["verdict"] == "leak"


def test_most_clean_recordings_are_cleared() -> None:
    """`cannot tell` is for few of them."""
    words = [of_recording(one)["verdict"] for one in CLEAN]
    assert words.count("no leak") >= 0.8 * len(words), words


def line(per_s: float, low: float, high: float, late: tuple[float, float, float]) -> Line:
    return Line(60.0, 180.0, 100.0, per_s, (low, high), late[0], late[1:])


def test_what_matters_is_the_largest_bound() -> None:
    """Per operation, per hour, and as a part of the level."""
    flat = line(0, 0, 0, (0, 0, 0))
    assert Bound(per_operation=2.0).per_s(flat, 3.0) == 6.0
    assert Bound(per_hour=7200).per_s(flat, 3.0) == 2.0
    assert Bound(share_per_hour=0.36).per_s(flat, 3.0) == pytest.approx(0.01)
    assert Bound(share=0.12).per_s(flat, 3.0) == pytest.approx(0.1)
    assert Bound(1.0, 3600, 0.1, 0.1).per_s(flat, 3.0) == 3.0


SECONDS = np.arange(240.0)

SHAPES: dict[str, tuple[Array, str]] = {
    "levels off": (30 * (1 - np.exp(-SECONDS / 40)), "no leak"),
    "one jump": (20.0 * (SECONDS > 140), "no leak"),
    "a late jump": (20.0 * (SECONDS > 200), "cannot tell"),
    "goes on": (0.1 * SECONDS, "leak"),
    "falls": (-0.1 * SECONDS, "no leak"),
    "flat": (0 * SECONDS, "no leak"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_of_growth(shape: str) -> None:
    """What fills and stops is none; what happened once cannot be told."""
    values, verdict = SHAPES[shape]
    noise = np.random.default_rng(1).normal(0, 0.2, len(SECONDS))
    looks = [(t, Look(rss_bytes=1e6 * value)) for t, value in zip(SECONDS, 100 + values + noise, strict=True)]
    assert judged("watched", looks, 50.0)["verdict"] == verdict


@pytest.mark.parametrize(("each", "verdict"), [(0, "no leak"), (100, "leak")])
def test_handles(each: int, verdict: str) -> None:
    """One of every hundred operations that stays open is a leak; connections that come and go are none."""
    source = np.random.default_rng(1)
    opened = [int(50 * t * each / 10_000) + int(source.integers(20, 40)) for t in SECONDS]
    looks = [(t, Look(rss_bytes=1e8, handles=count, threads=5)) for t, count in zip(SECONDS, opened, strict=True)]
    assert judged("watched", looks, 50.0, "handles")["verdict"] == verdict
    assert judged("watched", looks, 50.0, "threads")["verdict"] == "no leak"


@given(
    st.floats(50, 2_000),
    st.floats(20, 500),
    st.integers(180, 900),
    st.floats(0.0, 0.2),
    st.integers(0, 2**32),
)
def test_made_up_leaks(level: float, per_s: float, seconds: int, noise: float, seed: int) -> None:
    """1 KB of each operation at any usual rate, in processes small enough that it matters to them; nothing without."""
    rng = np.random.default_rng(seed)
    wandering = np.abs(rng.normal(0, noise, seconds))
    for leaked, allowed in ((0.0, {"no leak", "cannot tell"}), (1e-3 * per_s, {"leak"})):
        small = leaked * (seconds - 60) < 0.03 * level
        looks = [(float(t), Look(rss_bytes=1e6 * (level + leaked * t + wandering[t]))) for t in range(seconds)]
        assert judged("watched", looks, per_s)["verdict"] in (
            allowed | ({"no leak", "cannot tell"} if small else set())
        )


def operations(timeline: Timeline, seconds: int) -> dict[str, Trend]:
    return {one["measure"]: one for one in trends([], timeline, {}, float(seconds))}


def test_latency_that_grows() -> None:
    """By 15 % within what was looked at, and not by much less."""
    for growth, verdict in ((0.0, "steady"), (0.02, "steady"), (0.5, "grows")):
        made = timeline(180, 20.0)
        for point in made["series"][0]["points"]:
            point["p50_ms"] = 100.0 * (1 + growth * point["t"] / 120)
        assert operations(made, 180)["latency"]["verdict"] == verdict


def test_operations_that_nobody_settles() -> None:
    """One of twenty stays unknown; and those in flight come and go."""
    made = timeline(180, 20.0)
    assert operations(made, 180)["unsettled"]["verdict"] == "steady"
    for point in made["series"][0]["points"]:
        point["succeeded"], point["unknown"] = point["started"] - 1, 1
    found = operations(made, 180)["unsettled"]
    assert found["verdict"] == "grows"
    each = found["per_1000_operations"]
    assert each is not None
    assert each["estimate"] == pytest.approx(50, rel=0.05)


def test_a_short_run_has_no_trends() -> None:
    """A minute is too little."""
    assert trends([], timeline(60, 20.0), {}, 60.0) == []
    assert operations(timeline(100, 20.0), 100)


def test_a_workers_leak_counts_with_its_own_operations() -> None:
    """Of two workers, each did half of them."""
    series = UsageSeries(0.0)
    for t in SECONDS:
        series.add(t, Look(rss_bytes=1e8 + 25_000 * t))
    used = usage_over_time({("generator", "a"): series}, 0.0, 240.0)
    found = trends(used, timeline(240, 50.0), {"a": 500, "b": 500}, 240.0)
    each = found[0]["per_1000_operations"]
    assert each is not None
    assert each["estimate"] == pytest.approx(1.0, rel=0.02)
    assert "bytes per operation" in found[0]["sentence"]
    assert found[0]["sentence"].endswith("a leak.")
    assert wording.warnings(found) == [f"Leak: {found[0]['sentence']}"]


def test_what_came_before_and_after_the_load_is_left_out() -> None:
    """The report's series begins with the first operation and ends with the load."""
    series = UsageSeries(0.0)
    for t in range(100):
        series.add(float(t), Look(rss_bytes=1e6 * t, private_bytes=None, handles=3, threads=2))
    (used,) = usage_over_time({("master", "master"): series}, 10.0, 50.0)
    assert used["points"][0] == [0.5, 10.0, None, 3, 2]
    assert used["points"][-1][0] == 49.5
