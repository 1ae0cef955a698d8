"""How long consensus and the mirror take: the profiles of `--latency`, and where their figures come from.

| profile | arrival to consensus | consensus to mirror | gossip |
|---|---|---|---|
| standard | 2 s, always | 0.5 s, always | 0.1 s |
| mainnet | log-normal, median 2.5 s, 99th percentile 5 s | 2 s after its record file closed | 0.3 s |
| testnet | log-normal, median 2.5 s, 99th percentile 5 s | 2 s after its record file closed | 0.3 s |
| instant | none | none | none |

Sources. Median: "Hedera Technical Insights: latency on Hedera" (hedera.com, 2019) gives about 2.5 s for mainnet. 99th
percentile: the documentation's "3-5 second absolute finality" (why-hedera.mdx), whose upper end is taken for it. No
distribution is published, so the log-normal shape is an assumption, as usual for latencies of many added steps; and
no figure is published for testnet, which therefore gets mainnet's. Mirror: a record file closes every 2 s, and 2 s go
by for upload, verification and import (unverified; "near real-time but brief lag"): from 2 s to 4 s, evenly. Rounds:
consensus comes in rounds, here ten a second (unverified). Gossip: how long after one node took a transaction the
others have heard of it; no figure is published, only that it is a part of the time to consensus.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

Draw = Callable[[Random], float]
Lag = Callable[[float], float]
_NORMAL_P99: Final = 2.3263478740408408


@dataclass(frozen=True, slots=True)
class Latency:
    """How long things take, in seconds.

    Attributes:
        consensus: Draws the time from a transaction's arrival to its consensus.
        mirror: The time from consensus (given as Unix time) until the mirror shows it.
        round_s: Consensus comes at multiples of this; 0 for at any time.
        ordered: Whether transactions reach consensus in the order of their arrival. On the public networks the order
            of transactions in flight at the same time is not theirs to choose.
        gossip_s: So long after its arrival at one node the others have heard of a transaction.
    """

    consensus: Draw
    mirror: Lag
    round_s: float = 0.0
    ordered: bool = True
    gossip_s: float = 0.0


def fixed(seconds: float, jitter: float = 0.0) -> Draw:
    """Always `seconds`, give or take up to `jitter`, evenly; never below 0."""
    if not jitter:
        return lambda _: seconds
    return lambda random: max(0.0, seconds + random.uniform(-jitter, jitter))


def log_normal(median: float, p99: float) -> Draw:
    """A log-normal time with this median and 99th percentile."""
    mu, sigma = math.log(median), math.log(p99 / median) / _NORMAL_P99
    return lambda random: random.lognormvariate(mu, sigma)


def always(seconds: float) -> Lag:
    """So long after consensus, whenever that is."""
    return lambda _: seconds


def by_file(period: float, after: float) -> Lag:
    """With all others of its record file: `after` seconds after the file closed, and one closes every `period`."""
    return lambda consensus: math.ceil(consensus / period) * period - consensus + after


_PUBLIC: Final = Latency(log_normal(2.5, 5.0), by_file(period=2.0, after=2.0), round_s=0.1, ordered=False, gossip_s=0.3)

PROFILES: Final[dict[str, Latency]] = {
    "standard": Latency(fixed(2.0), always(0.5), gossip_s=0.1),
    "mainnet": _PUBLIC,
    "testnet": _PUBLIC,
    "instant": Latency(fixed(0.0), always(0.0)),
}


def latency_of(
    profile: str, delay: float | None, jitter: float | None, lag: float | None, gossip: float | None = None
) -> Latency:
    """A profile, with what was said about its parts in its place.

    Args:
        profile: One of PROFILES.
        delay: Fixed time to consensus; None for the profile's.
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
        consensus = fixed(2.0 if delay is None else delay, jitter or 0.0)
        changed |= {"consensus": consensus, "round_s": 0.0, "ordered": True}
    return replace(base, **changed)
