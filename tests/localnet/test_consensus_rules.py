"""What is refused only in the receipt, and what takes effect: topics, files, accounts, transfers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from localnet import pb
from localnet.protocol.ids import transaction_key
from localnet.protocol.status import status_name
from tests.localnet.ecdsa import EcdsaKey

if TYPE_CHECKING:
    from localnet_launcher import Localnet
    from tests.localnet.clients import Rest, Wire

ALICE = Ed25519PrivateKey.from_private_bytes(b"a" * 32)
BOB = Ed25519PrivateKey.from_private_bytes(b"b" * 32)
PERIOD = {"seconds": 7_776_000}
NO_KEY = pb.Key(keyList={})
MIB = 1_024 * 1_024


def expiry(days: int = 90) -> dict[str, int]:
    return {"seconds": int(time.time()) + days * 86_400}


def create_file(wire: Wire, *keys: Ed25519PrivateKey, contents: bytes = b"content") -> int:
    body = wire.body(
        fileCreate={
            "expirationTime": expiry(),
            "keys": {"keys": [wire.public(key) for key in keys]},
            "contents": contents,
        }
    )
    receipt = wire.carry_out(body, wire.key, *keys)
    assert status_name(receipt.status) == "SUCCESS"
    return int(receipt.fileID.fileNum)


def contents_of(wire: Wire, number: int) -> bytes:
    query = {"fileID": {"fileNum": number}}
    cost = wire.query(fileGetContents={**query, "header": {"responseType": pb.COST_ANSWER}})
    payment = wire.payment(cost.fileGetContents.header.cost)
    reply = wire.query(fileGetContents={**query, "header": {"payment": payment}}).fileGetContents
    assert status_name(reply.header.nodeTransactionPrecheckCode) == "OK"
    return bytes(reply.fileContents.contents)


# Topics


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"adminKey": True}, "INVALID_SIGNATURE"),
        ({"autoRenewPeriod": {"seconds": 2_591_999}}, "AUTORENEW_DURATION_NOT_IN_RANGE"),
        ({"autoRenewPeriod": {"seconds": 8_000_002}}, "AUTORENEW_DURATION_NOT_IN_RANGE"),
        ({"autoRenewPeriod": None}, "INVALID_RENEWAL_PERIOD"),
        ({"autoRenewAccount": {"accountNum": 999_999}}, "INVALID_AUTORENEW_ACCOUNT"),
        ({"autoRenewAccount": {"accountNum": 2}}, "INVALID_SIGNATURE"),
        ({"memo": "m" * 101}, "MEMO_TOO_LONG"),
        ({"adminKey": pb.Key(ed25519=b"short")}, "BAD_ENCODING"),
        ({"submitKey": pb.Key(ed25519=b"short")}, "BAD_ENCODING"),
        ({"autoRenewAccount": {"accountNum": 1001}}, "SUCCESS"),
        ({}, "SUCCESS"),
    ],
    ids=str,
)
def test_create_topic(wire: Wire, fields: dict[str, Any], expected: str) -> None:
    """A topic that cannot be is refused at consensus, not before."""
    if fields.get("adminKey") is True:
        fields = {"adminKey": wire.public(ALICE)}
    body = wire.body(consensusCreateTopic={"autoRenewPeriod": PERIOD, **fields})
    assert wire.status(body) == expected


def test_submit_message(wire: Wire) -> None:
    """Messages are numbered from 1; each refused one is refused in its receipt and takes no number."""
    topic = wire.create_topic(submitKey=wire.public(ALICE))
    assert wire.status(wire.message(999_999)) == "INVALID_TOPIC_ID"
    assert wire.status(wire.message(topic)) == "INVALID_SIGNATURE"
    first = wire.carry_out(wire.message(topic), wire.key, ALICE)
    assert wire.status(wire.message(topic, b"x" * 1_025), wire.key, ALICE) == "MESSAGE_SIZE_TOO_LARGE"
    second = wire.carry_out(wire.message(topic, b"x" * 1_024), wire.key, ALICE)
    assert (first.topicSequenceNumber, second.topicSequenceNumber) == (1, 2)
    assert len(first.topicRunningHash) == 48
    assert first.topicRunningHash != second.topicRunningHash
    assert first.topicRunningHashVersion == 3
    assert second.exchangeRate.currentRate.centEquiv > 0


def test_chunk_info(wire: Wire) -> None:
    """A chunk's number must be within its total, and its initial transaction the payer's, and its own for number 1."""
    topic = wire.create_topic()
    first = wire.message(topic)
    own = first.transactionID

    def status(number: int, total: int, initial: Any) -> str:
        body = wire.message(topic, chunkInfo={"initialTransactionID": initial, "number": number, "total": total})
        return wire.status(body)

    assert status(0, 2, own) == "INVALID_CHUNK_NUMBER"
    assert status(3, 2, own) == "INVALID_CHUNK_NUMBER"
    assert status(1, 2, own) == "INVALID_CHUNK_TRANSACTION_ID"
    other = pb.TransactionID(accountID={"accountNum": 2}, transactionValidStart=own.transactionValidStart)
    assert status(2, 2, other) == "INVALID_CHUNK_TRANSACTION_ID"
    assert status(2, 2, own) == "SUCCESS"
    first.consensusSubmitMessage.chunkInfo.CopyFrom(
        pb.TransactionBody(
            consensusSubmitMessage={"chunkInfo": {"initialTransactionID": own, "number": 1, "total": 2}}
        ).consensusSubmitMessage.chunkInfo
    )
    assert wire.status(first) == "SUCCESS"


def update(wire: Wire, topic: int, **fields: Any) -> Any:
    return wire.body(consensusUpdateTopic={"topicID": {"topicNum": topic}, **fields})


def test_update_topic_keys(wire: Wire) -> None:
    """Who must sign an update depends on what it changes."""
    topic = wire.create_topic(wire.key, ALICE, adminKey=wire.public(ALICE), submitKey=wire.public(BOB))
    memo = {"memo": {"value": "new"}}
    assert wire.status(update(wire, 999_999, **memo)) == "INVALID_TOPIC_ID"
    assert wire.status(update(wire, topic, **memo)) == "INVALID_SIGNATURE"
    assert wire.status(update(wire, topic, **memo), wire.key, BOB) == "INVALID_SIGNATURE"
    assert wire.status(update(wire, topic, **memo), wire.key, ALICE) == "SUCCESS"
    assert wire.status(update(wire, topic, submitKey=NO_KEY)) == "INVALID_SIGNATURE"
    assert wire.status(update(wire, topic, expirationTime=expiry(92))) == "SUCCESS"
    assert wire.status(update(wire, topic, expirationTime=expiry(30))) == "EXPIRATION_REDUCTION_NOT_ALLOWED"
    assert wire.status(update(wire, topic, submitKey=wire.public(ALICE)), wire.key, BOB) == "SUCCESS"
    assert wire.status(wire.message(topic), wire.key, BOB) == "INVALID_SIGNATURE"
    new_admin = update(wire, topic, adminKey=wire.public(BOB))
    assert wire.status(new_admin, wire.key, ALICE) == "INVALID_SIGNATURE"
    new_admin = update(wire, topic, adminKey=wire.public(BOB))
    assert wire.status(new_admin, wire.key, ALICE, BOB) == "SUCCESS"
    assert wire.status(update(wire, topic, adminKey=NO_KEY), wire.key, BOB) == "SUCCESS"
    assert wire.status(update(wire, topic, **memo), wire.key, BOB) == "UNAUTHORIZED"


def test_an_update_that_is_refused_changes_nothing(wire: Wire) -> None:
    """Of several changes, none is made when one is refused."""
    topic = wire.create_topic(wire.key, ALICE, adminKey=wire.public(ALICE), memo="old")
    body = update(wire, topic, submitKey=wire.public(BOB), autoRenewPeriod={"seconds": 1})
    assert wire.status(body, wire.key, ALICE) == "AUTORENEW_DURATION_NOT_IN_RANGE"
    assert wire.status(wire.message(topic)) == "SUCCESS"


def test_delete_topic(wire: Wire) -> None:
    """Only the admin key deletes a topic; without one it stays for ever."""
    fixed, topic = wire.create_topic(), wire.create_topic(wire.key, ALICE, adminKey=wire.public(ALICE))

    def status(number: int, *keys: Ed25519PrivateKey) -> str:
        return wire.status(wire.body(consensusDeleteTopic={"topicID": {"topicNum": number}}), *keys)

    assert status(fixed) == "UNAUTHORIZED"
    assert status(topic) == "INVALID_SIGNATURE"
    assert status(topic, wire.key, ALICE) == "SUCCESS"
    assert status(topic, wire.key, ALICE) == "INVALID_TOPIC_ID"
    assert wire.status(wire.message(topic)) == "INVALID_TOPIC_ID"


# Files


def test_create_file(wire: Wire) -> None:
    """Every key of the new file must sign."""
    fields = {"expirationTime": expiry(), "keys": {"keys": [wire.public(ALICE)]}, "contents": b"x"}
    assert wire.status(wire.body(fileCreate=fields)) == "INVALID_SIGNATURE"
    assert wire.status(wire.body(fileCreate=fields), wire.key, ALICE) == "SUCCESS"
    assert wire.status(wire.body(fileCreate={"expirationTime": expiry()})) == "SUCCESS"


def append(wire: Wire, number: int, contents: bytes = b" more") -> Any:
    return wire.body(fileAppend={"fileID": {"fileNum": number}, "contents": contents})


def test_append_file(wire: Wire) -> None:
    """All keys must sign an append; a file without keys never changes."""
    file = create_file(wire, ALICE, BOB)
    assert wire.status(append(wire, 999_999)) == "INVALID_FILE_ID"
    assert wire.status(append(wire, create_file(wire))) == "UNAUTHORIZED"
    assert wire.status(append(wire, file), wire.key, ALICE) == "INVALID_SIGNATURE"
    assert wire.status(append(wire, file), wire.key, ALICE, BOB) == "SUCCESS"
    assert contents_of(wire, file) == b"content more"


def test_file_size_limit(wire: Wire) -> None:
    """A file holds 1 MiB and no more; the append that is too much changes nothing."""
    file = create_file(wire, ALICE, contents=b"")
    chunk = 5_500
    for _ in range(MIB // chunk):
        assert wire.status(append(wire, file, b"x" * chunk), wire.key, ALICE) == "SUCCESS"
    rest = MIB - MIB // chunk * chunk
    assert wire.status(append(wire, file, b"x" * (rest + 1)), wire.key, ALICE) == "MAX_FILE_SIZE_EXCEEDED"
    assert wire.status(append(wire, file, b"x" * rest), wire.key, ALICE) == "SUCCESS"
    assert len(contents_of(wire, file)) == MIB


def test_update_file(wire: Wire) -> None:
    """Contents, keys and memo need all old and new keys; empty contents and an earlier expiry change nothing."""
    file = create_file(wire, ALICE)

    def status(*keys: Ed25519PrivateKey, **fields: Any) -> str:
        return wire.status(wire.body(fileUpdate={"fileID": {"fileNum": file}, **fields}), *keys)

    assert status(contents=b"new") == "INVALID_SIGNATURE"
    assert status(wire.key, ALICE, contents=b"new") == "SUCCESS"
    assert status(wire.key, ALICE, contents=b"") == "SUCCESS"
    assert contents_of(wire, file) == b"new"
    assert status(expirationTime=expiry(92)) == "SUCCESS"
    assert status(expirationTime=expiry(95)) == "AUTORENEW_DURATION_NOT_IN_RANGE"
    new_keys = {"keys": [wire.public(BOB)]}
    assert status(wire.key, ALICE, keys=new_keys) == "INVALID_SIGNATURE"
    assert status(wire.key, ALICE, BOB, keys=new_keys) == "SUCCESS"
    assert status(wire.key, ALICE, memo={"value": "m"}) == "INVALID_SIGNATURE"
    assert status(wire.key, BOB, memo={"value": "m" * 101}) == "MEMO_TOO_LONG"
    assert status(wire.key, BOB, keys={}) == "SUCCESS"
    assert status(wire.key, BOB, contents=b"never") == "UNAUTHORIZED"


def test_delete_file(wire: Wire) -> None:
    """Any one key deletes a file, once; system files stay."""
    file = create_file(wire, ALICE, BOB)

    def status(number: int, *keys: Ed25519PrivateKey) -> str:
        return wire.status(wire.body(fileDelete={"fileID": {"fileNum": number}}), *keys)

    assert status(102) == "ENTITY_NOT_ALLOWED_TO_DELETE"
    assert status(999_999) == "INVALID_FILE_ID"
    assert status(create_file(wire)) == "UNAUTHORIZED"
    assert status(file) == "INVALID_SIGNATURE"
    assert status(file, wire.key, BOB) == "SUCCESS"
    assert status(file, wire.key, BOB) == "FILE_DELETED"
    assert contents_of(wire, file) == b""


def test_system_files(wire: Wire) -> None:
    """The address book names the four nodes, and the exchange rate file holds the rate of every receipt."""
    book = pb.NodeAddressBook.FromString(contents_of(wire, 102))
    assert [node.nodeAccountId.accountNum for node in book.nodeAddress] == [3, 4, 5, 6]
    rate = pb.ExchangeRateSet.FromString(contents_of(wire, 112))
    body = wire.message(wire.create_topic())
    assert wire.carry_out(body).exchangeRate == rate


def test_fee_files_say_what_is_charged(wire: Wire, rest: Rest) -> None:
    """0.0.113 holds the price list, 0.0.111 its base prices; a message costs what they add up to."""
    schedule = json.loads(contents_of(wire, 113))
    prices = {extra["name"]: extra["fee"] for extra in schedule["extras"]}
    listed = {one["name"]: one for service in schedule["services"] for one in service["schedule"]}
    submit = listed["ConsensusSubmitMessage"]
    included = {extra["name"]: extra["includedCount"] for extra in submit["extras"]}
    name = "CONSENSUS_SUBMIT_MESSAGE_WITHOUT_CUSTOM_FEE_BYTES"
    service = submit["baseFee"] + (600 - included[name]) * prices[name]
    node = schedule["node"]["baseFee"]
    body = wire.message(wire.create_topic(), b"m" * 600)
    wire.carry_out(body)
    rate = wire.receipt(body).receipt.exchangeRate.currentRate
    parts = (node, node * schedule["network"]["multiplier"], service)
    path = f"/api/v1/transactions/{transaction_key(body.transactionID).mirror_form}"
    charged = rest(path)[1]["transactions"][0]["charged_tx_fee"]
    assert charged == sum(part * rate.hbarEquiv // rate.centEquiv for part in parts)
    assert listed["CryptoGetAccountBalance"]["free"]
    assert listed["FileGetContents"]["baseFee"] == 84
    old = pb.CurrentAndNextFeeSchedule.FromString(contents_of(wire, 111)).currentFeeSchedule.transactionFeeSchedule
    bases = {pb.HederaFunctionality.Name(one.hederaFunctionality): one.fees[0].servicedata.constant for one in old}
    assert bases == {one: listed[one]["baseFee"] * 1_000 for one in bases}
    assert bases["ConsensusSubmitMessage"] == 700_000_000


def test_the_throttles_file(start: Callable[..., Localnet], open_wire: Callable[[Localnet], Wire], wire: Wire) -> None:
    """0.0.123 holds the throttles in force; where there are none, none."""
    assert contents_of(wire, 123) == b""
    throttled = pb.ThrottleDefinitions.FromString(contents_of(open_wire(start("--latency", "instant")), 123))
    submit = pb.HederaFunctionality.Value("ConsensusSubmitMessage")
    found = [
        (bucket.name, group.milliOpsPerSec)
        for bucket in throttled.throttleBuckets
        for group in bucket.throttleGroups
        if submit in group.operations
    ]
    assert found == [("ThroughputLimits", 10_500_000)]


# Accounts and transfers


def create_account(wire: Wire, key: Ed25519PrivateKey, tinybars: int = 0, **fields: Any) -> Any:
    return wire.body(
        cryptoCreateAccount={
            "key": wire.public(key),
            "initialBalance": tinybars,
            "autoRenewPeriod": PERIOD,
            **fields,
        }
    )


def transfer(wire: Wire, *amounts: tuple[int, int]) -> Any:
    entries = [{"accountID": {"accountNum": number}, "amount": amount} for number, amount in amounts]
    return wire.body(cryptoTransfer={"transfers": {"accountAmounts": entries}})


def test_create_account(wire: Wire) -> None:
    """The payer funds a new account, and needs to be able to."""
    receipt = wire.carry_out(create_account(wire, ALICE, 500))
    reply = wire.query(cryptogetAccountBalance={"accountID": receipt.accountID}).cryptogetAccountBalance
    assert reply.balance == 500
    assert wire.precheck(create_account(wire, ALICE, 2**62)) == "INSUFFICIENT_PAYER_BALANCE"
    assert wire.precheck(create_account(wire, ALICE, -1 & (2**64 - 1))) == "INVALID_INITIAL_BALANCE"
    picky = create_account(wire, ALICE, receiverSigRequired=True)
    assert wire.status(picky) == "INVALID_SIGNATURE"


def test_an_alias_belongs_to_one_account(wire: Wire) -> None:
    """An EVM address is given once, and can be paid to."""
    owner = EcdsaKey()
    address = owner.address
    number = wire.carry_out(create_account(wire, ALICE, alias=address), wire.key, owner).accountID.accountNum
    assert wire.status(create_account(wire, BOB, alias=address), wire.key, owner) == "ALIAS_ALREADY_ASSIGNED"
    entries = [
        {"accountID": {"alias": address}, "amount": 7},
        {"accountID": {"accountNum": wire.operator}, "amount": -7},
    ]
    assert wire.status(wire.body(cryptoTransfer={"transfers": {"accountAmounts": entries}})) == "SUCCESS"
    reply = wire.query(cryptogetAccountBalance={"accountID": {"accountNum": number}}).cryptogetAccountBalance
    assert reply.balance == 7


def test_transfer(wire: Wire) -> None:
    """Senders must sign and have what they send; nothing is created or lost."""
    alice = wire.carry_out(create_account(wire, ALICE, 1_000)).accountID.accountNum
    bob = wire.carry_out(create_account(wire, BOB)).accountID.accountNum
    me = wire.operator
    assert wire.status(transfer(wire, (me, -10), (999_999, 10))) == "INVALID_ACCOUNT_ID"
    assert wire.status(transfer(wire, (alice, -10), (me, 10))) == "INVALID_SIGNATURE"
    assert wire.status(transfer(wire, (alice, -1_001), (me, 1_001)), wire.key, ALICE) == "INSUFFICIENT_ACCOUNT_BALANCE"
    assert wire.precheck(transfer(wire, (alice, -1), (alice, 1))) == "ACCOUNT_REPEATED_IN_ACCOUNT_AMOUNTS"
    eleven = [(me, -10)] + [(number, 1) for number in (2, 3, 4, 5, 6, 98, 800, 801, alice, bob)]
    assert wire.status(transfer(wire, *eleven)) == "TRANSFER_LIST_SIZE_LIMIT_EXCEEDED"
    assert wire.status(transfer(wire, (alice, -300), (me, 300)), wire.key, ALICE) == "SUCCESS"
    reply = wire.query(cryptogetAccountBalance={"accountID": {"accountNum": alice}}).cryptogetAccountBalance
    assert reply.balance == 700
