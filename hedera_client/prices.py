"""The prices of transactions by the published price list, and the maximum fees that are offered.

Prices are in tinycents (100,000,000 are one US cent), as in the network's simple fee schedule (HIP-1261), file 0.0.113:
hiero-ledger/solo `simpleFeesSchedules.json` of release 0.78; totals in dollars at docs.hedera.com, "Fees". A
transaction costs its service price and ten times the node's (the network's part is nine times as much), in tinybars at
the rate in force. Writing to a topic with custom fees costs more, which is not included here.

What is offered (`transactionFee`) is a bound and never what is charged. Nodes check at precheck only that it bears
their own and the network's part, and at consensus the whole: what offers too little fails there with
INSUFFICIENT_TX_FEE, and is charged (hiero-consensus-node, SolvencyPreCheck.java).
"""

from __future__ import annotations

from typing import Final, NamedTuple

HBAR: Final = 100_000_000
"""Tinybars in one hbar."""

TINYCENTS: Final = 100_000_000
"""Tinycents in one US cent."""

KEY: Final = 100_000_000
SIGNATURE: Final = 1_000_000
"""Each signature beyond the first, the network's part included."""

SUBMIT_MESSAGE: Final = 7_000_000
"""For up to 1,024 bytes, whatever their number: what releases before 0.73 ask for all of them. Since then the price is
graded, from 700,000 for 100 bytes to 6,983,200; what is offered has to be enough on both."""
CREATE_TOPIC: Final = 99_000_000
UPDATE_TOPIC: Final = 1_200_000
DELETE_TOPIC: Final = 49_000_000
DELETE_FILE: Final = 69_000_000
CREATE_ACCOUNT: Final = 499_000_000

MARGIN: Final = 2
"""Times the price that is offered. The network moves its rate by at most 25 % in a day (RatesConfig.java,
intradayChangeLimitPercent), so this bears two days of an hbar in free fall: 0.75 x 0.75 is more than a half."""

_NODE_AND_NETWORK: Final = 1_000_000
_INCLUDED_TRANSACTION_BYTES: Final = 1_350
_TRANSACTION_BYTE: Final = 100_000
_ENVELOPE_BYTES: Final = 250
"""What a transaction has around its operation, with room: id, node, fee, duration, one signature with its key."""

INCLUDED_BYTES: Final = _INCLUDED_TRANSACTION_BYTES - _ENVELOPE_BYTES
"""Bytes of an operation up to which a transaction has one price."""

_MESSAGE: Final = 700_000
_INCLUDED_MESSAGE_BYTES: Final = 100
_MESSAGE_BYTE: Final = 6_800
_FILE: Final = 499_000_000
_INCLUDED_FILE_BYTES: Final = 1_000
_FILE_BYTE: Final = 1_000_000
_TRANSFER_ACCOUNT: Final = 1_000_000
_QUERY: Final = 84
_QUERY_BYTE: Final = 10_000

_STEP: Final = 0xFFFF
"""Offers end on a multiple of this plus one, so that sizes which differ by a little make the same bytes."""

LOWEST_RATE: Final = (100, 200)
"""Hbars and the cents they are taken to be worth where no rate was read: 2 cents each, so that with MARGIN enough is
offered down to one, the lowest that an hbar has been worth (January 2020), and rather too much at any other time."""


def with_network(service: int, size: int) -> int:
    """The whole price of a transaction with one signature.

    Args:
        service: Its service price.
        size: Bytes of its serialised operation.
    """
    over = size - INCLUDED_BYTES
    return service + _NODE_AND_NETWORK + (over * _TRANSACTION_BYTE if over > 0 else 0)


def message(size: int) -> int:
    """Service price of a message of `size` bytes, as releases since 0.73 grade it."""
    return _MESSAGE + max(0, size - _INCLUDED_MESSAGE_BYTES) * _MESSAGE_BYTE


def topic(keys: int) -> int:
    """Service price of creating a topic; every key is paid for."""
    return CREATE_TOPIC + keys * KEY


def file_bytes(size: int, keys: int = 0) -> int:
    """Service price of creating, appending or changing `size` bytes of a file; one key is included."""
    return _FILE + max(0, size - _INCLUDED_FILE_BYTES) * _FILE_BYTE + max(0, keys - 1) * KEY


def transfer(accounts: int) -> int:
    """Service price of a transfer between accounts; two are included."""
    return max(0, accounts - 2) * _TRANSFER_ACCOUNT


def file_contents(size: int) -> int:
    """Price of reading a file of `size` bytes, without the transfer that pays it."""
    return _QUERY + max(0, size - _INCLUDED_FILE_BYTES) * _QUERY_BYTE


class FeeCaps(NamedTuple):
    """The most that is offered for a transaction: MARGIN times its price at one exchange rate, within a bound.

    Attributes:
        hbars: So many hbars
        cents: are worth so many US cents.
        most: Tinybars that are never exceeded; 0 for no bound.
    """

    hbars: int = LOWEST_RATE[0]
    cents: int = LOWEST_RATE[1]
    most: int = 0

    def of(self, price: int) -> int:
        """Tinybars to offer for what costs `price` tinycents."""
        cap = (price * self.hbars * MARGIN // self.cents | _STEP) + 1
        return self.most if 0 < self.most < cap else cap

    def tinybars(self, price: int) -> int:
        """What `price` tinycents are at the rate, rounded up."""
        return -(-price * self.hbars // self.cents)

    def dollars_of_an_hbar(self) -> float:
        """The rate in words."""
        return self.cents / self.hbars / 100


WITHOUT_RATE: Final = FeeCaps()
"""Where the exchange rate is not known."""
