"""A load shape that repeats one pattern of users at growing scales, each with users of its own."""

from __future__ import annotations

from locust import LoadTestShape, User

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

SPAWN_RATE: Final = 100.0
"""Users started per second; Locust warns of more."""

Tick = tuple[int, float, list[type[User]] | None]


@dataclass(frozen=True, slots=True)
class Scale:
    """One scale.

    Attributes:
        users: How many users it has.
        classes: Of which classes, by their weights.
        share: Its part of the run's time, in relation to the other scales'.
    """

    users: int
    classes: Sequence[type[User]]
    share: float = 1.0


class Scales(LoadTestShape):
    """Goes through scales one after the other, and ends the run.

    A scale begins when all users of the one before have left, for which they have `--stop-timeout`: Locust keeps users
    of classes that are not asked for any more, and nothing that a scale has begun is to count to the next.

    Args:
        scales: In their order.
        run_s: Seconds of all scales together, without the time that they take to end.
    """

    def __init__(self, scales: Sequence[Scale], run_s: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._scales = scales
        self._second = run_s / sum(scale.share for scale in scales)
        self._at, self._since, self._leaving = 0, 0.0, False

    def reset_time(self) -> None:
        """Begin with the first scale; Locust calls it at the start of each run."""
        super().reset_time()  # type: ignore[no-untyped-call]
        self._at, self._since, self._leaving = 0, 0.0, False

    def tick(self) -> Tick | None:
        """How many users of which classes there are to be now; None ends the run."""
        now: float = self.get_run_time()  # type: ignore[no-untyped-call]
        users: int = self.get_current_user_count()  # type: ignore[no-untyped-call]
        if self._leaving and users == 0:
            self._at, self._since, self._leaving = self._at + 1, now, False
        if self._at == len(self._scales):
            return None
        scale = self._scales[self._at]
        self._leaving = self._leaving or now - self._since >= scale.share * self._second
        if self._leaving:  # all at once: Locust would wait for those that it has asked to leave before it asks others
            return 0, float(scale.users), list(scale.classes)
        return scale.users, SPAWN_RATE, list(scale.classes)
