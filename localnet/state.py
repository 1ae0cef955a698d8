"""The ledger's state: accounts, topics and files, as the last settled transaction left them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from localnet import running_hash
from localnet.keys import CompiledKey, KeyGroup

FIRST_USER_ENTITY = 1001
"""The first entity number that is not reserved (LedgerConfig.java of hiero-consensus-node)."""


@dataclass(slots=True)
class Account:
    """An account. `key` is the protobuf it was given, `compiled` the same for verifying; balances are in tinybars."""

    number: int
    key: Any
    compiled: CompiledKey | None
    balance: int
    created_ns: int
    memo: str = ""
    auto_renew_period: int = 0
    receiver_signature_required: bool = False
    max_automatic_token_associations: int = 0
    alias: bytes = b""
    deleted: bool = False

    @property
    def evm_address(self) -> bytes:
        """Its 20-byte EVM address: its alias, or shard, realm and number in the long-zero form."""
        return self.alias if len(self.alias) == 20 else self.number.to_bytes(20, "big")


class CustomFee(NamedTuple):
    """What a submitter pays for each message: `amount` tinybars to account `collector`."""

    amount: int
    collector: int


@dataclass(slots=True)
class Topic:
    """A topic. Keys are kept as protobuf and compiled; None is "no key"."""

    number: int
    created_ns: int
    updated_ns: int
    memo: str = ""
    admin_key: Any = None
    admin: CompiledKey | None = None
    submit_key: Any = None
    submit: CompiledKey | None = None
    fee_schedule_key: Any = None
    fee_schedule: CompiledKey | None = None
    custom_fees: tuple[CustomFee, ...] = ()
    exempt_keys: tuple[Any, ...] = ()
    exempt: tuple[CompiledKey, ...] = ()
    auto_renew_account: int = 0
    auto_renew_period: int = 0
    expiration_s: int = 0
    deleted: bool = False
    sequence_number: int = 0
    running_hash: bytes = running_hash.INITIAL


@dataclass(slots=True)
class File:
    """A file. `keys` None is an immutable file; `contents` is a bytearray because appends are frequent."""

    number: int
    keys: Any
    compiled: KeyGroup | None
    expiration_s: int
    memo: str = ""
    contents: bytearray = field(default_factory=bytearray)
    deleted: bool = False


class State:
    """All entities by their number. Numbers are shared by all kinds of entities and never used twice."""

    def __init__(self) -> None:
        self.accounts: dict[int, Account] = {}
        self.topics: dict[int, Topic] = {}
        self.files: dict[int, File] = {}
        self.aliases: dict[bytes, int] = {}
        self._next_number = FIRST_USER_ENTITY

    def new_number(self) -> int:
        """The next unused entity number."""
        number = self._next_number
        self._next_number += 1
        return number

    def live_topic(self, number: int) -> Topic | None:
        """The topic, unless it is unknown or deleted."""
        topic = self.topics.get(number)
        return None if topic is None or topic.deleted else topic
