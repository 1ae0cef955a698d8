"""One throttle bucket: the arithmetic of ThrottleBucket.java in hiero-consensus-node."""

from __future__ import annotations

import math
from dataclasses import dataclass

_NANOS = 1_000_000_000
_MILLI = 1_000


@dataclass(frozen=True, slots=True)
class Group:
    """Operations of one bucket with the same rate, in thousandths of an operation per second for the whole network."""

    milli_ops_per_s: int
    operations: tuple[str, ...]


class Bucket:
    """A leaky bucket that its groups share.

    Its logical rate is the least common multiple of the groups' rates, so that one operation of a group costs a whole
    number of logical operations: the slower a group may go, the more room one of its operations takes.

    Args:
        name: For messages.
        groups: Operations and their rates, network-wide.
        burst_ms: Capacity, as the time in which the full rate fills it, in milliseconds.
        shares: Number of nodes that share the rate equally.
    """

    def __init__(self, name: str, groups: tuple[Group, ...], burst_ms: int, shares: int) -> None:
        self.name = name
        rates = [max(1, group.milli_ops_per_s // shares) for group in groups]
        self._rate = math.lcm(*rates)  # thousandths of a logical operation per second
        self.costs = {
            operation: self._rate // rate
            for group, rate in zip(groups, rates, strict=True)
            for operation in group.operations
        }
        # A share may be too small for one operation to fit into the burst: then the burst is made longer.
        slowest = min(rates)
        burst_ms = max(burst_ms, math.ceil(_MILLI * _MILLI / slowest))
        # Units: a logical operation is _MILLI * _NANOS units, and a nanosecond leaks `_rate` of them.
        self.capacity = self._rate * burst_ms * (_NANOS // _MILLI)
        self._used = 0
        self._at_ns = 0

    def cost(self, operation: str) -> int:
        """Units that one operation takes; 0 where this bucket does not hold it."""
        return self.costs.get(operation, 0) * _MILLI * _NANOS

    def fits(self, cost: int, now_ns: int) -> bool:
        """Whether so many units fit in now."""
        self._leak(now_ns)
        return self._used + cost <= self.capacity

    def take(self, cost: int) -> None:
        """Take so many units; ask `fits` before."""
        self._used += cost

    def give_back(self, cost: int) -> None:
        """Give back units of a request that was refused later."""
        self._used = max(0, self._used - cost)

    def _leak(self, now_ns: int) -> None:
        if now_ns > self._at_ns:
            self._used = max(0, self._used - (now_ns - self._at_ns) * self._rate)
            self._at_ns = now_ns
