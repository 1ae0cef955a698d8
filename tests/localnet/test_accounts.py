"""Accounts are changed and deleted by who may, and what they have is not lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from localnet import pb

if TYPE_CHECKING:
    from tests.localnet.clients import Rest, Wire

OLD = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
NEW = Ed25519PrivateKey.from_private_bytes(b"n" * 32)
RENEWAL = {"seconds": 7_776_000}
NO_KEY = pb.Key(keyList={})
SHORT = pb.Key(ed25519=b"s" * 31)
TOO_MANY_ASSOCIATIONS = "REQUESTED_NUM_AUTOMATIC_ASSOCIATIONS_EXCEEDS_ASSOCIATION_LIMIT"


def deep_key() -> Any:
    """A key of sixteen levels, one too many."""
    key = pb.Key(ed25519=OLD.public_key().public_bytes_raw())
    for _ in range(15):
        key = pb.Key(keyList={"keys": [key]})
    return key


DEEP = deep_key()


def create(wire: Wire, balance: int = 1_000, **fields: Any) -> Any:
    data = {"key": wire.public(OLD), "initialBalance": balance, "autoRenewPeriod": RENEWAL, **fields}
    return wire.carry_out(wire.body(cryptoCreateAccount=data)).accountID


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
        ({"key": SHORT}, "INVALID_ADMIN_KEY"),
        ({"key": NO_KEY}, "INVALID_ADMIN_KEY"),
        ({"key": pb.Key()}, "INVALID_ADMIN_KEY"),
        ({"max_automatic_token_associations": {"value": 5_001}}, TOO_MANY_ASSOCIATIONS),
        ({"max_automatic_token_associations": {"value": -2}}, "INVALID_MAX_AUTO_ASSOCIATIONS"),
        ({"hook_ids_to_delete": [1]}, "HOOKS_NOT_ENABLED"),
    ],
    ids=str,
)
def test_a_wrong_change_changes_nothing(wire: Wire, fields: dict[str, Any], expected: str) -> None:
    """What is out of range or unusable is refused in the receipt (CN:tok/CryptoUpdateHandler)."""
    account = create(wire)
    before = wire.info(account).accountInfo
    assert update(wire, account, OLD, **fields) == expected
    assert wire.info(account).accountInfo == before


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"accountIDToUpdate": None}, "ACCOUNT_ID_DOES_NOT_EXIST"),
        ({"proxyAccountID": {"accountNum": 1_001}}, "PROXY_ACCOUNT_ID_FIELD_IS_DEPRECATED"),
        ({"delegation_address": b"d" * 20}, "NOT_SUPPORTED"),
    ],
    ids=str,
)
def test_changes_refused_at_once(wire: Wire, fields: dict[str, Any], expected: str) -> None:
    """No account id, and what the network no longer has (CN:tok/CryptoUpdateHandler.pureChecks) or this one has not."""
    data = {"accountIDToUpdate": {"accountNum": 1_001}, **fields}
    assert wire.precheck(wire.body(cryptoUpdateAccount=data)) == expected


def test_an_unusable_new_key_comes_before_a_missing_signature(wire: Wire) -> None:
    """Who must sign is found out first, and a key that nobody can sign with ends it (CN:tok/CryptoUpdateHandler)."""
    assert update(wire, create(wire), key=SHORT) == "INVALID_ADMIN_KEY"
    assert update(wire, pb.AccountID(accountNum=999_999), OLD, key=SHORT) == "INVALID_ACCOUNT_ID"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"autoRenewPeriod": None}, "INVALID_RENEWAL_PERIOD"),
        ({"key": None}, "KEY_REQUIRED"),
        ({"key": NO_KEY}, "KEY_REQUIRED"),
        ({"key": pb.Key(keyList={"keys": [NO_KEY]})}, "KEY_REQUIRED"),
        ({"key": pb.Key()}, "BAD_ENCODING"),
        ({"key": pb.Key(ed25519=b"")}, "BAD_ENCODING"),
        ({"max_automatic_token_associations": -2}, "INVALID_MAX_AUTO_ASSOCIATIONS"),
        ({"shardID": {"shardNum": -1}}, "INVALID_ACCOUNT_ID"),
        ({"realmID": {"realmNum": -1}}, "INVALID_ACCOUNT_ID"),
        ({"proxyAccountID": {}}, "PROXY_ACCOUNT_ID_FIELD_IS_DEPRECATED"),
        ({"sendRecordThreshold": 2**63}, "INVALID_SEND_RECORD_THRESHOLD"),
        ({"receiveRecordThreshold": 2**63}, "INVALID_RECEIVE_RECORD_THRESHOLD"),
        ({"initialBalance": 2**63}, "INVALID_INITIAL_BALANCE"),
        ({"delegation_address": b"d" * 20}, "NOT_SUPPORTED"),
    ],
    ids=str,
)
def test_accounts_refused_at_once(wire: Wire, fields: dict[str, Any], expected: str) -> None:
    """What needs no state (CN:tok/CryptoCreateHandler.pureChecks), and delegation, which this network has not."""
    data = {"key": wire.public(OLD), "autoRenewPeriod": RENEWAL, **fields}
    assert wire.precheck(wire.body(cryptoCreateAccount=data)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"key": SHORT}, "INVALID_ADMIN_KEY"),
        ({"key": pb.Key(thresholdKey={"threshold": 2, "keys": {"keys": [SHORT]}})}, "INVALID_ADMIN_KEY"),
        ({"key": DEEP}, "BAD_ENCODING"),
        ({"max_automatic_token_associations": 5_001}, "INVALID_MAX_AUTO_ASSOCIATIONS"),
        ({"shardID": {"shardNum": 1}}, "INVALID_ACCOUNT_ID"),
        ({"realmID": {"realmNum": 1}}, "INVALID_ACCOUNT_ID"),
        ({"memo": "m" * 101}, "MEMO_TOO_LONG"),
        ({"hook_creation_details": [{"hook_id": 1}]}, "HOOKS_NOT_ENABLED"),
        ({"max_automatic_token_associations": 5_000, "sendRecordThreshold": 1}, "SUCCESS"),
        ({"max_automatic_token_associations": -1, "shardID": {}, "realmID": {}}, "SUCCESS"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_accounts_refused_in_the_receipt(wire: Wire, fields: dict[str, Any], expected: str) -> None:
    """Unusable keys and what is beyond a limit (CN:CryptoCreateValidator, CN:tok/CryptoCreateHandler)."""
    data = {"key": wire.public(OLD), "autoRenewPeriod": RENEWAL, **fields}
    assert wire.status(wire.body(cryptoCreateAccount=data)) == expected


def test_the_old_way_to_ask_for_receivers_signatures(wire: Wire) -> None:
    """The deprecated plain field of an update counts where the wrapped one is absent (CN:tok/CryptoUpdateHandler)."""
    account = create(wire)
    for fields, required in (({"receiverSigRequired": True}, True), ({"receiverSigRequiredWrapper": {}}, False)):
        assert update(wire, account, OLD, **fields) == "SUCCESS"
        assert wire.info(account).accountInfo.receiverSigRequired is required


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
