"""Accounts are changed and deleted by who may, and what they have is not lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from localnet import pb

if TYPE_CHECKING:
    from tests.localnet.conftest import Rest, Wire

OLD = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
NEW = Ed25519PrivateKey.from_private_bytes(b"n" * 32)
RENEWAL = {"seconds": 7_776_000}


def create(wire: Wire, balance: int = 1_000, **fields: Any) -> Any:
    data = {"key": wire.public(OLD), "initialBalance": balance, "autoRenewPeriod": RENEWAL, **fields}
    return wire.settle(wire.body(cryptoCreateAccount=data)).accountID


def update(wire: Wire, account: Any, *keys: Ed25519PrivateKey, **fields: Any) -> str:
    return wire.status(wire.body(cryptoUpdateAccount={"accountIDToUpdate": account, **fields}), wire.key, *keys)


def delete(wire: Wire, account: Any, heir: Any, *keys: Ed25519PrivateKey) -> str:
    return wire.status(wire.body(cryptoDelete={"deleteAccountID": account, "transferAccountID": heir}), wire.key, *keys)


def test_the_owner_changes_an_account(wire: Wire, rest: Rest) -> None:
    """The old key signs for a memo, both keys for a new key; the mirror shows it, with the balance it had."""
    account = create(wire)
    assert update(wire, account, memo={"value": "mine"}) == "INVALID_SIGNATURE"
    assert update(wire, account, OLD, memo={"value": "mine"}) == "SUCCESS"
    assert update(wire, account, OLD, key=wire.public(NEW)) == "INVALID_SIGNATURE"
    assert update(wire, account, OLD, NEW, key=wire.public(NEW)) == "SUCCESS"
    assert update(wire, account, OLD, memo={"value": "not mine"}) == "INVALID_SIGNATURE"
    row = rest(f"/api/v1/accounts/0.0.{account.accountNum}")[1]
    assert (row["memo"], row["balance"]["balance"], row["deleted"]) == ("mine", 1_000, False)
    assert row["key"]["key"] == NEW.public_key().public_bytes_raw().hex()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"memo": {"value": "m" * 101}}, "MEMO_TOO_LONG"),
        ({"autoRenewPeriod": {"seconds": 1}}, "AUTORENEW_DURATION_NOT_IN_RANGE"),
    ],
    ids=str,
)
def test_a_wrong_change_changes_nothing(wire: Wire, fields: dict[str, Any], expected: str) -> None:
    """What is out of range is refused in the receipt."""
    assert update(wire, create(wire), OLD, **fields) == expected


def test_a_deleted_account_leaves_its_hbar_to_its_heir(wire: Wire, rest: Rest) -> None:
    """The key signs, the heir gets everything, and nobody can use the account any more."""
    account, heir = create(wire, 5_000), create(wire, 1)
    assert delete(wire, account, heir) == "INVALID_SIGNATURE"
    assert delete(wire, account, pb.AccountID(accountNum=999_999), OLD) == "INVALID_TRANSFER_ACCOUNT_ID"
    assert delete(wire, account, heir, OLD) == "SUCCESS"
    assert rest(f"/api/v1/accounts/0.0.{heir.accountNum}")[1]["balance"]["balance"] == 5_001
    assert rest(f"/api/v1/accounts/0.0.{account.accountNum}")[1]["deleted"] is True
    assert delete(wire, account, heir, OLD) == "ACCOUNT_DELETED"
    assert update(wire, account, OLD, memo={"value": "back"}) == "ACCOUNT_DELETED"
    body = wire.body(consensusCreateTopic={"autoRenewPeriod": RENEWAL})
    body.transactionID.accountID.CopyFrom(account)
    assert wire.precheck(body, OLD) == "PAYER_ACCOUNT_DELETED"
    amounts = [pb.AccountAmount(accountID=account, amount=1), pb.AccountAmount(accountID=heir, amount=-1)]
    transfer = wire.body(cryptoTransfer={"transfers": {"accountAmounts": amounts}})
    assert wire.status(transfer, wire.key, OLD) == "ACCOUNT_DELETED"


def test_system_accounts_stay(wire: Wire) -> None:
    """The network's own accounts cannot be deleted, whoever signs; nor can an account inherit from itself."""
    treasury, heir = pb.AccountID(accountNum=2), create(wire)
    assert delete(wire, treasury, heir) == "ENTITY_NOT_ALLOWED_TO_DELETE"
    body = wire.body(cryptoDelete={"deleteAccountID": heir, "transferAccountID": heir})
    assert wire.precheck(body) == "TRANSFER_ACCOUNT_SAME_AS_DELETE_ACCOUNT"
