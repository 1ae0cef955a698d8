"""The drive between a search and a run: rates are set, steps are measured, and what came of it goes into the report."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from config.curve import Curve
from config.settings import RunSettings
from config.shapes import parse_shape
from hedera_users.shapes import Driving
from reports.collect.live import Ended, Look
from reports.schema.published import violations
from scenarios.capacity_drive import Drive, drive_search, plan_of, published
from scenarios.capacity_gates import Gates
from scenarios.capacity_search import Plan
from tests.reports.sample import sample_report

SHAPE = "capacity:start=20,step=4s,settle=2s,confirm=8s,tolerance=10%,margin=70%,p95=900,limit=5m,climb=3"


class Network:
    """A run on a network that takes so many operations a second, on a clock that the drive moves.

    It stands where the plan and the live view of a run stand.
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.now = 1_000.0
        self.curve = Curve()
        self.nodes, self.processes = 4, 2

    def change(self, rate: float) -> float:
        self.curve = self.curve.then(self.now + 1, rate)
        return self.now + 1

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def whole_second(self, moment: float) -> float:
        return float(-(-moment // 1))

    def look(self) -> Look:
        due = round(self.curve.total(self.now))
        busy = round(sum(max(0.0, self.curve.level(at) - self.rate) for at in range(1_000, int(self.now))))
        retried = Counter(BUSY=busy, INVALID_SIGNATURE=3 * busy)  # the second is no answer of a network that is full
        return Look(self.now, due, self.now, self.now, due, 0, 0, retried, {"a": (self.now, 0.4 * (self.now - 1_000))})

    def between(self, since: float, until: float) -> Ended:
        taken = sum(min(self.rate, self.curve.level(at)) for at in range(int(since), int(until)))
        return Ended(Counter(succeeded=round(taken)), 5.0, 11.0)

    def mean_s(self, phase: str) -> float | None:
        return 0.005 if phase == "ack" else None


def drive(rate: float, shape: str = SHAPE) -> tuple[Drive, Network]:
    """A search that has been driven to its end."""
    network: Any = Network(rate)
    asked = parse_shape(shape)
    assert asked is not None
    settings = RunSettings(arrival_rate=1_000, shape=shape, localnet_throttles="ConsensusSubmitMessage=70,burst=2")
    driving = Driving(SimpleNamespace(runner=object()), asked, settings, network)
    driven = Drive(driving, network, lambda: network.now, network.sleep)
    driven.run()
    return driven, network


def test_a_search_is_driven_to_its_end() -> None:
    """Rates are set a moment before; each step is judged by what happened in it, and none but its own."""
    driven, network = drive(70.0)
    found = driven.search.found
    assert found.rate == pytest.approx(70, rel=0.1)
    assert (found.by, found.confirmed) == ("network", True)
    for tried in driven.search.tried:
        assert tried.seen.due == pytest.approx(tried.step.rate * tried.seen.seconds, abs=1.5)
        assert tried.seen.cpu_percent == pytest.approx(40)
        assert tried.good == (tried.step.rate < 72)
    bad = next(tried for tried in driven.search.tried if not tried.good)
    assert bad.seen.turned_away == pytest.approx((bad.step.rate - 70) * bad.seen.seconds, abs=2)
    assert network.curve.highest == pytest.approx(max(tried.step.rate for tried in driven.search.tried))


def test_what_was_found_is_a_section_of_the_report(tmp_path: Any) -> None:
    """By its schema, with the limits that are known beside it."""
    driven, _ = drive(70.0)
    report: Any = sample_report(tmp_path, pairs=4)
    report["capacity"] = told = driven.told()
    assert violations(report) == []
    assert len(told["steps"]) == len(driven.search.tried)
    assert told["steps"][0] == {
        "t": 1_003.0,
        "seconds": 4,
        "purpose": "climb",
        "asked_per_s": 20.0,
        "kept_percent": 100.0,
        "succeeded_per_s": 20.0,
        "succeeded": 80,
        "failed": 0,
        "rejected": 0,
        "unknown": 0,
        "turned_away": 0,
        "p50_ms": 5.0,
        "p95_ms": 11.0,
        "cpu_percent": 40.0,
        "good": True,
        "why": [],
    }
    assert told["operating_per_s"] == pytest.approx(0.7 * told["rate_per_s"], abs=0.01)
    assert [(one["name"], one["per_s"]) for one in told["published"]] == [
        ("ConsensusSubmitMessage", 70.0),
        ("FileCreate, FileAppend, FileUpdate, FileDelete", 10),
        ("calls at once: 10 on each of 512 connections", 1_024_000.0),
    ]


def test_throttles_that_are_known_stand_beside_what_was_found() -> None:
    """Mainnet's, unless the embedded network has others, or none."""
    assert [one["per_s"] for one in published(RunSettings(network="testnet"))] == [10_500, 10]
    assert [one["per_s"] for one in published(RunSettings())] == [10_500, 10]
    assert published(RunSettings(localnet_throttles="off")) == []


def test_the_parameters_of_the_shape_are_those_of_the_search() -> None:
    """And the highest rate is `--arrival-rate`."""
    shape = parse_shape(SHAPE)
    assert shape is not None
    assert plan_of(shape, RunSettings(arrival_rate=600)) == Plan(
        start=20,
        most=600,
        climb=3,
        step_s=4,
        settle_s=2,
        confirm_s=8,
        tolerance=0.1,
        margin=0.7,
        limit_s=300,
        gates=Gates(p95_ms=900),
    )
    default = parse_shape("capacity")
    assert default is not None
    assert plan_of(default, RunSettings(arrival_rate=10_000)) == Plan()


def test_without_a_run_there_is_nothing_to_search() -> None:
    """It could not be set up: the shape ends, and says nothing."""
    shape = parse_shape("capacity")
    assert shape is not None
    nobody: Any = None
    environment = SimpleNamespace()
    drive_search(Driving(environment, shape, RunSettings(arrival_rate=10), nobody))
    assert vars(environment) == {}
