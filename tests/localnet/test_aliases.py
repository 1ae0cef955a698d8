"""Accounts with aliases: what is told of them, whose signature they need, and how a transfer makes them."""

from __future__ import annotations

from base64 import b32encode
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from localnet import pb
from localnet.protocol.status import status_name
from tests.localnet.ecdsa import EcdsaKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from localnet_launcher import Localnet
    from tests.localnet.clients import Rest, SigningKey, Wire

OWNER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
RENEWAL = {"seconds": 7_776_000}
HBAR = 100_000_000
CREATION_FEE = 500_000_000 * 30_000 // 596_987
"""Five US cents in tinybars, give or take the rounding of its three parts."""


def create(wire: Wire, key: Any, **fields: Any) -> Any:
    """The body of a CryptoCreate."""
    return wire.body(cryptoCreateAccount={"key": key, "autoRenewPeriod": RENEWAL, **fields})


def pay(wire: Wire, *moves: tuple[Any, int], **fields: Any) -> Any:
    """The body of a transfer; each move is an account id, or its number, and tinybars."""
    amounts = [
        pb.AccountAmount(accountID=pb.AccountID(accountNum=to) if isinstance(to, int) else to, amount=amount)
        for to, amount in moves
    ]
    return wire.body(cryptoTransfer={"transfers": {"accountAmounts": amounts}}, **fields)


def give(wire: Wire, alias: bytes, amount: int = 5 * HBAR) -> Any:
    """The body of a transfer from the operator to an alias."""
    return pay(wire, (wire.operator, -amount), (pb.AccountID(alias=alias), amount))


def children(wire: Wire, body: Any) -> tuple[Any, list[Any]]:
    """The record of a transaction, and its children's."""
    query = {
        "transactionID": body.transactionID,
        "include_child_records": True,
        "header": {"payment": wire.payment(10_000_000)},
    }
    reply = wire.query(transactionGetRecord=query).transactionGetRecord
    return reply.transactionRecord, list(reply.child_transaction_records)


def moved(record: Any) -> dict[int, int]:
    return {entry.accountID.accountNum: entry.amount for entry in record.transferList.accountAmounts}


def ns(timestamp: Any) -> int:
    return int(timestamp.seconds * 10**9 + timestamp.nanos)


# What is told of them


def test_info_of_an_account_with_an_address(wire: Wire, rest: Rest) -> None:
    """No alias where it has 20 bytes, only contractAccountID (CN:tok/CryptoGetAccountInfoHandler).

    The mirror shows both (MN:rest/accounts.js).
    """
    owner = EcdsaKey()
    account = wire.carry_out(create(wire, owner.public, alias=owner.address)).accountID
    for account_id in (account, pb.AccountID(alias=owner.address), pb.AccountID(alias=owner.alias)):
        info = wire.info(account_id).accountInfo
        assert (info.accountID, info.alias, info.contractAccountID) == (account, b"", owner.address.hex())
    row = rest(f"/api/v1/accounts/0.0.{account.accountNum}")[1]
    assert row["evm_address"] == "0x" + owner.address.hex()
    assert row["alias"] == b32encode(owner.address).decode()


def test_info_of_an_account_with_a_key_alias(wire: Wire, rest: Rest) -> None:
    """The key's bytes are the alias, and an ECDSA key's address is the account's (CN:tok/CryptoCreateHandler)."""
    owner = EcdsaKey()
    assert wire.status(give(wire, owner.alias)) == "SUCCESS"
    for alias in (owner.alias, owner.address):
        info = wire.info(pb.AccountID(alias=alias)).accountInfo
        assert (info.alias, info.contractAccountID, info.key) == (owner.alias, owner.address.hex(), owner.public)
    row = rest(f"/api/v1/accounts/0x{owner.address.hex()}")[1]
    assert row["alias"] == b32encode(owner.alias).decode().rstrip("=")


def test_a_long_zero_address_is_a_number(wire: Wire) -> None:
    """Never in the table of aliases, always the account with that number (CN:ReadableAccountStoreImpl.lookupAlias)."""
    number = wire.carry_out(create(wire, wire.public(OWNER))).accountID.accountNum
    alias = number.to_bytes(20, "big")
    assert wire.status(give(wire, alias, 7)) == "SUCCESS"
    assert wire.info(pb.AccountID(alias=alias)).accountInfo.balance == 7
    assert wire.status(give(wire, (10**9).to_bytes(20, "big"))) == "INVALID_ALIAS_KEY"


