"""Doubles for time and chance, and a service that behaves as it is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from resilience import (
    BUSY,
    FINAL,
    TIMED_OUT,
    TRANSIENT,
    Attempt,
    BreakerPolicy,
    Guard,
    GuardStats,
    Pool,
    RetryPolicy,
    Verdict,
)


class UnavailableError(Exception):
    """The service could not be reached."""


class ThrottledError(Exception):
    """The service is busy."""


class RefusedError(Exception):
    """The service considered the call and said no."""


class SlowError(Exception):
    """No answer came in time."""


class LostError(Exception):
    """It was sent, and no answer came: must not be sent again."""


VERDICTS = {
    UnavailableError: TRANSIENT,
    ThrottledError: BUSY,
    RefusedError: FINAL,
    SlowError: TIMED_OUT,
    LostError: Verdict(retry=False, failure=True),
}


class Clock:
    """A clock that only moves when it is told to; sleeping moves it and is noted."""

    def __init__(self) -> None:
        self.time = 1_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        """The time now, in seconds."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self.slept.append(seconds)
        self.time += seconds

    def unix(self) -> float:
        """The same time as Unix time."""
        return 1_700_000_000.0 + self.time


class Script:
    """A service that answers its calls with what the script says, in turn: an exception to raise or a value."""

    def __init__(self, *answers: object) -> None:
        self._answers = iter(answers)
        self.told: list[Attempt] = []

    @property
    def numbers(self) -> list[int]:
        """The numbers of the attempts that came."""
        return [attempt.number for attempt in self.told]

    def __call__(self, attempt: Attempt) -> Any:
        """Answer the next call."""
        self.told.append(attempt)
        answer = next(self._answers)
        if isinstance(answer, type) and issubclass(answer, BaseException):
            raise answer
        if isinstance(answer, BaseException):
            raise answer
        return answer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def errors() -> Any:
    """The errors that the guards of these tests know, by name."""

    class Errors:
        unavailable, throttled, refused, lost = UnavailableError, ThrottledError, RefusedError, LostError
        slow = SlowError

    return Errors


@pytest.fixture
def script() -> type[Script]:
    return Script


@pytest.fixture
def make_guard(clock: Clock) -> Callable[..., Guard]:
    """Build a guard on the test's clock whose waits are exact; keyword arguments replace the defaults."""

    def make(
        *,
        retry: RetryPolicy | None = None,
        breaker: BreakerPolicy | None = None,
        pool: Pool | None = None,
        stats: GuardStats | None = None,
        **more: Any,
    ) -> Guard:
        settings: dict[str, Any] = {"sleep": clock.sleep, "clock": clock, "now": clock.unix, "random": lambda: 0.5}
        return Guard("svc", classify, retry, pool or breaker, stats, **(settings | more))

    return make


def classify(error: Exception) -> Verdict:
    """Judge the errors above; anything else is the caller's own fault."""
    return VERDICTS.get(type(error), FINAL)


@pytest.fixture
def trip(errors: Any) -> Callable[[Guard], None]:
    """Open a guard's circuit by failures that are not retried."""

    def open_circuit(guard: Guard) -> None:
        for _ in range(guard.breaker.policy.failures):
            with pytest.raises(errors.lost):
                guard.run(Script(LostError))
        assert guard.breaker.state == "open"

    return open_circuit
