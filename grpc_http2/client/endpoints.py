"""The addresses of one server: whose turn it is, and which are left alone since they could not be reached."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from grpc_http2.client.timing import Timing


class Endpoint:
    """One address.

    Attributes:
        address: `host:port`.
        not_before: Monotonic seconds before which it is left alone.
        failures: Attempts in a row that were in vain.
    """

    __slots__ = ("address", "failures", "not_before")

    def __init__(self, address: str) -> None:
        self.address = address
        self.not_before = 0.0
        self.failures = 0


class Endpoints:
    """Takes them in turn.

    Args:
        addresses: At least one.
        timing: How long one is left alone.
        chance: A random number from 0 to 1, so that many processes do not come back at the same moment.
    """

    def __init__(self, addresses: Sequence[str], timing: Timing, chance: Callable[[], float] = random.random) -> None:
        self._all = {address: Endpoint(address) for address in addresses}
        self._turn = [*self._all.values()]
        self._timing = timing
        self._chance = chance

    def next(self, now: float) -> str | None:
        """The address whose turn it is; None while all are left alone."""
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
        """It could not be reached, or hung up at once: leave it alone for a while, twice as long each time."""
        endpoint = self._all[address]
        longest = min(self._timing.first_backoff * 2.0**endpoint.failures, self._timing.longest_backoff)
        endpoint.failures = min(endpoint.failures + 1, 32)
        endpoint.not_before = at + longest * (0.8 + 0.2 * self._chance())
