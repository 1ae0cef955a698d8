"""How many users a run was asked for and had.

Read off Locust's runner where that is true: the master, or the only process. The command line does not know: the web
form, a load shape and the keyboard ask for other numbers than it did.
"""

from __future__ import annotations

from locust.env import Environment
from locust.runners import MasterRunner

from typing import Any

from reports.schema.run import Load


class UserCounts:
    """Watches the users of one run, from its start to when they are asked to stop.

    Args:
        environment: Of the master or the local process, at `test_start`.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        options: Any = environment.parsed_options
        self._spawn_rate = getattr(options, "spawn_rate", None)
        self._asked = self._most = 0
        self._classes: dict[str, int] = {}
        self.look()
        events: Any = environment.events
        events.spawning_complete.add_listener(self.look)
        events.test_stopping.add_listener(self._stop)

    def look(self, **_: Any) -> None:
        """Note how many users are asked for now, and how many there are; the most of each is kept."""
        runner: Any = self._environment.runner
        self._asked = max(self._asked, runner.target_user_count)
        # A master knows what its workers told it last.
        there = runner.reported_user_classes_count if isinstance(runner, MasterRunner) else runner.user_classes_count
        if sum(there.values()) > self._most:
            self._most, self._classes = sum(there.values()), dict(there)

    def told(self) -> Load:
        """The report's `run.load`, of types that msgpack can carry."""
        shape = self._environment.shape_class
        options: Any = self._environment.parsed_options
        return {
            "users": self._asked,
            "users_there": self._most,
            "spawn_rate_per_s": None if shape is not None or self._spawn_rate is None else float(self._spawn_rate),
            "run_time_s": None if shape is not None else _seconds(getattr(options, "run_time", None)),
            "shape": None if shape is None else type(shape).__name__,
            "user_classes": [
                {
                    "name": one.__name__,
                    "weight": one.weight,
                    "fixed_count": one.fixed_count,
                    "users": self._classes.get(one.__name__, 0),
                }
                for one in self._environment.user_classes
            ],
        }

    def _stop(self, **_: Any) -> None:
        self.look()
        events: Any = self._environment.events
        events.spawning_complete.remove_listener(self.look)
        events.test_stopping.remove_listener(self._stop)


def _seconds(run_time: Any) -> float | None:
    return float(run_time) if run_time else None
