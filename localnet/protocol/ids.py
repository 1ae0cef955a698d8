"""Entity ids and transaction ids. This network has shard 0 and realm 0 only, so an entity is its number.

An id of another shard or realm, which requests may still contain, is encoded in one number where it has to be kept:
10 bits of shard, 16 of realm and 38 of number, as the mirror encodes it (MN:rest/entityId.js).
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from localnet import pb

_NUMBER_BITS: Final = 38
_REALM_BITS: Final = 16
_SHARD_BITS: Final = 10


class TransactionKey(NamedTuple):
    """What identifies a transaction: the payer's account number and the valid start."""

    payer: int
    seconds: int
    nanos: int

    def __str__(self) -> str:
        return f"0.0.{self.payer}@{self.seconds}.{self.nanos:09d}"

    @property
    def mirror_form(self) -> str:
        """The mirror's form, `0.0.N-sssssssss-nnnnnnnnn`."""
        return f"0.0.{self.payer}-{self.seconds}-{self.nanos:09d}"

    def to_proto(self) -> Any:
        """The protobuf `TransactionID`."""
        return pb.TransactionID(
            accountID=pb.AccountID(accountNum=self.payer),
            transactionValidStart=pb.Timestamp(seconds=self.seconds, nanos=self.nanos),
        )


def transaction_key(transaction_id: Any) -> TransactionKey:
    """The key of a protobuf `TransactionID`."""
    start = transaction_id.transactionValidStart
    return TransactionKey(transaction_id.accountID.accountNum, start.seconds, start.nanos)


def account_number(account_id: Any) -> int:
    """The number of a protobuf `AccountID`, or -1 where it is an alias or belongs to another shard or realm."""
    if account_id.shardNum or account_id.realmNum or account_id.WhichOneof("account") != "accountNum":
        return -1
    return int(account_id.accountNum)


def entity_number(number: int, entity_id: Any) -> int:
    """`number` of a protobuf entity id, or -1 where it belongs to another shard or realm."""
    return -1 if entity_id.shardNum or entity_id.realmNum else number


def encode_entity(shard: int, realm: int, number: int) -> int | None:
    """An entity id as one number, which for shard 0 and realm 0 is its number; None where a part is too large."""
    if number >> _NUMBER_BITS or realm >> _REALM_BITS or shard >> _SHARD_BITS:  # of a negative one bits are left too
        return None
    return (shard << _REALM_BITS | realm) << _NUMBER_BITS | number


def format_entity(number: int) -> str:
    """An entity number as `0.0.N`; an encoded id as its shard, realm and number."""
    place = number >> _NUMBER_BITS
    if not place:
        return f"0.0.{number}"
    number &= (1 << _NUMBER_BITS) - 1
    return f"{place >> _REALM_BITS}.{place & ((1 << _REALM_BITS) - 1)}.{number}"


def parse_entity(text: str) -> int | None:
    """The number in `N`, `0.N` or `0.0.N`; None where the text is not an entity id of this network."""
    parts = text.split(".")
    if len(parts) > 3 or not all(part.isascii() and part.isdigit() and len(part) <= 19 for part in parts):
        return None
    numbers = [int(part) for part in parts]
    return None if any(numbers[:-1]) else numbers[-1]