@pytest.mark.parametrize("contract", [{"contractNum": 999_999}, {"evm_address": b"c" * 20}, {"contractNum": 1_001}])
def test_there_are_no_contracts(wire: Wire, contract: dict[str, Any]) -> None:
    """The balance of one is INVALID_CONTRACT_ID, whatever the number (CN:tok/CryptoGetAccountBalanceHandler)."""
    reply = wire.query(cryptogetAccountBalance={"contractID": contract}).cryptogetAccountBalance
    assert status_name(reply.header.nodeTransactionPrecheckCode) == "INVALID_CONTRACT_ID"


# Whose signature they need


def test_an_address_needs_its_keys_signature(wire: Wire) -> None:
    """Else INVALID_SIGNATURE; the new account's key or the payer prove it too (CN:tok/CryptoCreateHandler, HIP-583)."""
    alice, bob, carol = EcdsaKey(), EcdsaKey(), EcdsaKey()
    stranger = create(wire, wire.public(OWNER), alias=alice.address)
    assert wire.status(stranger, wire.key, bob) == "INVALID_SIGNATURE"
    assert wire.status(create(wire, wire.public(OWNER), alias=alice.address), wire.key, alice) == "SUCCESS"
    payer = wire.carry_out(create(wire, bob.public, alias=bob.address, initialBalance=100 * HBAR)).accountID
    body = create(wire, wire.public(OWNER), alias=bob.address)
    body.transactionID.accountID.CopyFrom(payer)
    assert wire.status(body, bob) == "ALIAS_ALREADY_ASSIGNED"  # and so not INVALID_SIGNATURE
    body = create(wire, wire.public(OWNER), alias=carol.address)
    body.transactionID.accountID.CopyFrom(payer)
    assert wire.status(body, bob) == "INVALID_SIGNATURE"


def test_only_transfers_give_key_aliases(wire: Wire) -> None:
    """A CryptoCreate with one is INVALID_ALIAS_KEY in the receipt, nonsense earlier (CN:tok/CryptoCreateHandler)."""
    owner = EcdsaKey()
    assert wire.status(create(wire, owner.public, alias=owner.alias), wire.key, owner) == "INVALID_ALIAS_KEY"
    long_zero = create(wire, owner.public, alias=bytes(19) + b"\1")
    assert wire.status(long_zero, wire.key, owner) == "INVALID_SIGNATURE"
    for alias in (b"x", b"a" * 21, owner.alias[:-1], owner.raw):
        assert wire.precheck(create(wire, owner.public, alias=alias)) == "INVALID_ALIAS_KEY"
    nobody = wire.body(cryptoCreateAccount={"alias": owner.address, "autoRenewPeriod": RENEWAL})
    assert wire.precheck(nobody) == "INVALID_ALIAS_KEY"


def test_the_alias_of_a_deleted_account_is_free(wire: Wire, rest: Rest) -> None:
    """And belongs to its next account from then on (CN:tok/CryptoCreateHandler.validateSemantics)."""
    owner = EcdsaKey()
    first = wire.carry_out(create(wire, owner.public, alias=owner.address)).accountID
    heir = {"deleteAccountID": first, "transferAccountID": {"accountNum": wire.operator}}
    assert wire.status(wire.body(cryptoDelete=heir), wire.key, owner) == "SUCCESS"
    assert wire.status(give(wire, owner.address)) == "ACCOUNT_DELETED"
    second = wire.carry_out(create(wire, owner.public, alias=owner.address)).accountID
    assert wire.info(pb.AccountID(alias=owner.address)).accountInfo.accountID == second
    assert rest(f"/api/v1/accounts/0x{owner.address.hex()}")[1]["account"] == f"0.0.{second.accountNum}"


