"""Load that changes as a run goes on: the Locust shape that makes it, from `--shape`.

Without `--arrival-rate` the shape is the number of users, with it the rate at which operations are due, by as many
users as were asked for. What was asked for is its highest level.
"""

from __future__ import annotations

from locust import LoadTestShape
from locust.runners import STATE_RUNNING

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import gevent

from config.settings import RunSettings
from config.shapes import Shape, parse_shape
from hedera_users.rate_plan import RatePlan

SPAWN_RATE: Final = 1.0
"""Users a second where none is given (locust/main.py 2.47)."""

LONGEST_WAIT_S: Final = 15.0
"""Seconds that a shape waits for users that ought to be there; a worker reports its own every 3 s."""

logger = logging.getLogger(__name__)


class Driving(NamedTuple):
    """What a driver has to do with.

    Attributes:
        environment: Locust's.
        shape: What was asked for.
        settings: Of the run.
        plan: Where it says which rate it wants.
    """

    environment: Any
    shape: Shape
    settings: RunSettings
    plan: RatePlan


Driver = Callable[[Driving], None]
"""Drives the load of a shape that has no curve beforehand, in a greenlet of its own; when it returns, the run ends."""


class RunShape(LoadTestShape):
    """The shape of the runs that follow, until it is replaced.

    Locust asks it once a second how many users there are to be, and ends the run when it says None. A shape's time
    begins when all users of its beginning are there.

    Args:
        environment: Locust's, of the master or the only process.
        settings: Of the run; they name a shape.
        plan: Tells all processes a rate.
        drivers: By name of shape, who drives those that have no curve beforehand.
        clock: Unix time in seconds.
    """

    use_common_options = True  # it reads --users and --spawn-rate

    def __init__(
        self,
        environment: Any,
        settings: RunSettings,
        plan: RatePlan,
        drivers: Mapping[str, Driver],
        clock: Callable[[], float] = time.time,
    ) -> None:
        shape = parse_shape(settings.shape)
        assert shape is not None, "the settings name a shape"
        self.runner = environment.runner
        self._environment = environment
        self._settings = settings
        self._shape = shape
        self._plan = plan
        self._drivers = drivers
        self._clock = clock
        self._begins: float | None = None
        self._spawned_at: float | None = None
        self._driver: gevent.Greenlet | None = None
        super().__init__()  # type: ignore[no-untyped-call]

    def reset_time(self) -> None:
        """Begin anew; Locust calls it when a run starts."""
        super().reset_time()  # type: ignore[no-untyped-call]
        self._begins = self._driver = self._spawned_at = None

    def tick(self) -> tuple[int, float] | None:
        """Users that there are to be, and how many of them may come or go in a second; None when it is over."""
        options: Any = self._environment.parsed_options
        users, spawn_rate = options.num_users or 1, options.spawn_rate or SPAWN_RATE
        if self._begins is None:
            if not self._all_there(self._first(users)):
                return self._first(users), spawn_rate
            self._begin()
        if self._over():
            return None
        curve = self._shape.curve
        if self._settings.arrival_rate or curve is None:
            return users, spawn_rate
        assert self._begins is not None
        return max(1, round(users * curve.level(self._clock() - self._begins))), float(users)

    def _all_there(self, users: int) -> bool:
        """Whether the users of its beginning are there, or are not going to be.

        A master takes its spawning for complete when its time is up, whatever its workers have said of their users.
        """
        if self.runner is None or self.runner.state != STATE_RUNNING:
            return False
        if self._spawned_at is None:
            self._spawned_at = self._clock()
        return self.runner.user_count >= users or self._clock() - self._spawned_at >= LONGEST_WAIT_S

    def _first(self, users: int) -> int:
        """Users at its beginning."""
        curve = self._shape.curve
        return users if self._settings.arrival_rate or curve is None else max(1, round(users * curve.level(0.0)))

    def _begin(self) -> None:
        """Let its time begin."""
        curve = self._shape.curve
        if curve is None:
            driving = Driving(self._environment, self._shape, self._settings, self._plan)
            self._driver = gevent.spawn(self._drivers[self._shape.name], driving)
            self._environment.events.test_stopping.add_listener(self._stop)
            self._begins = self._clock()
        elif self._settings.arrival_rate:
            self._begins = self._plan.follow(curve.times(self._settings.arrival_rate))
        else:
            self._begins = self._clock()
        logger.info("The shape %s begins", self._settings.shape)

    def _stop(self, **_: Any) -> None:
        """End the driver of a run that somebody stops; one that has ended by itself stops the run."""
        self._environment.events.test_stopping.remove_listener(self._stop)
        if self._driver is not None:
            self._driver.kill(block=False)

    def _over(self) -> bool:
        curve = self._shape.curve
        if curve is None:
            return self._driver is not None and self._driver.dead
        return self._begins is not None and self._clock() - self._begins >= curve.last_at
