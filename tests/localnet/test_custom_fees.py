"""Custom fees on topics: who pays, how much at most, who is exempt, and who may change them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hiero_sdk_python import Client, ResponseCode, TransactionGetReceiptQuery, TransactionId

from localnet import pb
from localnet.fees import ExchangeRate
from localnet.ids import transaction_key
from localnet.status import status_name

if TYPE_CHECKING:
    from config.launcher import Localnet
    from tests.localnet.conftest import Rest, Wire

FRIEND = Ed25519PrivateKey.from_private_bytes(b"f" * 32)
SCHEDULER = Ed25519PrivateKey.from_private_bytes(b"c" * 32)
FEE = 1_234


@pytest.fixture
def collector(wire: Wire) -> int:
    """An account without anything."""
    data = {"key": wire.public(FRIEND), "autoRenewPeriod": {"seconds": 7_776_000}}
    return int(wire.settle(wire.body(cryptoCreateAccount=data)).accountID.accountNum)


def fee(collector: int, amount: int = FEE, **denomination: Any) -> dict[str, Any]:
    fixed = {"amount": amount, **denomination}
    return {"fixed_fee": fixed, "fee_collector_account_id": {"accountNum": collector}}


def balance(rest: Rest, account: int) -> int:
    return int(rest(f"/api/v1/accounts/0.0.{account}?transactions=false")[1]["balance"]["balance"])


def test_the_submitter_pays_the_collector(wire: Wire, rest: Rest, collector: int) -> None:
    """Each message pays every fee; the topic shows them."""
    topic = wire.create_topic(custom_fees=[fee(collector), fee(collector, 6)])
    assert wire.status(wire.message(topic)) == "SUCCESS"
    assert balance(rest, collector) == FEE + 6
    row = rest(f"/api/v1/topics/0.0.{topic}")[1]["custom_fees"]["fixed_fees"]
    assert [one["amount"] for one in row] == [FEE, 6]
    rows = rest(f"/api/v1/transactions?account.id=0.0.{collector}&type=credit")[1]["transactions"][::-1]
    assert [sum(one["amount"] for one in row["transfers"]) for row in rows] == [0, 0]
    received = [one["amount"] for row in rows for one in row["transfers"] if one["account"] == f"0.0.{collector}"]
    assert received == [FEE, 6]


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (FEE, "SUCCESS"),
        (FEE + 1, "SUCCESS"),
        (FEE - 1, "MAX_CUSTOM_FEE_LIMIT_EXCEEDED"),
        (None, "NO_VALID_MAX_CUSTOM_FEE"),
    ],
)
def test_the_submitter_may_set_a_limit(
    limit: int | None, expected: str, wire: Wire, rest: Rest, collector: int
) -> None:
    """A fee above it is refused in the receipt, and so is a limit that is somebody else's; nothing is paid then."""
    topic = wire.create_topic(custom_fees=[fee(collector)])
    account = wire.operator if limit is not None else 2
    limits = [{"account_id": {"accountNum": account}, "fees": [{"amount": limit or FEE}]}]
    body = wire.message(topic)
    body.MergeFrom(pb.TransactionBody(max_custom_fees=limits))
    assert wire.status(body) == expected
    assert balance(rest, collector) == (FEE if expected == "SUCCESS" else 0)


def test_payments_are_children_of_the_message(wire: Wire, rest: Rest, client: Client, collector: int) -> None:
    """Receipts and records give them on request and by their nonce; the mirror shows them behind their parent."""
    topic = wire.create_topic(custom_fees=[fee(collector), fee(collector, 6)])
    body = wire.message(topic)
    assert wire.status(body) == "SUCCESS"
    transaction_id = TransactionId._from_proto(body.transactionID)
    receipt = TransactionGetReceiptQuery(transaction_id).set_include_children(True).execute(client)
    assert [child.status for child in receipt.children] == [ResponseCode.SUCCESS] * 2
    assert not TransactionGetReceiptQuery(transaction_id).execute(client).children
    header = {"payment": wire.payment(20_000_000)}
    asked = {"transactionID": body.transactionID, "include_child_records": True, "header": header}
    reply = wire.query(transactionGetRecord=asked).transactionGetRecord
    record, children = reply.transactionRecord, reply.child_transaction_records
    assert [child.transactionID.nonce for child in children] == [1, 2]
    assert {child.parent_consensus_timestamp.nanos for child in children} == {record.consensusTimestamp.nanos}
    moved = [{one.accountID.accountNum: one.amount for one in child.transferList.accountAmounts} for child in children]
    assert moved == [{wire.operator: -FEE, collector: FEE}, {wire.operator: -6, collector: 6}]
    assert collector not in [one.accountID.accountNum for one in record.transferList.accountAmounts]
    second = pb.TransactionID()
    second.CopyFrom(body.transactionID)
    second.nonce = 2
    one = wire.query(transactionGetRecord={"transactionID": second, "header": {"payment": wire.payment(20_000_000)}})
    assert one.transactionGetRecord.transactionRecord == children[1]
    second.nonce = 3
    missing = wire.query(transactionGetReceipt={"transactionID": second}).transactionGetReceipt.header
    assert status_name(missing.nodeTransactionPrecheckCode) == "RECEIPT_NOT_FOUND"
    path = f"/api/v1/transactions/{transaction_key(body.transactionID).mirror_form}"
    rows = rest(path)[1]["transactions"]
    assert [(row["nonce"], row["name"]) for row in rows] == [
        (0, "CONSENSUSSUBMITMESSAGE"),
        (1, "CRYPTOTRANSFER"),
        (2, "CRYPTOTRANSFER"),
    ]
    assert {row["parent_consensus_timestamp"] for row in rows[1:]} == {rows[0]["consensus_timestamp"]}
    assert rest(path + "?nonce=2")[1]["transactions"] == rows[2:]