@pytest.mark.parametrize("field", ["cryptoUpdateAccount", "cryptoDelete"])
def test_only_transfers_and_queries_take_aliases(wire: Wire, field: str) -> None:
    """Updates and deletions want the number (CN:ReadableAccountStoreImpl.getAccountById)."""
    owner = EcdsaKey()
    wire.carry_out(create(wire, owner.public, alias=owner.address))
    name, heir = (
        ("accountIDToUpdate", {})
        if field == "cryptoUpdateAccount"
        else ("deleteAccountID", {"transferAccountID": {"accountNum": wire.operator}})
    )
    body = wire.body(**{field: {name: {"alias": owner.address}, **heir}})
    assert wire.status(body, wire.key, owner) == "INVALID_ACCOUNT_ID"


# How a transfer makes them


@pytest.mark.parametrize("kind", ["ecdsa", "ed25519"])
def test_hbar_to_an_unknown_key_makes_its_account(wire: Wire, rest: Rest, kind: str) -> None:
    """SUCCESS, and the account has that key (HIP-32; CN:AutoAccountCreator)."""
    owner: SigningKey = EcdsaKey() if kind == "ecdsa" else Ed25519PrivateKey.generate()
    public = owner.public if isinstance(owner, EcdsaKey) else wire.public(owner)
    alias = public.SerializeToString()
    body = give(wire, alias)
    assert wire.status(body) == "SUCCESS"
    info = wire.info(pb.AccountID(alias=alias)).accountInfo
    assert (info.key, info.alias, info.balance) == (public, alias, 5 * HBAR)
    assert (info.max_automatic_token_associations, info.autoRenewPeriod.seconds) == (-1, 7_776_000)
    spend = pay(wire, (info.accountID, -HBAR), (wire.operator, HBAR))
    assert wire.status(spend) == "INVALID_SIGNATURE"
    assert wire.status(pay(wire, (info.accountID, -HBAR), (wire.operator, HBAR)), wire.key, owner) == "SUCCESS"
    assert rest(f"/api/v1/accounts/0.0.{info.accountID.accountNum}")[1]["balance"]["balance"] == 4 * HBAR


def test_the_creation_is_a_record_before_the_transfers(wire: Wire, rest: Rest) -> None:
    """A nanosecond before, no parent timestamp (CN:SavepointStackImpl), with a fee of its own (CN:AppFeeCharging)."""
    owner = EcdsaKey()
    body = give(wire, owner.address)
    assert wire.status(body) == "SUCCESS"
    record, (child,) = children(wire, body)
    number = child.receipt.accountID.accountNum
    assert child.transactionID.nonce == 1
    assert child.transactionID.transactionValidStart == body.transactionID.transactionValidStart
    assert ns(child.consensusTimestamp) == ns(record.consensusTimestamp) - 1
    assert not child.HasField("parent_consensus_timestamp")
    assert abs(child.transactionFee - CREATION_FEE) < 3
    assert moved(child)[wire.operator] == -child.transactionFee
    assert moved(record)[number] == 5 * HBAR
    assert moved(record)[wire.operator] == -5 * HBAR - record.transactionFee
    assert sum(moved(child).values()) == sum(moved(record).values()) == 0
    assert not record.receipt.HasField("accountID")
    start = body.transactionID.transactionValidStart
    rows = rest(f"/api/v1/transactions/0.0.{wire.operator}-{start.seconds}-{start.nanos}")[1]["transactions"]
    assert [(row["name"], row["nonce"], row["entity_id"]) for row in rows] == [
        ("CRYPTOCREATEACCOUNT", 1, f"0.0.{number}"),
        ("CRYPTOTRANSFER", 0, None),
    ]
    assert [row["parent_consensus_timestamp"] for row in rows] == [None, None]
    assert [row["charged_tx_fee"] for row in rows] == [child.transactionFee, record.transactionFee]


def test_children_are_told_on_request(wire: Wire) -> None:
    """A receipt brings the new account's with includeChildReceipts; by its nonce it is found alone (HIP-32)."""
    owner = EcdsaKey()
    body = give(wire, owner.alias)
    assert wire.status(body) == "SUCCESS"
    query = {"transactionID": body.transactionID, "include_child_receipts": True}
    (child,) = wire.query(transactionGetReceipt=query).transactionGetReceipt.child_transaction_receipts
    assert not wire.receipt(body).child_transaction_receipts
    body.transactionID.nonce = 1
    assert wire.receipt(body).receipt == child
    assert children(wire, body)[0].evm_address == owner.address


