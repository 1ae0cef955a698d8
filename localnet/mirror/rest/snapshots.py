"""Which snapshot of all balances answers for a time (MN:rest/balances.js, `getAccountBalanceTimestampRange`)."""

from __future__ import annotations

from collections.abc import Callable

from localnet.mirror.rest.filters import Filter, parse_timestamp
from localnet.mirror.rest.interval import Interval
from localnet.mirror.rest.times import Times
from localnet.mirror.store import MirrorStore


class Snapshots:
    """Picks snapshots of a mirror's balances.

    Args:
        store: Whose.
        complete_ns: Tells until which consensus time the mirror shows everything: no snapshot is later.
    """

    def __init__(self, store: MirrorStore, complete_ns: Callable[[], int]) -> None:
        self._store = store
        self._complete_ns = complete_ns

    def matching(self, filters: list[Filter]) -> int | None:
        """The latest snapshot that `timestamp` filters leave, where `eq` is as good as `lte`; None for none."""
        interval = Interval()
        for one in filters:
            interval.narrow("lte" if one.operator == "eq" else one.operator, parse_timestamp(one.value))
        return self._within(interval)

    def latest(self, times: Times) -> int | None:
        """The latest snapshot at these times, or before the one they are equal to; None for none."""
        interval = times.interval
        if times.equal:
            interval.low = 0
        return self._within(interval)

    def _within(self, interval: Interval) -> int | None:
        history = self._store.history
        until_ns = max(self._complete_ns(), history.moment(0))  # the first snapshot is as old as the network
        snapshot = history.latest(min(interval.high - 1, until_ns))
        while snapshot >= 0 and history.moment(snapshot) >= interval.low:
            if history.moment(snapshot) not in interval.excluded:
                return snapshot
            snapshot -= 1
        return None
