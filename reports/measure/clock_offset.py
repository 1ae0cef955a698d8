"""How far the network's clock is ahead of this machine's, as an interval that the truth must lie in.

Two sources bound it, and neither needs to know how long anything takes on the way:

* The mirror's HTTP header `Date` (RFC 9110, whole seconds, cut off): an answer dated D was made between D and D + 1 by
  the mirror's clock, and between the request and its answer by this machine's. Each request is sent where its answer
  halves what is left, so ten of them bring the interval from a second to about the time of a round trip.
* Causality: a message's consensus timestamp lies after it was sent and before its sender was told of it. The tightest
  pair over a whole run bounds the consensus nodes' clock itself.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final

import gevent

from config.proxies import requests_session

DATE: Final = "the mirror's HTTP Date"
CAUSALITY: Final = "messages: sent before consensus, told after it"

ROUNDS: Final = 10
TIMEOUT_S: Final = 5.0
PATH: Final = "/api/v1/network/nodes?limit=1"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """The network's clock minus this machine's lies between `low_s` and `high_s` seconds, as `source` has it."""

    low_s: float
    high_s: float
    source: str

    @property
    def estimate_s(self) -> float:
        """Middle of the interval."""
        return (self.low_s + self.high_s) / 2

    @property
    def uncertainty_s(self) -> float:
        """Half of its width: how far the truth can be from the estimate."""
        return (self.high_s - self.low_s) / 2

    @property
    def correction_s(self) -> float:
        """What to take off the network's times: nothing where the clocks may well agree, else the estimate."""
        return 0.0 if self.low_s <= 0 <= self.high_s else self.estimate_s

    def joined(self, other: ClockOffset) -> ClockOffset | None:
        """What both allow, or None where they contradict each other."""
        low, high = max(self.low_s, other.low_s), min(self.high_s, other.high_s)
        return ClockOffset(low, high, f"{self.source}; {other.source}") if low <= high else None

    def as_report(self) -> dict[str, Any]:
        """Offset, uncertainty and correction in milliseconds, and the source; of types that msgpack can carry."""
        return {
            "offset_ms": round(self.estimate_s * 1000, 3),
            "uncertainty_ms": round(self.uncertainty_s * 1000, 3),
            "correction_ms": round(self.correction_s * 1000, 3),
            "source": self.source,
        }

    @classmethod
    def from_report(cls, entry: dict[str, Any]) -> ClockOffset:
        """What `as_report` returned."""
        offset, half = entry["offset_ms"] / 1000, entry["uncertainty_ms"] / 1000
        return cls(offset - half, offset + half, entry["source"])


class DateProbe:
    """Measures by the mirror's `Date` header.

    Attributes:
        result: What is known so far; None before the first answer.

    Args:
        mirror_rest: Base URL of the mirror.
        date_of: Returns the Unix time in whole seconds that an answer from a URL is dated; raises OSError if none came.
        clock: Unix time in seconds.
        sleep: Waits that many seconds.
    """

    def __init__(
        self,
        mirror_rest: str,
        date_of: Callable[[str], float] | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Any] = gevent.sleep,
    ) -> None:
        self.result: ClockOffset | None = None
        self._url = mirror_rest.rstrip("/") + PATH
        self._date_of = date_of or _date_of
        self._clock = clock
        self._sleep = sleep

    def run(self, rounds: int = ROUNDS) -> ClockOffset | None:
        """Ask `rounds` times, about once a second, and return what is known then; an answer that fails is left out."""
        for _ in range(rounds):
            if self.result is not None:
                self._sleep(self._until_telling_moment(self.result))
            try:
                answer = self._ask()
            except (OSError, ValueError) as error:
                logger.debug("The mirror's clock could not be read: %s", error)
                continue
            known = self.result
            # Answers that contradict each other mean that a clock was set meanwhile; the newer one is right.
            self.result = answer if known is None else (known.joined(answer) or answer)
            self.result = ClockOffset(self.result.low_s, self.result.high_s, DATE)
        return self.result

    def _ask(self) -> ClockOffset:
        before = self._clock()
        dated = self._date_of(self._url)
        return ClockOffset(dated - self._clock(), dated + 1 - before, DATE)

    def _until_telling_moment(self, known: ClockOffset) -> float:
        """Seconds until the mirror's second changes, if the middle of what is known is the truth."""
        there = self._clock() + known.estimate_s
        return math.ceil(there) - there


def _date_of(url: str) -> float:
    """The date of an answer; the answer itself does not matter."""
    with requests_session(url) as session:
        answer = session.get(url, timeout=TIMEOUT_S)
    dated = answer.headers.get("Date")
    if dated is None:
        raise ValueError(f"{url} answers without a Date")
    return parsedate_to_datetime(dated).replace(tzinfo=UTC).timestamp()
