"""The prices of transactions and queries: the simple fee schedule of HIP-1261, and the exchange rate.

A fee is node + network + service. Prices are in tinycents (1 US cent = 100,000,000) as in the schedule file 0.0.113 of
release 0.78 (`simpleFeesSchedules.json` in hiero-ledger/solo), and are turned into tinybars at the rate in force.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from localnet import pb

NODE_BASE = 100_000
INCLUDED_TRANSACTION_BYTES = 1_350
TRANSACTION_BYTE = 10_000
SIGNATURE = 100_000  # each above the first
NETWORK_MULTIPLIER = 9
KEY = 100_000_000  # each above the included ones
QUERY_BASE = 84
COLLECTION_ACCOUNT = 802
"""Every fee goes there whole (HIP-1259; NodesConfig.java: `nodes.feeCollectionAccountEnabled`, true by default). The
public networks distribute it once in a staking period, a day, which is longer than runs of this network.
"""
_KNOWN_FEES = 4_096
GAS = 852
"""Each unit of gas (the extra `GAS`)."""
SUPER_USERS = frozenset({2, 50})
"""Treasury and system administrator: their transactions and queries are free (Authorizer.hasWaivedFees)."""


@dataclass(frozen=True)
class Fee:
    """The parts of one transaction's fee, in tinybars."""

    node: int
    network: int
    service: int

    @cached_property
    def without_service(self) -> int:
        """The fee of a transaction that is refused before its handler runs."""
        return self.node + self.network

    @cached_property
    def total(self) -> int:
        """Everything."""
        return self.node + self.network + self.service


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """`hbar_equivalent` hbars are worth `cent_equivalent` US cents, until `expiration_s` (Unix seconds)."""

    hbar_equivalent: int = 30_000
    cent_equivalent: int = 596_987  # 19.9 cents an hbar, the example of the mirror's API description
    expiration_s: int = 4_102_444_800  # 2100-01-01: the rate never changes here

    def to_tinybars(self, tinycents: int) -> int:
        """Tinycents in tinybars, rounded down."""
        return tinycents * self.hbar_equivalent // self.cent_equivalent

    def to_proto(self) -> Any:
        """The protobuf `ExchangeRateSet`; current and next rate are the same."""
        rate = pb.ExchangeRate(
            hbarEquiv=self.hbar_equivalent,
            centEquiv=self.cent_equivalent,
            expirationTime=pb.TimestampSeconds(seconds=self.expiration_s),
        )
        return pb.ExchangeRateSet(currentRate=rate, nextRate=rate)


def gas_price(rate: ExchangeRate) -> int:
    """Tinybars of one unit of gas, at least 1, as the mirror converts it (FeeScheduleMapper.java)."""
    return max(1, rate.to_tinybars(GAS))


def extra(count: int, included: int, price: int) -> int:
    """Price in tinycents of what goes beyond the included amount."""
    return max(0, count - included) * price


class FeeSchedule:
    """Computes fees at one exchange rate."""

    def __init__(self, rate: ExchangeRate) -> None:
        self.rate = rate
        self.rate_set = rate.to_proto()  # every receipt carries it
        self._known: dict[tuple[int, int, int], Fee] = {}  # under load most fees are alike

    def transaction(self, *, size: int, signatures: int, service: int) -> Fee:
        """The fee of a transaction.

        Args:
            size: Bytes of the serialised transaction.
            signatures: Signatures on it.
            service: The service fee in tinycents.
        """
        parts = size, signatures, service
        fee = self._known.get(parts)
        if fee is None:
            if len(self._known) >= _KNOWN_FEES:
                self._known.clear()
            fee = self._known[parts] = self._transaction(size, signatures, service)
        return fee

    def _transaction(self, size: int, signatures: int, service: int) -> Fee:
        node = (
            NODE_BASE
            + extra(size, INCLUDED_TRANSACTION_BYTES, TRANSACTION_BYTE)
            + extra(signatures, included=1, price=SIGNATURE)
        )
        to_tinybars = self.rate.to_tinybars
        return Fee(to_tinybars(node), to_tinybars(node * NETWORK_MULTIPLIER), to_tinybars(service))

    def query(self, extras: int = 0) -> int:
        """What a node must be paid for a query, in tinybars; `extras` is in tinycents on top of the base price."""
        return self.rate.to_tinybars(QUERY_BASE + extras)
