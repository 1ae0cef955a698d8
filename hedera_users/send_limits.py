"""Limits of sending: the network's published throttles as token buckets, and limits of transactions in flight."""

from __future__ import annotations

from typing import Final, NamedTuple

from config.settings import RunSettings
from resilience import AdaptiveConcurrency, ConcurrencyLimit, Limiter, Limits, TokenBucket


class Throttle(NamedTuple):
    """A throttle of the network: transactions per second, and seconds' worth of them that it takes at once."""

    rate: float
    burst_s: float


# Network-wide, of system file 0.0.123 (hiero-consensus-node, hedera-node/configuration/mainnet/upgrade/throttles.json).
MESSAGES: Final = Throttle(10_500, 15.0)
"""ConsensusSubmitMessage, in the bucket ThroughputLimits."""
FILES: Final = Throttle(10, 3.0)
"""FileCreate, FileAppend, FileUpdate and FileDelete together, in the bucket PriorityReservations."""

SHARE_OF_BURST: Final = 0.5
"""How much of a burst is used: the network's bucket may not be empty when a run begins, and its nodes share it."""


def message_limiter(settings: RunSettings, workers: int) -> Limiter | None:
    """The limiter of transactions on topics in one of so many workers; None for no limit."""
    return _limiter(settings, MESSAGES, workers)


def file_limiter(settings: RunSettings, workers: int) -> Limiter | None:
    """The limiter of transactions on files in one of so many workers; None for no limit."""
    return _limiter(settings, FILES, workers)


def _limiter(settings: RunSettings, throttle: Throttle, workers: int) -> Limiter | None:
    limits: list[Limiter] = []
    if settings.rate_limit == "network":
        rate = throttle.rate / workers
        limits.append(TokenBucket(rate, max(1.0, rate * throttle.burst_s * SHARE_OF_BURST)))
    if settings.concurrency == "adaptive":
        limits.append(AdaptiveConcurrency())
    elif settings.concurrency != "off":
        limits.append(ConcurrencyLimit(int(settings.concurrency)))
    if not limits:
        return None
    return limits[0] if len(limits) == 1 else Limits(limits)