def test_what_a_failed_transfer_made_is_gone(wire: Wire) -> None:
    """No account, no fee for it, no child: the creation was part of the transfer (CN:DispatchOptions.setupDispatch)."""
    poor = wire.carry_out(create(wire, wire.public(OWNER), initialBalance=10)).accountID
    owner = EcdsaKey()
    before = wire.info(pb.AccountID(accountNum=wire.operator)).accountInfo.balance
    body = pay(wire, (poor, -11), (pb.AccountID(alias=owner.address), 11))
    assert wire.status(body, wire.key, OWNER) == "INSUFFICIENT_ACCOUNT_BALANCE"
    assert children(wire, body)[1] == []
    assert before - wire.info(pb.AccountID(accountNum=wire.operator)).accountInfo.balance < CREATION_FEE
    assert (
        status_name(wire.info(pb.AccountID(alias=owner.address)).header.nodeTransactionPrecheckCode)
        == "INVALID_ACCOUNT_ID"
    )


def test_the_payer_must_be_able_to_pay_for_the_account(wire: Wire) -> None:
    """The offered fee is not asked, the balance is (CN:AppFeeCharging.validate)."""
    fee = 400_000  # enough for a transfer
    payer = wire.carry_out(create(wire, wire.public(OWNER), initialBalance=fee + CREATION_FEE + 1_000)).accountID
    for expected in ("SUCCESS", "INSUFFICIENT_PAYER_BALANCE"):
        body = pay(wire, (payer, -1), (pb.AccountID(alias=EcdsaKey().address), 1), transactionFee=fee)
        body.transactionID.accountID.CopyFrom(payer)
        if expected != "SUCCESS":
            top_up = pay(wire, (wire.operator, -fee), (payer, fee))
            assert wire.status(top_up) == "SUCCESS"
        assert wire.status(body, OWNER) == expected


def test_a_transfer_that_makes_accounts_takes_their_room(
    start: Callable[..., Localnet], open_wire: Callable[[Localnet], Wire]
) -> None:
    """As many as so many CryptoCreates would, of which a node of four takes seven at once (CN:ThrottleAccumulator)."""
    wire = open_wire(start("--latency", "instant", "--throttles", "mainnet"))

    def make(count: int) -> str:
        new = [(pb.AccountID(alias=EcdsaKey().address), 1) for _ in range(count)]
        return wire.precheck(pay(wire, (wire.operator, -count), *new))

    assert make(8) == "BUSY"
    assert make(5) == "OK"
    assert make(3) == "BUSY"
    assert wire.precheck(pay(wire, (wire.operator, -1), (2, 1))) == "OK"


def test_what_no_account_can_be_made_for(wire: Wire) -> None:
    """Nonsense is INVALID_ALIAS_KEY; nobody takes from it or gets 0 (CN:EnsureAliasesStep, TransferExecutor)."""
    owner = EcdsaKey()
    unknown = pb.AccountID(alias=owner.address)
    assert wire.status(give(wire, b"nonsense")) == "INVALID_ALIAS_KEY"
    assert wire.status(pay(wire, (unknown, -1), (wire.operator, 1)), wire.key, owner) == "INVALID_ACCOUNT_ID"
    assert wire.status(pay(wire, (unknown, 0))) == "INVALID_ACCOUNT_ID"
    assert wire.precheck(pay(wire, (pb.AccountID(), 1), (wire.operator, -1))) == "INVALID_ACCOUNT_ID"
    twice = pay(wire, (wire.operator, -2), (unknown, 1), (pb.AccountID(alias=owner.alias), 1))
    assert wire.status(twice) == "ACCOUNT_REPEATED_IN_ACCOUNT_AMOUNTS"


# Hollow accounts


def test_an_address_gets_a_hollow_account(wire: Wire, rest: Rest) -> None:
    """It has the empty key list for a key, and takes hbar (HIP-583; CN:AutoAccountCreator.createHollowAccount)."""
    owner = EcdsaKey()
    assert wire.status(give(wire, owner.address)) == "SUCCESS"
    assert wire.status(give(wire, owner.address)) == "SUCCESS"
    info = wire.info(pb.AccountID(alias=owner.address)).accountInfo
    assert (info.key, info.balance) == (pb.Key(keyList={}), 10 * HBAR)
    row = rest(f"/api/v1/accounts/0x{owner.address.hex()}")[1]
    assert row["key"] == {"_type": "ProtobufEncoded", "key": "3200"}
    memo = {"accountIDToUpdate": info.accountID, "memo": {"value": "mine"}}
    assert wire.status(wire.body(cryptoUpdateAccount=memo), wire.key, owner) == "INVALID_ACCOUNT_ID"


