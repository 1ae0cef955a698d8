"""Historical balances: a snapshot of all balances every fifteen minutes, as on public mirrors.

Nothing is copied when a snapshot is due. An account's balance is noted when it changes for the first time after one,
and holds for all snapshots since the change before.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from localnet.clock import NANOS
from localnet.state.entities import Account

PERIOD_NS: Final = 15 * 60 * NANOS
"""Time from snapshot to snapshot (the relay's BALANCES_UPDATE_INTERVAL is made for it)."""

_KEPT: Final = 7 * 96
"""Changes that are remembered of one account: those of a week, if it changes in each period."""


class BalanceHistory:
    """The balances of a mirror at its snapshots: the first at genesis, then one each quarter of an hour by the clock.

    Args:
        genesis_ns: When the network began, Unix nanoseconds.
    """

    def __init__(self, genesis_ns: int) -> None:
        self._genesis_ns = genesis_ns
        self._origin = genesis_ns // PERIOD_NS
        self._notes: dict[int, list[tuple[int, int]]] = {}  # by account: last snapshot it holds for, and the balance
        self._changed: dict[int, int] = {}

    def changing(self, account: Account, consensus_ns: int) -> None:
        """Note that an account's balance is about to change; the moments of one account must not go back."""
        number, period = account.number, consensus_ns // PERIOD_NS - self._origin
        before = self._changed.get(number)
        if before is None or before // PERIOD_NS - self._origin < period:
            notes = self._notes.setdefault(number, [])
            notes.append((period, account.balance))
            if len(notes) > _KEPT:
                del notes[0]
        self._changed[number] = consensus_ns

    def changed_ns(self, account: Account) -> int:
        """When an account's balance changed for the last time."""
        return self._changed.get(account.number, account.created_ns)

    def latest(self, last_ns: int) -> int:
        """The number of the latest snapshot that is not later than a moment; below 0 for none."""
        return -1 if last_ns < self._genesis_ns else last_ns // PERIOD_NS - self._origin

    def moment(self, snapshot: int) -> int:
        """When a snapshot was taken."""
        return (self._origin + snapshot) * PERIOD_NS if snapshot else self._genesis_ns

    def balance(self, account: Account, snapshot: int) -> int | None:
        """An account's balance at a snapshot; None if it was not there yet.

        Before what is remembered of an account it is the oldest balance that is.
        """
        if account.created_ns > self.moment(snapshot):
            return None
        notes = self._notes.get(account.number, [])
        at = bisect_left(notes, snapshot, key=lambda note: note[0])
        return notes[at][1] if at < len(notes) else account.balance
