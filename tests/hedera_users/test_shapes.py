"""Locust's shape as it is driven by `--shape`: users or a rate, from when all are there, and always to an end."""

from __future__ import annotations

from locust.argument_parser import LocustArgumentParser, setup_parser_arguments
from locust.env import Environment
from locust.event import Events
from locust.runners import STATE_RUNNING, STATE_SPAWNING

from argparse import Namespace
from typing import Any

import gevent
import pytest
from gevent.event import Event

from config.options import add_options, settings_from
from config.shapes import CAPACITY
from hedera_users.rate_plan import LEAD_S, RatePlan
from hedera_users.shapes import LONGEST_WAIT_S, Driving, RunShape


class Shaped:
    """A shape in a local process, at a time that the test sets.

    Args:
        options: As typed.
        drivers: Who drives shapes without a curve.
    """

    def __init__(self, *options: str, **drivers: Any) -> None:
        parser = LocustArgumentParser()
        setup_parser_arguments(parser)
        add_options(parser)
        parsed: Namespace = parser.parse_args(list(options))
        self.environment = Environment(events=Events(), parsed_options=parsed)
        self.runner = self.environment.create_local_runner()
        self.now = 5_000.0
        self.plan = RatePlan(self.runner, lambda: self.now)
        self.plan.begin("run")
        settings = settings_from(parsed)
        self.shape = RunShape(self.environment, settings, self.plan, drivers, lambda: self.now)

    def arrived(self, users: int) -> None:
        """Users that have come."""
        self.runner.state = STATE_RUNNING
        for _ in range(users):
            self.runner.user_greenlets.spawn(gevent.sleep, 60)

    def ticks(self, seconds: int) -> list[Any]:
        """What Locust is told, once a second."""
        told = []
        for _ in range(seconds):
            told.append(self.shape.tick())
            self.now += 1
        return told


def test_users_follow_a_shape_and_then_it_is_over() -> None:
    """`--users` is the highest level; the time begins when those of the beginning are there."""
    shaped = Shaped("--users", "40", "--spawn-rate", "8", "--shape", "steps:steps=4,each=2s")
    shaped.runner.state = STATE_SPAWNING
    assert shaped.ticks(3) == [(10, 8.0)] * 3
    shaped.arrived(7)
    assert shaped.ticks(2) == [(10, 8.0)] * 2, "some are still on their way"
    shaped.arrived(3)
    assert [told and told[0] for told in shaped.ticks(9)] == [10, 10, 20, 20, 30, 30, 40, 40, None]
    assert shaped.plan.curve.points == ()
    shaped.shape.reset_time()
    assert shaped.shape.tick() == (10, 40.0), "a second run begins anew"


def test_a_shape_always_leaves_a_user_until_it_ends() -> None:
    """With none Locust would have nothing to run."""
    shaped = Shaped("--users", "10", "--shape", "ramp:time=4s,hold=0")
    shaped.arrived(1)
    assert [told and told[0] for told in shaped.ticks(5)] == [1, 2, 5, 8, None]


def test_users_that_never_come_are_not_waited_for_for_ever() -> None:
    """A worker died on the way."""
    shaped = Shaped("--users", "4", "--shape", "steps:steps=1,each=2s")
    shaped.arrived(3)
    told = shaped.ticks(int(LONGEST_WAIT_S) + 3)
    assert (told.index(None), told[0]) == (LONGEST_WAIT_S + 2, (4, 1.0))


def test_with_a_rate_it_is_the_rate_that_changes() -> None:
    """Users stay as many as were asked for; every process is told the curve, which begins a little later."""
    shaped = Shaped("--users", "7", "--arrival-rate", "50", "--shape", "spike:base=20%,before=2s,spike=1s,after=2s")
    told: list[Any] = []
    shaped.runner.register_message("hedera_rates", lambda msg, **_: told.append(msg.data))
    assert shaped.ticks(2) == [(7, 1.0)] * 2
    shaped.arrived(7)
    began = shaped.now
    assert [tick and tick[0] for tick in shaped.ticks(8)] == [7] * 6 + [None] * 2
    curve = shaped.plan.curve
    assert [curve.level(began + LEAD_S + at) for at in (-0.1, 0, 1.9, 2, 2.9, 3, 4.9, 5)] == [
        0,
        10,
        10,
        50,
        50,
        10,
        10,
        0,
    ]
    assert told == [{"run": "run", "points": [list(point) for point in curve.points]}]


def test_a_driver_says_when_a_shape_without_a_curve_is_over() -> None:
    """It runs in a greenlet of its own, with what it needs; users stay as many as were asked for."""
    done, given = Event(), []

    def drive(driving: Driving) -> None:
        given.append(driving)
        done.wait()

    shaped = Shaped("--users", "9", "--arrival-rate", "500", "--shape", "capacity:start=20", **{CAPACITY: drive})
    shaped.arrived(9)
    assert shaped.shape.tick() == (9, 1.0)
    gevent.sleep(0)
    assert (given[0].shape.values["start"], given[0].settings.arrival_rate, given[0].plan) == (20, 500, shaped.plan)
    assert shaped.shape.tick() == (9, 1.0)
    done.set()
    gevent.sleep(0)
    assert shaped.shape.tick() is None


def test_a_run_that_is_stopped_takes_its_driver_with_it() -> None:
    """It would go on to change the rate of the next one."""
    ended = Event()

    def drive(_: Driving) -> None:
        try:
            gevent.sleep(60)
        finally:
            ended.set()

    shaped = Shaped("--arrival-rate", "500", "--shape", "capacity", **{CAPACITY: drive})
    shaped.arrived(1)
    shaped.shape.tick()
    gevent.sleep(0)
    events: Any = shaped.environment.events
    events.test_stopping.fire(environment=shaped.environment)
    assert ended.wait(5)
    events.test_stopping.fire(environment=shaped.environment)


@pytest.mark.parametrize(("rate", "at"), [(80.0, 3.0), (0.0, 6.0)])
def test_a_plan_changes_from_a_moment_on(rate: float, at: float) -> None:
    """What was told before stays; a run that begins anew has no rate."""
    shaped = Shaped("--shape", "ramp")
    begins = shaped.plan.change(20.0)
    shaped.now += at
    changed = shaped.plan.change(rate)
    assert (begins, changed) == (5_000.0 + LEAD_S, 5_000.0 + at + LEAD_S)
    assert shaped.plan.curve.between(0.0, changed) == pytest.approx(20.0 * (changed - begins))
    assert shaped.plan.curve.between(changed, changed + 10) == pytest.approx(10 * rate)
    shaped.plan.begin("another")
    assert not shaped.plan.curve