def test_a_hollow_account_gets_its_key_when_it_pays(wire: Wire, rest: Rest) -> None:
    """By a CryptoUpdate before the transaction, free of charge (HIP-583; CN:HollowAccountCompletions)."""
    owner = EcdsaKey()
    assert wire.status(give(wire, owner.address)) == "SUCCESS"
    hollow = wire.info(pb.AccountID(alias=owner.address)).accountInfo.accountID

    def payment() -> Any:
        body = pay(wire, (hollow, -HBAR), (wire.operator, HBAR))
        body.transactionID.accountID.CopyFrom(hollow)
        return body

    assert wire.precheck(payment(), EcdsaKey()) == "INVALID_SIGNATURE"
    body = payment()
    assert wire.status(body, owner) == "SUCCESS"
    record, (child,) = children(wire, body)
    assert (child.transactionFee, moved(child), child.transactionID.nonce) == (0, {}, 1)
    assert ns(child.consensusTimestamp) == ns(record.consensusTimestamp) - 1
    assert wire.info(hollow).accountInfo.key == owner.public
    row = rest(f"/api/v1/accounts/0.0.{hollow.accountNum}")[1]
    assert row["key"] == {"_type": "ECDSA_SECP256K1", "key": owner.raw.hex()}
    start = body.transactionID.transactionValidStart
    rows = rest(f"/api/v1/transactions/0.0.{hollow.accountNum}-{start.seconds}-{start.nanos}")[1]["transactions"]
    assert [row["name"] for row in rows] == ["CRYPTOUPDATEACCOUNT", "CRYPTOTRANSFER"]
    body = payment()
    assert wire.status(body, owner) == "SUCCESS"
    assert children(wire, body)[1] == []


def test_a_key_stays_whatever_becomes_of_the_transaction(wire: Wire) -> None:
    """The completion is on its own (CN:DispatchOptions); somebody else may pay (CN:TransferExecutor)."""
    owner = EcdsaKey()
    assert wire.status(give(wire, owner.address)) == "SUCCESS"
    hollow = wire.info(pb.AccountID(alias=owner.address)).accountInfo.accountID
    too_much = pay(wire, (hollow, -6 * HBAR), (wire.operator, 6 * HBAR))
    assert wire.status(too_much) == "INVALID_SIGNATURE"
    body = pay(wire, (hollow, -6 * HBAR), (wire.operator, 6 * HBAR))
    assert wire.status(body, wire.key, owner) == "INSUFFICIENT_ACCOUNT_BALANCE"
    assert len(children(wire, body)[1]) == 1
    assert wire.info(hollow).accountInfo.key == owner.public


# What a transfer does not do


def test_allowances_and_hooks(wire: Wire) -> None:
    """Nobody has an allowance, and hooks are not enabled (CN:AdjustHbarChangesStep, CryptoTransferValidator)."""
    account = wire.carry_out(create(wire, wire.public(OWNER), initialBalance=10)).accountID
    body = pay(wire, (account, -1), (wire.operator, 1))
    body.cryptoTransfer.transfers.accountAmounts[0].is_approval = True
    assert wire.status(body) == "SPENDER_DOES_NOT_HAVE_ALLOWANCE"
    body = pay(wire, (account, -1), (wire.operator, 1))
    body.cryptoTransfer.transfers.accountAmounts[0].pre_tx_allowance_hook.hook_id = 1
    assert wire.status(body) == "HOOKS_NOT_ENABLED"
    body = pay(wire, (account, -1), (wire.operator, 1))
    body.cryptoTransfer.transfers.accountAmounts[0].is_approval = True
    body.cryptoTransfer.transfers.accountAmounts[0].pre_tx_allowance_hook.hook_id = 1
    assert wire.precheck(body) == "CANNOT_SET_HOOKS_AND_APPROVAL"
