"""The latencies of consensus and mirror: the profiles of `--latency`, and the sources of their figures.

A transaction has two moments. Its **consensus timestamp** is the median of the moments at which the nodes received the
event it is in, so a few hundred milliseconds after its arrival. It is **known** (its place in the order, its receipt,
its record) when the nodes have agreed on that, some two seconds later. Clients wait for the second, and messages are
sorted and stamped by the first.

| profile | arrival to timestamp | arrival to known | known to mirror | gossip |
|---|---|---|---|---|
| standard | 0.3 s, always | 2 s, always | 0.5 s, always | 0.1 s |
| mainnet | 0.15 s to 0.45 s | log-normal, median 2.5 s, p99 5 s | 2 s after its record file closed | 0.3 s |
| testnet | 0.15 s to 0.45 s | log-normal, median 2.5 s, p99 5 s | 2 s after its record file closed | 0.3 s |
| instant | none | none | none | none |

Sources. The two moments: "Hedera Technical Insights: latency on Hedera" (hedera.com, 2019), and the platform's metrics
secC2R, secC2C and secC2RC (hedera-docs issue 51), which tell them apart. Median until known: the same article gives
about 2.5 s for mainnet. 99th percentile: the documentation's "3-5 second absolute finality" (why-hedera.mdx), whose
upper end is taken for it. Assumed, because nothing is published: the log-normal shape; that the time until known is the
network's and not the transaction's own (whatever has the same timestamp is known at once), and wanders within some
seconds; testnet's figures, which are mainnet's; the time to the timestamp, of which only "a few hundred milliseconds"
is known, and that each node's goes up and down between its bounds; rounds, ten a second. Mirror: a record file closes
every 2 s, and 2 s go by for upload, verification and import (unverified; "near real-time but brief lag"): from 2 s to
4 s, evenly. Gossip: how long after one node took a transaction the others have heard of it; no figure is published,
only that it is a part of the time to consensus.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

Pace = Callable[[float], float]
"""The time from arrival until it is known, for what gets its timestamp at this moment (seconds, monotonic)."""
Lag = Callable[[float], float]
_NORMAL_P99: Final = 2.3263478740408408
_WAVES: Final = 32
_WANDER_S: Final = 3.0
RECEIVED_S: Final = 0.3
_RECEIVED_SHARE: Final = 0.15  # of a `delay`, so that a short one also has two moments


@dataclass(frozen=True, slots=True)
class Latency:
    """The latencies of a profile, in seconds.

    Attributes:
        pace: Makes the network's `Pace`, which may draw from the random numbers given whenever it is asked.
        mirror: The time from when it is known (given as Unix time) until the mirror shows it.
        received_s: The time from a transaction's arrival to its consensus timestamp, in the middle.
        spread_s: The shortest and the longest of these times are so far apart. Within it transactions through different
            nodes change places; those through one node never do.
        round_s: Transactions become known at multiples of this; 0 for at any time.
        gossip_s: Time after its arrival at one node until the others know of a transaction.
    """

    pace: Callable[[Random], Pace]
    mirror: Lag
    received_s: float = RECEIVED_S
    spread_s: float = 0.0
    round_s: float = 0.0
    gossip_s: float = 0.0


def fixed(seconds: float, jitter: float = 0.0) -> Callable[[Random], Pace]:
    """Always `seconds`, give or take up to `jitter`, evenly; never below 0."""
    if not jitter:
        return lambda _: lambda _: seconds
    return lambda random: lambda _: max(0.0, seconds + random.uniform(-jitter, jitter))


def log_normal(median: float, p99: float) -> Callable[[Random], Pace]:
    """A time that varies slowly; its long-run distribution is log-normal with this median and 99th percentile."""
    mu, sigma = math.log(median), math.log(p99 / median) / _NORMAL_P99

    def pace(random: Random) -> Pace:
        wander = _wandering(random)
        return lambda at: math.exp(mu + sigma * wander(at))

    return pace


def _wandering(random: Random) -> Callable[[float], float]:
    """A smooth function of time whose values are normally distributed: waves of random frequency and phase.

    It changes so slowly that what got its timestamp later would hardly ever be known earlier.
    """
    waves = [(random.gauss(0.0, 1.0 / _WANDER_S), random.uniform(0.0, math.tau)) for _ in range(_WAVES)]
    scale = math.sqrt(2.0 / _WAVES)
    return lambda at: scale * sum(math.cos(frequency * at + phase) for frequency, phase in waves)


def to_timestamp(latency: Latency, node: int, at: float) -> float:
    """The time from arrival to the consensus timestamp.

    Args:
        latency: The profile.
        node: Which node it arrived at, by its account number; the times of each go up and down by themselves.
        at: Monotonic time of its arrival, in seconds.
    """
    if not latency.spread_s:
        return latency.received_s
    period = 2.0 + node % 7 / 3  # so long that transactions through one node never overtake each other
    return latency.received_s + latency.spread_s / 2 * math.sin(math.tau * at / period + node)


def always(seconds: float) -> Lag:
    """A fixed time after it is known."""
    return lambda _: seconds


def by_file(period: float, after: float) -> Lag:
    """With all others of its record file: `after` seconds after the file closed, and one closes every `period`."""
    return lambda known: math.ceil(known / period) * period - known + after


_PUBLIC: Final = Latency(log_normal(2.5, 5.0), by_file(period=2.0, after=2.0), spread_s=0.3, round_s=0.1, gossip_s=0.3)

PROFILES: Final[dict[str, Latency]] = {
    "standard": Latency(fixed(2.0), always(0.5), gossip_s=0.1),
    "mainnet": _PUBLIC,
    "testnet": _PUBLIC,
    "instant": Latency(fixed(0.0), always(0.0), received_s=0.0),
}


def latency_of(
    profile: str, delay: float | None, jitter: float | None, lag: float | None, gossip: float | None = None
) -> Latency:
    """A profile, with overrides of its parts.

    Args:
        profile: One of PROFILES.
        delay: Fixed time from arrival until it is known; None for the profile's. The timestamp then comes 0.3 s after
            arrival, or at 15% of the delay if that is earlier.
        jitter: Largest deviation from it; None for none, or for the profile's where there is no `delay` either.
        lag: Fixed time until the mirror shows it; None for the profile's.
        gossip: Time until the other nodes know of it; None for the profile's.
    """
    base = PROFILES[profile]
    changed: dict[str, Any] = {}
    if lag is not None:
        changed["mirror"] = always(lag)
    if gossip is not None:
        changed["gossip_s"] = gossip
    if delay is not None or jitter is not None:
        delay = 2.0 if delay is None else delay
        received = min(RECEIVED_S, _RECEIVED_SHARE * delay)
        changed |= {"pace": fixed(delay, jitter or 0.0), "received_s": received, "spread_s": 0.0, "round_s": 0.0}
    return replace(base, **changed)