def test_children_come_again_with_a_state_file(
    start: Callable[..., Localnet],
    open_wire: Callable[[Localnet], Wire],
    open_rest: Callable[[Localnet], Rest],
    tmp_path: Path,
) -> None:
    """The next network has the same rows and balances."""
    options = ("--latency", "instant", "--throttles", "off", "--state", str(tmp_path / "network.sqlite"))
    running = start(*options)
    wire = open_wire(running)
    topic = wire.create_topic(custom_fees=[fee(2)])
    assert wire.status(wire.message(topic)) == "SUCCESS"
    paths = ("/api/v1/transactions", "/api/v1/accounts/0.0.2")
    before = [open_rest(running)(path)[1] for path in paths]
    running.stop()
    again = start(*options)
    after = [open_rest(again)(path)[1] for path in paths]
    assert after[0]["transactions"] == before[0]["transactions"]  # the link goes by the present
    assert len(after[0]["transactions"]) == 3
    assert after[1]["balance"]["balance"] == before[1]["balance"]["balance"]


def test_an_estimate_by_state_knows_the_topic(wire: Wire, rest: Rest, collector: int) -> None:
    """A message on a topic with custom fees costs $0.05, as it is charged; without the state nobody knows."""
    topic = wire.create_topic(custom_fees=[fee(collector)])
    body = wire.message(topic, b"m" * 500)
    raw = wire.sign(body)
    url = f"{rest.base}/api/v1/network/fees"
    kind = {"Content-Type": "application/protobuf"}
    state, intrinsic = (
        requests.post(f"{url}?mode={mode}", data=raw, headers=kind, timeout=10).json()
        for mode in ("STATE", "INTRINSIC")
    )
    assert state["total"] == 500_000_000
    assert [item["name"] for item in state["service"]["extras"]] == ["CONSENSUS_SUBMIT_MESSAGE_WITH_CUSTOM_FEE"]
    assert intrinsic["total"] == 1_700_000 + 400 * 6_800
    wire.send(raw)
    path = f"/api/v1/transactions/{transaction_key(body.transactionID).mirror_form}?nonce=0"
    charged = rest(path)[1]["transactions"][0]["charged_tx_fee"]
    assert charged == sum(map(ExchangeRate().to_tinybars, (100_000, 900_000, 499_000_000)))


def test_who_is_exempt(wire: Wire, rest: Rest, collector: int) -> None:
    """A signature of an exempt key, and the collector itself, pay nothing."""
    topic = wire.create_topic(custom_fees=[fee(collector)], fee_exempt_key_list=[wire.public(SCHEDULER)])
    assert wire.status(wire.message(topic), wire.key, SCHEDULER) == "SUCCESS"
    assert balance(rest, collector) == 0
    own = wire.create_topic(custom_fees=[fee(wire.operator)])
    assert wire.status(wire.message(own)) == "SUCCESS"


def test_only_the_fee_schedule_key_changes_fees(wire: Wire, collector: int) -> None:
    """Without such a key nobody does; it cannot be added later."""
    plain = wire.create_topic(wire.key, adminKey=wire.public(wire.key))
    change = {"custom_fees": {"fees": [fee(collector, 5)]}}

    def update(topic: int, *keys: Ed25519PrivateKey, **fields: Any) -> str:
        return wire.status(wire.body(consensusUpdateTopic={"topicID": {"topicNum": topic}, **fields}), wire.key, *keys)

    assert update(plain, **change) == "FEE_SCHEDULE_KEY_NOT_SET"
    assert update(plain, fee_schedule_key=wire.public(SCHEDULER)) == "FEE_SCHEDULE_KEY_CANNOT_BE_UPDATED"
    paid = wire.create_topic(fee_schedule_key=wire.public(SCHEDULER))
    assert update(paid, **change) == "INVALID_SIGNATURE"
    assert update(paid, SCHEDULER, **change) == "SUCCESS"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"custom_fees": [fee(2)] * 11}, "CUSTOM_FEES_LIST_TOO_LONG"),
        ({"custom_fees": [fee(2, 0)]}, "CUSTOM_FEE_MUST_BE_POSITIVE"),
        ({"custom_fees": [fee(2, 1, denominating_token_id={"tokenNum": 5})]}, "NOT_SUPPORTED"),
        ({"fee_exempt_key_list": [pb.Key(ed25519=b"k" * 5)]}, "INVALID_KEY_IN_FEE_EXEMPT_KEY_LIST"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused_at_precheck(fields: dict[str, Any], expected: str, wire: Wire) -> None:
    """Fees that cannot be never reach consensus."""
    body = wire.body(consensusCreateTopic={"autoRenewPeriod": {"seconds": 7_776_000}, **fields})
    assert wire.precheck(body) == expected


def test_an_unknown_collector_is_refused_in_the_receipt(wire: Wire) -> None:
    """Whether the collector exists is known at consensus only."""
    data = {"autoRenewPeriod": {"seconds": 7_776_000}, "custom_fees": [fee(888_888)]}
    assert wire.status(wire.body(consensusCreateTopic=data)) == "INVALID_CUSTOM_FEE_COLLECTOR"
