"""The addresses of one server: which is next, and which are in back-off because they could not be reached."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from grpc_http2.client.timing import Timing


class Endpoint:
    """One address.

    Attributes:
        address: `host:port`.
        not_before: Monotonic seconds until which it is not tried.
        failures: Failed attempts in a row.
    """

    __slots__ = ("address", "failures", "not_before")

    def __init__(self, address: str) -> None:
        self.address = address
        self.not_before = 0.0
        self.failures = 0


class Endpoints:
    """Selects them in turn.

    Args:
        addresses: At least one.
        timing: The back-off.
        chance: A random number from 0 to 1, so that many processes do not come back at the same moment.
    """

    def __init__(self, addresses: Sequence[str], timing: Timing, chance: Callable[[], float] = random.random) -> None:
        self._all = {address: Endpoint(address) for address in addresses}
        self._turn = [*self._all.values()]
        self._timing = timing
        self._chance = chance

    def next(self, now: float) -> str | None:
        """The next address; None while all are in back-off."""
        for at, endpoint in enumerate(self._turn):
            if endpoint.not_before <= now:
                self._turn.append(self._turn.pop(at))
                return endpoint.address
        return None

    def others_ready(self, taken: set[str], now: float) -> bool:
        """Whether there is an address beside these that may be tried."""
        return any(one.not_before <= now and one.address not in taken for one in self._turn)

    def worked(self, address: str) -> None:
        """It was reached, and served."""
        self._all[address].failures = 0
        self._all[address].not_before = 0.0

    def failed(self, address: str, at: float) -> None:
        """It could not be reached, or closed at once: back off, twice as long each time."""
        endpoint = self._all[address]
        longest = min(self._timing.first_backoff * 2.0**endpoint.failures, self._timing.longest_backoff)
        endpoint.failures = min(endpoint.failures + 1, 32)
        endpoint.not_before = at + longest * (0.8 + 0.2 * self._chance())
