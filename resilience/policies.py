"""What a guard is told: how to judge an error, when to retry, when to stop calling. Plain values, checked when made."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple


class Verdict(NamedTuple):
    """What an error means to the guard. The classifier gives one for every `Exception` that an attempt raises.

    Four have names: TRANSIENT, TIMED_OUT, BUSY and FINAL. `Verdict(retry=False, failure=True)` is for an error that
    speaks against the service and yet must not be sent again, e.g. when it is open whether the call took effect.

    Attributes:
        retry: Another attempt may be made.
        failure: It speaks against the service's health and counts in the circuit breaker. An error that does not count
            is neutral: it is neither failure nor success, resets no counter and closes no circuit.
        timeout: No answer came in time. Its retry costs the retry budget more, for the call may still be worked on over
            there, and it tells an adaptive limiter to slow down as BUSY does.
        incident: Names the event that caused the failure, where one event fails many calls: a connection that broke
            fails all that it carried. While the circuit is closed, the first failure of an incident counts, and those
            after it are neutral. "" where each failure stands for itself.
        unsent: The attempt never left this process, as where no connection could be opened: its retry asks nothing of
            the service that was not to be asked anyway, and costs the retry budget nothing.
    """

    retry: bool
    failure: bool
    timeout: bool = False
    incident: str = ""
    unsent: bool = False


TRANSIENT: Final = Verdict(retry=True, failure=True)
"""The service could not be reached or did not answer as it should: counts, and is retried."""
BUSY: Final = Verdict(retry=True, failure=False)
"""The service is alive and asks for patience (throttled): retried, but no failure."""
TIMED_OUT: Final = Verdict(retry=True, failure=True, timeout=True)
"""No answer came in time: counts, and is retried, at a higher price."""
FINAL: Final = Verdict(retry=False, failure=False)
"""The service's considered answer (a wrong signature), or an error that is not the service's: neither."""


class Attempt(NamedTuple):
    """One attempt of an operation, as the function that makes it is told about it.

    Attributes:
        number: The how-manieth it is, from 1.
        member: The member of the pool that it goes to; "" where there is but one anonymous circuit.
        timeout: Seconds left until the operation's deadline, more than 0; None if it has none. Nothing here interrupts
            an attempt that takes longer.
    """

    number: int
    member: str = ""
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often an operation is attempted, and how long it waits between.

    The wait after attempt n is `min(backoff * 2**(n-1), backoff_max / (1 + jitter))`, times a random factor from
    1 - jitter to 1 + jitter. The cap is lowered by the jitter so that no wait exceeds `backoff_max` and yet waits at
    the cap stay spread: clients that all wait exactly the cap come back all at once.

    Attributes:
        attempts: Attempts in all, the first included; at least 1.
        backoff: Seconds after the first attempt; doubles with each further one; at least 0.
        backoff_max: No wait is longer, in seconds; at least 0.
        jitter: Share by which a wait is spread to both sides, from 0 to less than 1.

    Raises:
        ValueError: one or more values are out of range; the message names each of them.
    """

    attempts: int = 5
    backoff: float = 0.25
    backoff_max: float = 8.0
    jitter: float = 0.1

    def __post_init__(self) -> None:
        refuse(
            "RetryPolicy",
            [
                fault("attempts", self.attempts, self.attempts >= 1, "at least 1"),
                fault("backoff", self.backoff, 0 <= self.backoff < math.inf, "0 or more seconds"),
                fault("backoff_max", self.backoff_max, 0 <= self.backoff_max < math.inf, "0 or more seconds"),
                fault("jitter", self.jitter, 0 <= self.jitter < 1, "from 0 to less than 1"),
            ],
        )


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When a circuit opens, and how it is tried again.

    It opens at the first of two signs. `failures` in a row notice an outage at once but are blind to a partial one (at
    20 % errors, five in a row take some 5,900 calls). The share of failures in a sliding window notices that.

    Attributes:
        failures: Consecutive failures that open the circuit; at least 1.
        recovery: Seconds an open circuit refuses calls before it lets a trial through; more than 0.
        trials: Calls let through at once while the circuit is half-open; at least 1.
        successes: Trials that must succeed in one half-open period to close the circuit; at least 1.
        failure_ratio: Share of failed calls in the window that opens the circuit, more than 0, up to 1; None switches
            the window off.
        window_s: Length of the sliding window in seconds; more than 0. It moves on in tenths of its length.
        min_calls: Successes and failures the window must hold before its ratio is looked at; at least 1.

    Raises:
        ValueError: one or more values are out of range; the message names each of them.
    """

    failures: int = 5
    recovery: float = 60.0
    trials: int = 1
    successes: int = 1
    failure_ratio: float | None = 0.25
    window_s: float = 30.0
    min_calls: int = 100

    def __post_init__(self) -> None:
        ratio = self.failure_ratio
        refuse(
            "BreakerPolicy",
            [
                fault("failures", self.failures, self.failures >= 1, "at least 1"),
                fault("recovery", self.recovery, 0 < self.recovery < math.inf, "more than 0 seconds"),
                fault("trials", self.trials, self.trials >= 1, "at least 1"),
                fault("successes", self.successes, self.successes >= 1, "at least 1"),
                fault("failure_ratio", ratio, ratio is None or 0 < ratio <= 1, "more than 0, up to 1, or None"),
                fault("window_s", self.window_s, 0 < self.window_s < math.inf, "more than 0 seconds"),
                fault("min_calls", self.min_calls, self.min_calls >= 1, "at least 1"),
            ],
        )


def fault(field: str, value: object, right: bool, range_: str) -> str:
    """One line on what is wrong with a field, "" if nothing is."""
    return "" if right else f"{field}={value!r} must be {range_}"


def refuse(policy: str, faults: list[str]) -> None:
    """Raise one error that names every fault, if there is any."""
    found = [fault for fault in faults if fault]
    if found:
        raise ValueError(f"{policy}: {'; '.join(found)}")
