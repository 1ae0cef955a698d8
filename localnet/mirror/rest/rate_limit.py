"""The mirror's rate limit: requests per second from one address, as on public mirrors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from localnet.mirror.rest.errors import ApiError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_MAX_ADDRESSES = 1_024


class RateLimit:
    """A bucket for each address that fills with `rate` tokens a second and holds as many; a request takes one.

    Args:
        rate: Requests per second.
        clock: Monotonic seconds.
    """

    def __init__(self, rate: int, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}  # address: tokens, and when they were counted

    def take(self, address: str) -> bool:
        """Whether the address has a token left; takes it."""
        now = self._clock()
        tokens, counted = self._buckets.get(address, (float(self._rate), now))
        tokens = min(float(self._rate), tokens + (now - counted) * self._rate)
        allowed = tokens >= 1.0
        if address not in self._buckets and len(self._buckets) >= _MAX_ADDRESSES:  # bounded
            self._buckets = {known: entry for known, entry in self._buckets.items() if now - entry[1] < 1.0}
        self._buckets[address] = (tokens - allowed, now)
        return allowed


def limited(limit: RateLimit) -> Middleware:
    """Refuse requests beyond the limit with HTTP 429."""

    @web.middleware
    async def refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not limit.take(request.remote or ""):
            raise ApiError(429, "Too Many Requests")
        return await handler(request)

    return refuse
