"""The data that the mirror shows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from localnet.mirror.balances import BalanceHistory
from localnet.mirror.hash_index import HashIndex
from localnet.mirror.signal import Signal
from localnet.protocol.ids import TransactionKey
from localnet.rolling_list import RollingList
from localnet.state.entities import Account, State, Topic
from localnet.transactions.stages import EthereumResult, Handled, TopicMessage, consensus_ns

EVM_ADDRESS_BYTES: Final = 20
_LONG_ZERO: Final = bytes(12)


@dataclass(slots=True)
class MirrorTopic:
    """A topic as the mirror knows it, and its messages in consensus order."""

    topic: Topic
    messages: RollingList[TopicMessage] = field(default_factory=RollingList)
    arrived: Signal = field(default_factory=Signal)


class MirrorStore:
    """The mirror's copy. It keeps the last `keep` transactions with their messages, and up to a tenth more.

    Attributes:
        ethereum: Ethereum transactions that were carried out, by their own hash of 32 bytes.
    """

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self.history = BalanceHistory(0)
        self.topics: dict[int, MirrorTopic] = {}
        self.accounts: dict[int, Account] = {}
        self._aliases: dict[bytes, int] = {}
        self.transactions: RollingList[Handled] = RollingList()
        self._hashes = HashIndex(self.transactions)
        self.by_key: dict[TransactionKey, Handled] = {}
        self._same_key: dict[TransactionKey, list[Handled]] = {}
        self.ethereum: dict[bytes, Handled] = {}

    def load_genesis(self, state: State) -> None:
        """Start with the accounts there are at genesis, which are as old as the network."""
        self.history = BalanceHistory(min(account.created_ns for account in state.accounts.values()))
        for account in state.accounts.values():
            self._put_account(account)

    def account_by_address(self, address: bytes) -> Account | None:
        """The account with this EVM address of 20 bytes: its own, or its number in the long-zero form."""
        account = self.account_by_alias(address)
        return self.accounts.get(int.from_bytes(address, "big")) if account is None else account

    def account_by_alias(self, alias: bytes) -> Account | None:
        """The account with this alias, or this EVM address of its own, unless it is deleted (MN:entityService.js)."""
        account = self.accounts.get(self._aliases.get(alias, -1))
        return None if account is None or account.deleted else account

    def with_hash(self, value: bytes) -> list[Handled]:
        """The transactions with a hash of 48 bytes in the order of consensus."""
        return self._hashes.find(value)

    def with_key(self, key: TransactionKey) -> list[Handled]:
        """All transactions with an id in the order of consensus: one, unless several nodes let it through."""
        first = self.by_key.get(key)
        return [] if first is None else [first, *self._same_key.get(key, ())]

    def add(self, handled: Handled, *, shows_message: bool = True) -> None:
        """Show one more handled transaction; they must come in consensus order.

        Args:
            handled: The transaction.
            shows_message: Whether its topic shows the message, if it is one.
        """
        self.transactions.append(handled)
        if self.by_key.setdefault(handled.key, handled) is not handled:
            self._same_key.setdefault(handled.key, []).append(handled)
        if isinstance(handled.effect, Topic):
            self._put_topic(handled.effect)
        elif isinstance(handled.effect, Account):
            self._put_account(handled.effect)
        elif isinstance(handled.effect, EthereumResult):
            self._put_account(handled.effect.sender)
            self.ethereum[handled.effect.transaction.hash] = handled
        for number, amount in handled.transfers:
            account = self.accounts[number]
            self.history.changing(account, handled.consensus_ns)
            account.balance += amount
        if handled.message is not None and shows_message:
            topic = self.topics[handled.message.topic]
            topic.messages.append(handled.message)
            topic.arrived.fire()
        if len(self.transactions) > self._keep * 1.1:
            self._forget(len(self.transactions) - self._keep)

    def add_message(self, message: TopicMessage) -> None:
        """Show one message on its topic, at its place by consensus timestamp."""
        topic = self.topics[message.topic]
        topic.messages.insert(message, consensus_ns)
        topic.arrived.fire()

    def wake(self) -> None:
        """Let every subscriber look again."""
        for topic in self.topics.values():
            topic.arrived.fire()

    def _put_topic(self, topic: Topic) -> None:
        known = self.topics.get(topic.number)
        if known is None:
            self.topics[topic.number] = MirrorTopic(topic)
        else:
            known.topic = topic

    def _put_account(self, account: Account) -> None:
        """Show an account; its balance follows from the transfers that were shown, for the state may be ahead."""
        known = self.accounts.get(account.number)
        balance = account.balance if known is None else known.balance
        self.accounts[account.number] = replace(account, compiled=None, balance=balance)
        for alias in (account.alias, account.evm_address):
            if alias and not alias.startswith(_LONG_ZERO):
                self._aliases[alias] = account.number

    def _forget(self, count: int) -> None:
        """A topic's forgotten messages are its oldest, because all transactions are in one order."""
        messages: dict[int, int] = {}
        for gone in self.transactions.forget(count):
            if self.by_key.get(gone.key) is gone:
                del self.by_key[gone.key]
                self._same_key.pop(gone.key, None)
            if isinstance(gone.effect, EthereumResult):
                self.ethereum.pop(gone.effect.transaction.hash, None)
            if gone.message is not None:
                messages[gone.message.topic] = gone.consensus_ns
        for topic, last_ns in messages.items():
            kept = self.topics[topic].messages
            kept.forget(kept.first_index(last_ns + 1, consensus_ns) - kept.forgotten)
