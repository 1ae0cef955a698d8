"""Accounts of those who have keys of their own: aliases, transfers that make them, keys they get, stakes, ends."""

from __future__ import annotations

from base64 import b32encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import strategies as st
from hypothesis.stateful import rule

from localnet import pb
from tests.localnet.ecdsa import EcdsaKey
from tests.localnet.model.machine import PERIOD, WHICH, Machine

if TYPE_CHECKING:
    from tests.localnet.clients import SigningKey

HOLDERS = st.integers(0, 2)
AMOUNTS = st.sampled_from([0, 1, 12_345, 10**8])
SIGNER = st.sampled_from([0, 0, 0, 1, None])
UNKNOWN_NUMBER = 987_654
FEE_COLLECTION = 802
STAKES = st.sampled_from([None, "node", "no node", "account", "no account", "unknown node", "unknown account"])


@dataclass
class ModelAccount:
    """An account; `key` is the holder whose key it has, None while it is hollow."""

    number: int
    alias: bytes
    key: int | None
    balance: int
    deleted: bool = False
    node: int | None = None
    account: int | None = None


class Accounts(Machine):
    """Sends hbar to aliases and from them, makes accounts with addresses, stakes and deletes them.

    Attributes:
        holders: Two with ECDSA keys, which have addresses, and one with an Ed25519 key, which has none.
        accounts: By number.
        found: Which account an alias leads to.
    """

    def prepare(self) -> None:
        super().prepare()
        self.holders: list[SigningKey] = [EcdsaKey(), EcdsaKey(), Ed25519PrivateKey.generate()]
        self.accounts: dict[int, ModelAccount] = {}
        self.found: dict[bytes, int] = {}
        self.give(0, 0, 1, 10**8)  # a hollow one
        self.create(0, 1, 1, 1, True, None)

    def compare(self) -> None:
        """Compare what nodes and mirror tell of every account."""
        super().compare()
        for number, account in self.accounts.items():
            row = self.rest(f"/api/v1/accounts/0.0.{number}")[1]
            assert (row["balance"]["balance"], row["deleted"]) == (account.balance, account.deleted)
            assert row["alias"] == b32encode(account.alias).decode().rstrip("=")
            stake = (row["staked_node_id"], row["staked_account_id"])
            assert stake == (account.node, None if account.account is None else f"0.0.{account.account}")
            if not account.deleted:
                self.compare_info(account)
        for number in (FEE_COLLECTION, *(payer for payer, _ in self.payers)):  # two sets of books: nodes and mirror
            balance = self.wire.info(pb.AccountID(accountNum=number)).accountInfo.balance
            assert balance == self.rest(f"/api/v1/accounts/0.0.{number}?transactions=false")[1]["balance"]["balance"]

    def compare_info(self, account: ModelAccount) -> None:
        info = self.wire.info(pb.AccountID(accountNum=account.number)).accountInfo
        assert info.balance == account.balance
        assert info.alias == (b"" if len(account.alias) == 20 else account.alias)
        assert info.key == (pb.Key(keyList={}) if account.key is None else self.public(account.key))
        address = self.address(account.alias)
        assert info.contractAccountID == (address or account.number.to_bytes(20, "big")).hex()

    def public(self, holder: int) -> Any:
        key = self.holders[holder]
        return key.public if isinstance(key, EcdsaKey) else self.wire.public(key)

    def aliases(self, holder: int) -> list[bytes]:
        """What leads to a holder's account: the key, and its address if it has one."""
        key = self.holders[holder]
        alias = bytes(self.public(holder).SerializeToString())
        return [alias, key.address] if isinstance(key, EcdsaKey) else [alias]

    def address(self, alias: bytes) -> bytes | None:
        """The address that belongs to an alias."""
        for key in self.holders:
            if isinstance(key, EcdsaKey) and alias in (key.alias, key.address):
                return key.address
        return None

    def account_of(self, alias: bytes) -> ModelAccount | None:
        """Where an alias leads: by itself, or by the address of the key that it is."""
        number = self.found.get(alias, self.found.get(self.address(alias) or b""))
        return None if number is None else self.accounts[number]

    def add(self, account: ModelAccount) -> None:
        self.accounts[account.number] = account
        for alias in {account.alias, self.address(account.alias) or account.alias}:
            self.found[alias] = account.number

    def move(self, payer: int, expected: str, account_id: Any, amount: int, holders: list[SigningKey]) -> None:
        """Let the payer give to an account, or with a negative amount take from it."""
        number = self.payers[payer % len(self.payers)][0]
        amounts = [
            pb.AccountAmount(accountID=account_id, amount=amount),
            pb.AccountAmount(accountID=pb.AccountID(accountNum=number), amount=-amount),
        ]
        self.send(payer, set(), expected, holders, cryptoTransfer={"transfers": {"accountAmounts": amounts}})

    @rule(payer=WHICH, holder=HOLDERS, form=st.integers(0, 1), amount=AMOUNTS)
    def give(self, payer: int, holder: int, form: int, amount: int) -> None:
        """To an alias: it leads to an account, or gets one, a hollow one where it is an address."""
        names = self.aliases(holder)
        alias = names[form % len(names)]
        account = self.account_of(alias)
        expected = "SUCCESS"
        if account is None and not amount:
            expected = "INVALID_ACCOUNT_ID"
        elif account is not None and account.deleted:
            expected = "ACCOUNT_DELETED"
        self.move(payer, expected, pb.AccountID(alias=alias), amount, [])
        if expected != "SUCCESS":
            return
        if account is None:
            info = self.wire.info(pb.AccountID(alias=alias)).accountInfo
            number = info.accountID.accountNum
            assert number not in self.accounts
            self.add(ModelAccount(number, alias, None if len(alias) == 20 else holder, amount))
        else:
            account.balance += amount

    @rule(payer=WHICH, alias=st.sampled_from([b"", b"x", b"a" * 21, UNKNOWN_NUMBER.to_bytes(20, "big"), b"\x12\x20k"]))
    def give_to_nobody(self, payer: int, alias: bytes) -> None:
        """Neither key nor address of somebody."""
        self.move(payer, "INVALID_ALIAS_KEY" if alias else "INVALID_ACCOUNT_ID", pb.AccountID(alias=alias), 5, [])

    @rule(payer=WHICH, holder=HOLDERS, form=st.integers(0, 2), amount=AMOUNTS.filter(bool), signed=st.booleans())
    def take(self, payer: int, holder: int, form: int, amount: int, signed: bool) -> None:
        """From an account by alias or number; a hollow one has its key from then on, even when nothing is moved."""
        names = self.aliases(holder)
        alias = names[form % len(names)]
        account = self.account_of(alias)
        expected = "SUCCESS"
        if account is None:
            expected = "INVALID_ACCOUNT_ID"
        elif not self.signs_for(account, holder, signed):
            expected = "INVALID_SIGNATURE"
        elif account.deleted:
            expected = "ACCOUNT_DELETED"
        elif account.balance < amount:
            expected = "INSUFFICIENT_ACCOUNT_BALANCE"
        account_id = pb.AccountID(alias=alias)
        if form == 2 and account is not None:
            account_id = pb.AccountID(accountNum=account.number)
        self.move(payer, expected, account_id, -amount, [self.holders[holder]] if signed else [])
        if account is not None and expected != "INVALID_SIGNATURE" and account.key is None:
            account.key = holder
        if account is not None and expected == "SUCCESS":
            account.balance -= amount

    def signs_for(self, account: ModelAccount, holder: int, signed: bool) -> bool:
        """Whether a holder signed, and is who an account needs; a hollow one needs whom its address belongs to."""
        if account.key is None:
            return signed and account.alias in self.aliases(holder)
        return signed and account.key == holder

    @rule(payer=WHICH, holder=HOLDERS, key=HOLDERS, form=st.integers(0, 1), signed=st.booleans(), stake=STAKES)
    def create(self, payer: int, holder: int, key: int, form: int, signed: bool, stake: str | None) -> None:
        """With the alias of one holder and the key of another: the alias's holder signs, unless it is the same."""
        names = self.aliases(holder)
        alias = names[form % len(names)]
        found = self.account_of(alias)
        expected = "SUCCESS"
        if len(alias) != 20:
            expected = "INVALID_ALIAS_KEY"
        elif key != holder and not signed:
            expected = "INVALID_SIGNATURE"
        elif found is not None and not found.deleted:
            expected = "ALIAS_ALREADY_ASSIGNED"
        elif stake is not None and stake not in ("node", "account"):
            expected = "INVALID_STAKING_ID"
        data = {"key": self.public(key), "alias": alias, "autoRenewPeriod": {"seconds": PERIOD}, **self.staked(stake)}
        receipt = self.send(payer, set(), expected, [self.holders[holder]] if signed else [], cryptoCreateAccount=data)
        if expected == "SUCCESS":
            account = ModelAccount(receipt.accountID.accountNum, alias, key, 0)
            self.note_stake(account, stake)
            self.add(account)

    def staked(self, stake: str | None) -> dict[str, Any]:
        fields: dict[str | None, dict[str, Any]] = {
            None: {},
            "node": {"staked_node_id": 3},
            "no node": {"staked_node_id": -1},
            "unknown node": {"staked_node_id": 4},
            "account": {"staked_account_id": {"accountNum": self.wire.operator}},
            "no account": {"staked_account_id": {"accountNum": 0}},
            "unknown account": {"staked_account_id": {"accountNum": UNKNOWN_NUMBER}},
        }
        return fields[stake]

    def note_stake(self, account: ModelAccount, stake: str | None) -> None:
        if stake is not None:
            account.node = 3 if stake == "node" else None
            account.account = self.wire.operator if stake == "account" else None

    @rule(payer=WHICH, which=WHICH, signer=SIGNER, stake=STAKES)
    def stake(self, payer: int, which: int, signer: int | None, stake: str | None) -> None:
        """Its owner stakes an account to something else, or to nothing."""
        number, account = self.pick(self.accounts, which)
        expected, signers = self.owner_says(account, signer)
        if expected == "SUCCESS" and stake is not None and stake.startswith("unknown"):
            expected = "INVALID_STAKING_ID"
        data = {"accountIDToUpdate": {"accountNum": number}, **self.staked(stake)}
        self.send(payer, set(), expected, signers, cryptoUpdateAccount=data)
        if expected == "SUCCESS":
            self.note_stake(account, stake)

    @rule(payer=WHICH, which=WHICH, signer=SIGNER)
    def delete(self, payer: int, which: int, signer: int | None) -> None:
        """What it has goes to the operator; its alias is free, and leads to it until somebody takes it."""
        number, account = self.pick(self.accounts, which)
        expected, signers = self.owner_says(account, signer)
        data = {"deleteAccountID": {"accountNum": number}, "transferAccountID": {"accountNum": self.wire.operator}}
        self.send(payer, set(), expected, signers, cryptoDelete=data)
        if expected == "SUCCESS":
            account.deleted, account.balance = True, 0

    def owner_says(self, account: ModelAccount | None, signer: int | None) -> tuple[str, list[SigningKey]]:
        """What comes of the signature of the holder `signer` places behind the owner, and that signature's key.

        Hollow accounts have no owner as yet; that an account is deleted is found out after its signature.
        """
        owner = 0 if account is None or account.key is None else account.key
        signers = [] if signer is None else [self.holders[(owner + signer) % len(self.holders)]]
        if account is None or account.key is None:
            return "INVALID_ACCOUNT_ID", signers
        if signer != 0:
            return "INVALID_SIGNATURE", signers
        return "ACCOUNT_DELETED" if account.deleted else "SUCCESS", signers
