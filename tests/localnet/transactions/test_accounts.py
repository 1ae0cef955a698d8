"""What each kind of transaction on accounts checks, costs and does; and what the network does by itself for them."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from localnet import pb
from localnet.protocol.status import RefusedError
from localnet.state.entities import NO_NODE
from localnet.state.fees import COLLECTION_ACCOUNT
from localnet.state.genesis import OPERATOR_NUMBER
from localnet.transactions.account_rules import DAY_S, LAST_SYSTEM_ACCOUNT, account_key, named_account, require_account
from localnet.transactions.auto_creation import check_alias, creation_fee
from localnet.transactions.children import handled_before
from localnet.transactions.create_account import PRICE, CreateAccount
from localnet.transactions.delete_account import DeleteAccount
from localnet.transactions.hollow_accounts import complete_payer
from localnet.transactions.transfer import MAX_ADJUSTMENTS, Transfer
from localnet.transactions.update_account import UpdateAccount
from tests.localnet.ecdsa import EcdsaKey
from tests.localnet.stages import handled
from tests.localnet.state_at_genesis import OPERATOR, Ledger, account_id, public

KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
RENEWAL = {"seconds": 7_776_000}


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def total(ledger: Ledger) -> int:
    """All tinybars that there are."""
    return sum(account.balance for account in ledger.state.accounts.values())


def amounts(*moves: tuple[Any, int]) -> dict[str, Any]:
    """The data of a transfer; accounts by number or by alias."""
    entries = [
        {"accountID": account_id(who) if isinstance(who, int) else pb.AccountID(alias=who), "amount": amount}
        for who, amount in moves
    ]
    return {"transfers": {"accountAmounts": entries}}


def test_a_new_account_is_funded_by_its_payer(ledger: Ledger) -> None:
    """It is what was asked for; no tinybar is made."""
    before = total(ledger)
    account = ledger.new_account(KEY, balance=500, memo="mine", max_automatic_token_associations=7)
    assert (account.balance, account.memo, account.max_automatic_token_associations) == (500, "mine", 7)
    assert account.expiration_s == ledger.now_s + RENEWAL["seconds"]
    assert total(ledger) == before


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"key": None}, "KEY_REQUIRED"),
        ({"key": pb.Key(keyList={})}, "KEY_REQUIRED"),
        ({"key": pb.Key(ed25519=b"short")}, "INVALID_ADMIN_KEY"),
        ({"autoRenewPeriod": {"seconds": 1}}, "AUTORENEW_DURATION_NOT_IN_RANGE"),
        ({"initialBalance": 2**63}, "INVALID_INITIAL_BALANCE"),
        ({"initialBalance": 2**63 - 1}, "INSUFFICIENT_PAYER_BALANCE"),
        ({"alias": b"neither"}, "INVALID_ALIAS_KEY"),
        ({"alias": bytes(20)}, "INVALID_SIGNATURE"),
        ({"max_automatic_token_associations": 5_001}, "INVALID_MAX_AUTO_ASSOCIATIONS"),
        ({"staked_account_id": account_id(999_999)}, "INVALID_STAKING_ID"),
        ({"staked_node_id": 99}, "INVALID_STAKING_ID"),
        ({"receiverSigRequired": True}, "INVALID_SIGNATURE"),
        ({"memo": "x" * 101}, "MEMO_TOO_LONG"),
    ],
)
def test_an_account_that_cannot_be_is_refused(ledger: Ledger, fields: dict[str, Any], status: str) -> None:
    """At precheck or at consensus; nothing is there afterwards."""
    known = set(ledger.state.accounts)
    data = {"key": public(KEY), "autoRenewPeriod": RENEWAL, **fields}
    assert ledger.status(cryptoCreateAccount=data) == status
    assert set(ledger.state.accounts) == known


def test_what_accounts_cost() -> None:
    """By keys, of which one is included; a transfer by its accounts, of which two are."""
    keys = pb.Key(keyList={"keys": [public(KEY), public(OTHER), public(OPERATOR)]})
    create = pb.TransactionBody(cryptoCreateAccount={"key": keys, "initialBalance": 9}).cryptoCreateAccount
    assert (CreateAccount().price(create), CreateAccount().debit(create, 1)) == (PRICE + 200_000_000, 9)
    update = pb.TransactionBody(cryptoUpdateAccount={"key": keys}).cryptoUpdateAccount
    assert UpdateAccount().price(update) == 1_200_000 + 200_000_000
    assert DeleteAccount().price(None) == 49_000_000
    moved = pb.TransactionBody(cryptoTransfer=amounts((1, -9), (2, 4), (3, 5))).cryptoTransfer
    assert (Transfer().price(moved), Transfer().debit(moved, 1), Transfer().debit(moved, 2)) == (1_000_000, 9, 0)


def test_an_update_needs_the_old_key_and_the_new(ledger: Ledger) -> None:
    """It changes what it names."""
    account = ledger.new_account(KEY)
    change = {"accountIDToUpdate": account_id(account.number), "key": public(OTHER), "memo": {"value": "new"}}
    assert ledger.status(KEY, cryptoUpdateAccount=change) == "INVALID_SIGNATURE"
    assert ledger.status(KEY, OTHER, cryptoUpdateAccount=change) == "SUCCESS"
    changed = ledger.state.accounts[account.number]
    assert (changed.memo, changed.key, changed.auto_renew_period) == ("new", public(OTHER), account.auto_renew_period)
    assert ledger.status(KEY, cryptoUpdateAccount=change) == "INVALID_SIGNATURE"
    assert ledger.status(cryptoUpdateAccount={"memo": {"value": "x"}}) == "ACCOUNT_ID_DOES_NOT_EXIST"


def test_an_account_stakes_to_one_thing_or_none(ledger: Ledger) -> None:
    """To a node since the beginning of the day; account 0.0.0 takes the stake away."""
    account = ledger.new_account(KEY, staked_node_id=0)
    assert (account.staked_node, account.staked_since_s) == (0, ledger.now_s // DAY_S * DAY_S)
    named = account_id(account.number)
    to_account = {"accountIDToUpdate": named, "staked_account_id": account_id(OPERATOR_NUMBER)}
    assert ledger.status(KEY, cryptoUpdateAccount=to_account) == "SUCCESS"
    changed = ledger.state.accounts[account.number]
    assert (changed.staked_account, changed.staked_node, changed.staked_since_s) == (OPERATOR_NUMBER, NO_NODE, 0)
    nobody = {"accountIDToUpdate": named, "staked_account_id": account_id(0)}
    assert ledger.status(KEY, cryptoUpdateAccount=nobody) == "SUCCESS"
    assert ledger.state.accounts[account.number].staked_account == 0


def test_what_a_deleted_account_had_goes_to_its_heir(ledger: Ledger) -> None:
    """Its key signs; it takes part in nothing afterwards."""
    account, heir = ledger.new_account(KEY, balance=500), ledger.new_account(OTHER, balance=1)
    data = {"deleteAccountID": account_id(account.number), "transferAccountID": account_id(heir.number)}
    assert ledger.status(OTHER, cryptoDelete=data) == "INVALID_SIGNATURE"
    assert ledger.status(KEY, cryptoDelete=data) == "SUCCESS"
    assert (account.deleted, account.balance, heir.balance) == (True, 0, 501)
    assert ledger.status(KEY, cryptoDelete=data) == "ACCOUNT_DELETED"
    assert ledger.status(cryptoTransfer=amounts((OPERATOR_NUMBER, -1), (account.number, 1))) == "ACCOUNT_DELETED"
    with pytest.raises(RefusedError, match="ACCOUNT_DELETED"):
        require_account(ledger.state, account_id(account.number))
    assert named_account(ledger.state, account_id(account.number)) is account
    same = {**data, "transferAccountID": data["deleteAccountID"]}
    assert ledger.status(cryptoDelete=same) == "TRANSFER_ACCOUNT_SAME_AS_DELETE_ACCOUNT"
    system = {**data, "deleteAccountID": account_id(LAST_SYSTEM_ACCOUNT)}
    assert ledger.status(cryptoDelete=system) == "INVALID_ACCOUNT_ID"
    treasury = {**data, "deleteAccountID": account_id(2)}
    assert ledger.status(cryptoDelete=treasury) == "ENTITY_NOT_ALLOWED_TO_DELETE"


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=5))
def test_a_transfer_moves_what_sums_to_nothing(moves: list[int]) -> None:
    """All or nothing of it; nobody has less than nothing."""
    ledger = Ledger()
    accounts = [ledger.new_account(KEY, balance=30) for _ in moves]
    before = [account.balance for account in accounts]
    data = amounts(*((account.number, amount) for account, amount in zip(accounts, moves, strict=True)))
    status = ledger.status(KEY, cryptoTransfer=data)
    if sum(moves):
        assert status == "INVALID_ACCOUNT_AMOUNTS"
    else:
        assert status == ("SUCCESS" if min(moves) >= -30 else "INSUFFICIENT_ACCOUNT_BALANCE")
    after = [one + move for one, move in zip(before, moves, strict=True)] if status == "SUCCESS" else before
    assert [account.balance for account in accounts] == after


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (amounts((OPERATOR_NUMBER, -1), (OPERATOR_NUMBER, 1)), "ACCOUNT_REPEATED_IN_ACCOUNT_AMOUNTS"),
        (amounts((OPERATOR_NUMBER, -1), (999_999, 1)), "INVALID_ACCOUNT_ID"),
        (amounts((2, -1), (OPERATOR_NUMBER, 1)), "INVALID_SIGNATURE"),
        (amounts((800, -1), (OPERATOR_NUMBER, 1)), "INVALID_ACCOUNT_ID"),
        (
            amounts((OPERATOR_NUMBER, -1), (COLLECTION_ACCOUNT, 1)),
            "TRANSFER_TO_FEE_COLLECTION_ACCOUNT_NOT_ALLOWED",
        ),
        (amounts((OPERATOR_NUMBER, -1), (b"no alias", 1)), "INVALID_ALIAS_KEY"),
        ({"tokenTransfers": [{}]}, "NOT_SUPPORTED"),
    ],
)
def test_a_transfer_that_cannot_be_is_refused(ledger: Ledger, data: dict[str, Any], status: str) -> None:
    """And moves nothing."""
    before = {number: account.balance for number, account in ledger.state.accounts.items()}
    assert ledger.status(cryptoTransfer=data) == status
    assert {number: account.balance for number, account in ledger.state.accounts.items()} == before


def test_a_transfer_has_no_more_than_ten_adjustments(ledger: Ledger) -> None:
    accounts = [ledger.new_account(KEY) for _ in range(MAX_ADJUSTMENTS)]
    moves = [(account.number, 1) for account in accounts]
    assert ledger.status(cryptoTransfer=amounts((OPERATOR_NUMBER, -9), *moves[:9])) == "SUCCESS"
    refused = ledger.status(cryptoTransfer=amounts((OPERATOR_NUMBER, -10), *moves))
    assert refused == "TRANSFER_LIST_SIZE_LIMIT_EXCEEDED"


def test_hbar_sent_to_a_new_alias_makes_its_account(ledger: Ledger) -> None:
    """Of a key with that key; its creation is a child that precedes, and is paid for."""
    ecdsa = EcdsaKey()
    before = total(ledger)
    at = ledger.carry_out(cryptoTransfer=amounts((OPERATOR_NUMBER, -5), (ecdsa.alias, 5)))
    (child,) = at.preceding
    account = ledger.state.accounts[child.account.number]
    assert (account.balance, account.key, account.alias) == (5, ecdsa.public, ecdsa.alias)
    assert (child.kind.name, child.created, child.fee) == ("CRYPTOCREATEACCOUNT", True, creation_fee(at))
    assert sum(amount for _, amount in child.transfers) == 0
    assert total(ledger) == before
    assert ledger.carry_out(cryptoTransfer=amounts((OPERATOR_NUMBER, -5), (ecdsa.address, 5))).preceding == []
    assert account.balance == 10


def test_a_hollow_account_gets_the_key_that_signs_for_it(ledger: Ledger) -> None:
    """As a payer or as a sender, and no other key."""
    ecdsa = EcdsaKey()
    at = ledger.carry_out(cryptoTransfer=amounts((OPERATOR_NUMBER, -50), (ecdsa.address, 50)))
    number = at.preceding[0].account.number
    assert ledger.state.accounts[number].is_hollow
    back = amounts((number, -10), (OPERATOR_NUMBER, 10))
    assert ledger.status(OPERATOR, EcdsaKey(), cryptoTransfer=back) == "INVALID_SIGNATURE"
    at = ledger.carry_out(OPERATOR, ecdsa, cryptoTransfer=back)
    assert [child.kind.name for child in at.preceding] == ["CRYPTOUPDATEACCOUNT"]
    completed = ledger.state.accounts[number]
    assert (completed.is_hollow, completed.key, completed.balance) == (False, ecdsa.public, 40)
    complete_payer(at)
    assert len(at.preceding) == 1, "an account that has a key gets none"


def test_children_come_right_before_their_parent(ledger: Ledger) -> None:
    """With its id, nonces from 1, and nothing that anybody has sent."""
    keys = [EcdsaKey(), EcdsaKey()]
    at = ledger.carry_out(cryptoTransfer=amounts((OPERATOR_NUMBER, -2), *((key.alias, 1) for key in keys)))
    parent = handled(at.checked.key, at.consensus_ns)
    children = handled_before(parent, at.preceding)
    assert [(one.nonce, parent.consensus_ns - one.consensus_ns) for one in children] == [(1, 2), (2, 1)]
    assert {(one.key, one.size, one.hash, one.node) for one in children} == {(parent.key, 0, b"", parent.node)}
    assert [one.entity for one in children] == [child.account.number for child in at.preceding]


def test_an_alias_is_a_key_or_an_address() -> None:
    """But no number in the form of an address."""
    for alias in (EcdsaKey().alias, EcdsaKey().address, public(KEY).SerializeToString()):
        check_alias(alias)
    for alias in (b"x", bytes(12) + bytes(7) + b"\1"):
        with pytest.raises(RefusedError, match="INVALID_ALIAS_KEY"):
            check_alias(alias)


def test_a_key_of_too_many_levels_is_badly_encoded() -> None:
    """One that nobody can sign with is no key."""
    deep = public(KEY)
    for _ in range(20):
        deep = pb.Key(keyList={"keys": [deep]})
    with pytest.raises(RefusedError, match="BAD_ENCODING"):
        account_key(deep)
    with pytest.raises(RefusedError, match="INVALID_ADMIN_KEY"):
        account_key(pb.Key(ed25519=b"short"))
