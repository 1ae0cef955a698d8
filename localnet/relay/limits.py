"""How often an address may call a method: counts in windows of a minute, as LruRateLimitStore.ts keeps them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from localnet.relay.errors import rate_limited

WINDOW_S: Final = 60.0

TIER_1: Final = 100
"""Calls per window of an expensive method."""
TIER_2: Final = 800
"""Calls per window of an ordinary method."""
TIER_3: Final = 1_600
"""Calls per window of a method that always answers the same."""
DEFAULT_LIMIT: Final = 200
"""Calls per window of a method the relay has no tier for."""

_MAX_ADDRESSES: Final = 1_024


@dataclass(slots=True)
class _Window:
    """One address's minute; it begins with its first call, and is the same for all methods."""

    ends: float
    calls: Counter[str] = field(default_factory=Counter)


class RateLimits:
    """Counts the calls of each address.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._windows: dict[str, _Window] = {}

    def count(self, address: str, method: str, limit: int) -> None:
        """Count one call.

        Raises:
            RpcError: the address has reached its limit in this window (-32605).
        """
        now = self._clock()
        window = self._windows.get(address)
        if window is None or window.ends < now:
            window = self._open(address, now)
        if window.calls[method] >= limit:
            raise rate_limited(method)
        window.calls[method] += 1

    def _open(self, address: str, now: float) -> _Window:
        if len(self._windows) >= _MAX_ADDRESSES:  # bounded, also against many addresses
            self._windows = {known: window for known, window in self._windows.items() if window.ends >= now}
        self._windows[address] = _Window(now + WINDOW_S)
        return self._windows[address]
