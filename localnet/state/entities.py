"""The network's state: accounts, topics and files after the last handled transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from localnet.protocol import running_hash
from localnet.protocol.aliases import address_of_alias, is_address, is_long_zero
from localnet.protocol.ids import account_number
from localnet.protocol.keys import CompiledKey, KeyGroup
from localnet.state.fees import ExchangeRate

FIRST_USER_ENTITY = 1001
"""The first entity number that is not reserved (LedgerConfig.java of hiero-consensus-node)."""
NO_NODE = -1
"""Staked to no node."""
_HBAR = 100_000_000


@dataclass(slots=True)
class Account:
    """An account. `key` is the protobuf it was given, `compiled` the same for verifying; balances are in tinybars.

    It is staked to the account `staked_account` (0: to none) or to the node with id `staked_node`, the latter since the
    day that began at `staked_since_s`. Its next Ethereum transaction has the number `ethereum_nonce`. Times are in Unix
    seconds.
    """

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
    expiration_s: int = 0
    staked_account: int = 0
    staked_node: int = NO_NODE
    staked_since_s: int = 0
    decline_reward: bool = False
    ethereum_nonce: int = 0

    @property
    def evm_address(self) -> bytes:
        """Its 20-byte EVM address: its alias's, or shard, realm and number in the long-zero form."""
        return address_of_alias(self.alias) or self.number.to_bytes(20, "big")

    @property
    def is_hollow(self) -> bool:
        """Whether it was made for an EVM address and still waits for the key that belongs to it (HIP-583)."""
        return self.compiled is None and is_address(self.alias)


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

    def __init__(self, rate: ExchangeRate, node_count: int) -> None:
        self.rate = rate
        self.node_count = node_count
        self.accounts: dict[int, Account] = {}
        self.topics: dict[int, Topic] = {}
        self.files: dict[int, File] = {}
        self._aliases: dict[bytes, int] = {}
        self._stakers: dict[int, set[int]] = {}  # by the account that they are staked to
        self._next_number = FIRST_USER_ENTITY

    def new_number(self) -> int:
        """The next unused entity number."""
        number = self._next_number
        self._next_number += 1
        return number

    def put_account(self, account: Account) -> None:
        """Store a new or changed account."""
        before = self.accounts.get(account.number)
        if before is not None and before.staked_account:
            self._stakers[before.staked_account].discard(account.number)
        if account.staked_account:
            self._stakers.setdefault(account.staked_account, set()).add(account.number)
        self.accounts[account.number] = account
        if account.alias and not account.deleted:
            for alias in {account.alias, address_of_alias(account.alias) or account.alias}:
                self._aliases[alias] = account.number

    def account(self, account_id: Any) -> Account | None:
        """The account of a protobuf `AccountID`, by number or alias, deleted or not; None where it is unknown."""
        number = account_number(account_id)
        if number < 0 and account_id.alias and not (account_id.shardNum or account_id.realmNum):
            return self.account_by_alias(account_id.alias)
        return self.accounts.get(number)

    def account_by_alias(self, alias: bytes) -> Account | None:
        """The account with this alias, deleted or not; None where it is unknown (ReadableAccountStoreImpl.lookupAlias).

        Long-zero addresses are numbers, and an ECDSA key that is no account's alias is looked up by its address.
        """
        if is_long_zero(alias):
            return self.accounts.get(int.from_bytes(alias, "big"))
        number = self._aliases.get(alias)
        if number is None:
            number = self._aliases.get(address_of_alias(alias) or b"", 0)
        return self.accounts.get(number)

    def staked_to(self, number: int) -> int:
        """Tinybars that other accounts have staked to this one, each rounded down to whole hbars (StakingUtilities)."""
        return sum(self.accounts[staker].balance // _HBAR * _HBAR for staker in self._stakers.get(number, ()))

    def live_topic(self, number: int) -> Topic | None:
        """The topic, unless it is unknown or deleted."""
        topic = self.topics.get(number)
        return None if topic is None or topic.deleted else topic
