"""The price of gas. There are no contracts here, but clients ask mirror and relay for it."""

from __future__ import annotations

from typing import Final

from localnet.state.fees import ExchangeRate

GAS: Final = 852
"""Tinycents of one unit of gas (the extra `GAS` in simpleFeesSchedules.json of release 0.78, hiero-ledger/solo)."""


def gas_price(rate: ExchangeRate) -> int:
    """Tinybars of one unit of gas, at least 1, as the mirror converts it (FeeScheduleMapper.java)."""
    return max(1, rate.to_tinybars(GAS))
