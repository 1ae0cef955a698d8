"""The scales of `high-volume`: which there are, when they change, and what is read from a report of them."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from reports.schema.report import Report
from scenarios.catalogue import high_volume
from scenarios.scales import Scale, Scales
from tests.reports.sample import sample_report

BAD = ("failed", "rejected", "unknown")


class Clocked(Scales):
    """Scales on a clock that the test moves."""

    now = 0.0

    def get_run_time(self) -> float:
        return self.now


def scales_of(users: int | None, run_time: float | None = None) -> list[int]:
    """The users of the scales that the options ask for."""
    shape = high_volume.shape(Namespace(num_users=users, run_time=run_time))
    return [scale.users for scale in shape._scales]


@pytest.mark.parametrize(
    ("users", "scales"),
    [(None, [12, 120, 1200, 12]), (1200, [12, 120, 1200, 12]), (1199, [12, 120, 12]), (12, [12, 12]), (1, [12, 12])],
)
def test_scales_are_those_that_the_users_allow(users: int | None, scales: list[int]) -> None:
    """The first one is there in any case, and comes once more at the end."""
    assert scales_of(users) == scales


def test_a_third_submits_and_two_thirds_store() -> None:
    """Each scale has classes of its own, with names of their own, so that its operations are told apart."""
    classes = [user for pair in high_volume.SCALES.values() for user in pair]
    assert len({user.__name__ for user in classes}) == len({user.operation for user in classes}) == 8
    assert {(user.weight, user.batch) for user, _ in high_volume.SCALES.values()} == {(1, 5)}
    assert {user.weight for _, user in high_volume.SCALES.values()} == {2}
    assert high_volume.SCALES[10][0].operation == "hcs.submit-x10"
    assert high_volume.SCALES["after"][1].operation == "hfs.store-xafter"


def test_a_scale_begins_when_the_one_before_has_left() -> None:
    """However long that takes; then the run ends."""
    first, second = (object,), (int,)
    runner: Any = SimpleNamespace(user_count=0)
    shape = Clocked([Scale(12, first), Scale(120, second, share=2)], run_s=30)  # type: ignore[arg-type]
    shape.runner = runner
    assert shape.tick() == (12, 100.0, [object])
    runner.user_count = 12
    shape.now = 9.9
    assert shape.tick() == (12, 100.0, [object])
    shape.now = 10.0
    assert shape.tick() == (0, 12.0, [object])
    shape.now = 25.0  # they have not left yet
    assert shape.tick() == (0, 12.0, [object])
    runner.user_count = 0
    assert shape.tick() == (120, 100.0, [int])
    runner.user_count = 120
    shape.now = 44.9
    assert shape.tick() == (120, 100.0, [int])
    shape.now = 45.0
    assert shape.tick() == (0, 120.0, [int])
    runner.user_count = 0
    assert shape.tick() is None


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """A report of the first two scales and the one after, in which everything succeeded: 2 and 4 per second."""
    made = sample_report(tmp_path)
    template, series = made["operations"][0], made["timeline"]["series"][0]
    point = {**series["points"][0], "failed": 0, "rejected": 0, "unknown": 0}
    made["operations"], made["timeline"]["series"] = [], []
    for scale, begin, rate in ((1, 0, 2), (10, 20, 4), ("after", 40, 2)):
        for user in high_volume.SCALES[scale]:  # type: ignore[index]
            name, done = user.operation, rate * 10
            counts = {"started": done, "succeeded": done, "attempts": 3 * done} | dict.fromkeys(BAD, 0)
            made["operations"].append({**template, "name": name, "arm": None, **counts})  # type: ignore[typeddict-item]
            points = [{**point, "t": begin + at, "started": rate, "succeeded": rate} for at in range(10)]
            made["timeline"]["series"].append(
                {**series, "operation": name, "arm": None, "points": points}  # type: ignore[typeddict-item]
            )
    return made


def judged(report: Report) -> dict[str, bool | None]:
    """What the expectations say."""
    return {one.name: one.judge(report).passed for one in high_volume.SCENARIO.expectations}


def test_all_is_well(report: Report) -> None:
    """Rates are those of a scale's own time."""
    assert set(judged(report).values()) == {True}
    assert high_volume.goodput(report).observed == "messages 2.0 → 4.0/s; models 2.0 → 4.0/s"


@pytest.mark.parametrize(
    ("name", "change", "failing"),
    [
        ("hcs.submit-x1", {"succeeded": 19, "rejected": 1}, {"usual volume"}),
        ("hfs.store-x1", {"succeeded": 19, "failed": 1}, {"usual volume"}),
        ("hcs.submit-x10", {"succeeded": 39, "rejected": 1}, {"more messages"}),
        ("hfs.store-x10", {"succeeded": 39, "rejected": 1}, set()),
        ("hfs.store-x10", {"succeeded": 39, "failed": 1}, {"protection"}),
        ("hfs.store-x10", {"attempts": 40 * 5}, {"protection"}),
        ("hfs.store-xafter", {"succeeded": 19, "unknown": 1}, {"recovery"}),
    ],
)
def test_each_expectation_can_fail(report: Report, name: str, change: dict[str, int], failing: set[str]) -> None:
    """By what it is about, and by nothing else; what was never sent is no harm beyond the first scale."""
    next(one for one in report["operations"] if one["name"] == name).update(change)  # type: ignore[typeddict-item]
    assert {name for name, passed in judged(report).items() if not passed} == failing


def test_work_that_is_destroyed_is_a_collapse(report: Report) -> None:
    """Fewer models per second with ten times the writers."""
    for series in report["timeline"]["series"]:
        if series["operation"] == "hfs.store-x10":
            for point in series["points"]:
                point["succeeded"] = 1
    assert judged(report)["no collapse"] is False


def test_one_scale_alone_tells_little(report: Report) -> None:
    """Nothing is said of scales that were not there."""
    report["operations"] = [one for one in report["operations"] if one["name"].endswith("-x1")]
    found = judged(report)
    assert found.pop("usual volume") is True
    assert set(found.values()) == {None}
