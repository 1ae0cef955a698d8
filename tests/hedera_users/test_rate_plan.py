"""A changing rate reaches the processes that make the load, those too that join when it has been told."""

from __future__ import annotations

from locust import User, constant, task
from locust.env import Environment
from locust.runners import WorkerRunner

import time
from argparse import Namespace
from typing import Any

import gevent
import pytest

from config.curve import Curve
from config.settings import RunSettings
from hedera_users.arrivals import Arrivals
from hedera_users.rate_plan import LEAD_S, RatePlan, ask_for_rates, follow_rates
from hedera_users.schedule import Moments, evenly
from tests.e2e.locust_command import free_port

WAIT_S = 10.0


class Idle(User):
    """Somebody who does nothing."""

    wait_time = constant(60)

    @task
    def nothing(self) -> None: ...


def worker(port: int, run_id: str) -> tuple[WorkerRunner, Arrivals]:
    """A worker that follows its master's rates in a run, with the part of its session that this takes."""
    environment = Environment(user_classes=[Idle])
    runner = environment.create_worker_runner("127.0.0.1", port)
    arrivals = Arrivals(Moments(evenly(0, 1)), 5.0, lambda key: None)
    settings = RunSettings(shape="ramp", arrival_rate=10)
    run = Namespace(run_id=run_id, settings=settings)
    environment.hedera_session = Namespace(arrivals=arrivals, run=run)  # type: ignore[attr-defined]
    follow_rates(environment, runner)
    return runner, arrivals


def points(arrivals: Arrivals) -> list[list[float]]:
    """The curve that a process follows."""
    found: list[list[float]] = arrivals.snapshot()["rates"]
    return found


def wait_for(arrivals: Arrivals, curve: Curve) -> None:
    """Until a process follows a curve."""
    until = time.monotonic() + WAIT_S
    while points(arrivals) != [list(point) for point in curve.points]:
        assert time.monotonic() < until, points(arrivals)
        gevent.sleep(0.02)


@pytest.fixture
def port() -> int:
    """A free one."""
    return int(free_port())


def test_workers_follow_what_the_master_tells(port: int) -> None:
    """All of them, at moments that are still to come; one that joins later asks; one of another run is left alone."""
    environment: Any = Environment(user_classes=[Idle])
    master = environment.create_master_runner("127.0.0.1", port)
    plan = RatePlan(master)
    plan.begin("one")
    first, mine = worker(port, "one")
    stranger, others = worker(port, "another")
    try:
        until = time.monotonic() + WAIT_S
        while len(master.clients.ready) < 2:
            assert time.monotonic() < until
            gevent.sleep(0.02)
        begins = plan.follow(Curve([(0.0, 0.0), (20.0, 40.0)]))
        assert begins == pytest.approx(time.time() + LEAD_S, abs=0.5)
        wait_for(mine, plan.curve)
        plan.change(5.0)
        wait_for(mine, plan.curve)
        late, joined = worker(port, "one")
        ask_for_rates(late.environment, late)
        wait_for(joined, plan.curve)
        ask_for_rates(stranger.environment, stranger)
        gevent.sleep(0.3)
        assert points(others) == []
        late.quit()
    finally:
        first.quit()
        stranger.quit()
        master.quit()


def test_a_process_of_its_own_follows_its_own_plan() -> None:
    """A local runner passes messages to itself."""
    environment: Any = Environment(user_classes=[Idle])
    runner = environment.create_local_runner()
    arrivals = Arrivals(Moments(evenly(0, 1)), 5.0, lambda key: None)
    settings = RunSettings(shape="ramp", arrival_rate=10)
    environment.hedera_session = Namespace(arrivals=arrivals, run=Namespace(run_id="one", settings=settings))
    follow_rates(environment, runner)
    plan = RatePlan(runner)
    plan.begin("one")
    plan.change(12.0)
    assert points(arrivals) == [list(point) for point in plan.curve.points]
    ask_for_rates(environment, runner)  # it has nobody to ask
