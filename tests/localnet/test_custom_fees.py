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
from localnet.protocol.ids import transaction_key
from localnet.state.fees import ExchangeRate

if TYPE_CHECKING:
    from localnet_launcher import Localnet
    from tests.localnet.clients import Rest, Wire

FRIEND = Ed25519PrivateKey.from_private_bytes(b"f" * 32)
SCHEDULER = Ed25519PrivateKey.from_private_bytes(b"c" * 32)
FEE = 1_234


@pytest.fixture
def collector(wire: Wire) -> int:
    """An account without anything."""
    data = {"key": wire.public(FRIEND), "autoRenewPeriod": {"seconds": 7_776_000}}
    return int(wire.carry_out(wire.body(cryptoCreateAccount=data)).accountID.accountNum)


def fee(collector: int, amount: int = FEE, **denomination: Any) -> dict[str, Any]:
    fixed = {"amount": amount, **denomination}
    return {"fixed_fee": fixed, "fee_collector_account_id": {"accountNum": collector}}


def with_limits(body: Any, account: int, *amounts: int) -> Any:
    """The body with limits in hbar for what an account pays."""
    limit = {"account_id": {"accountNum": account}, "fees": [{"amount": amount} for amount in amounts]}
    body.MergeFrom(pb.TransactionBody(max_custom_fees=[limit]))
    return body


def balance(rest: Rest, account: int) -> int:
    return int(rest(f"/api/v1/accounts/0.0.{account}?transactions=false")[1]["balance"]["balance"])


def test_the_submitter_pays_the_collector(wire: Wire, rest: Rest, collector: int) -> None:
    """Each message pays every fee; the topic shows them."""
    topic = wire.create_topic(custom_fees=[fee(collector), fee(collector, 6)])
    assert wire.status(wire.message(topic)) == "SUCCESS"
    assert balance(rest, collector) == FEE + 6
    row = rest(f"/api/v1/topics/0.0.{topic}")[1]["custom_fees"]["fixed_fees"]
    assert [one["amount"] for one in row] == [FEE, 6]
    (row,) = rest(f"/api/v1/transactions?account.id=0.0.{collector}&type=credit")[1]["transactions"]
    assert sum(one["amount"] for one in row["transfers"]) == 0
    assert [one["amount"] for one in row["transfers"] if one["account"] == f"0.0.{collector}"] == [FEE + 6]


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
    assert wire.status(with_limits(wire.message(topic), account, limit or FEE)) == expected
    assert balance(rest, collector) == (FEE if expected == "SUCCESS" else 0)


def record_of(wire: Wire, body: Any, **asked: Any) -> Any:
    header = {"payment": wire.payment(20_000_000)}
    asked = {"transactionID": body.transactionID, "header": header, **asked}
    return wire.query(transactionGetRecord=asked).transactionGetRecord


def test_payments_are_part_of_the_message(wire: Wire, rest: Rest, client: Client, collector: int) -> None:
    """One transaction with one transfer list, its record lists the fees; there is no child (CN:
    ConsensusSubmitMessageHandler.chargeCustomFees suppresses the records of its transfers)."""
    topic = wire.create_topic(custom_fees=[fee(collector), fee(collector, 6)])
    body = wire.message(topic)
    assert wire.status(body) == "SUCCESS"
    reply = record_of(wire, body, include_child_records=True)
    record = reply.transactionRecord
    assert not reply.child_transaction_records
    moved = {one.accountID.accountNum: one.amount for one in record.transferList.accountAmounts}
    assert moved == {
        wire.operator: -record.transactionFee - FEE - 6,
        802: record.transactionFee,
        collector: FEE + 6,
    }
    assessed = [
        (one.amount, one.fee_collector_account_id.accountNum, one.effective_payer_account_id[0].accountNum)
        for one in record.assessed_custom_fees
    ]
    assert assessed == [(FEE, collector, wire.operator), (6, collector, wire.operator)]
    transaction_id = TransactionId._from_proto(body.transactionID)
    receipt = TransactionGetReceiptQuery(transaction_id).set_include_children(True).execute(client)
    assert receipt.status == ResponseCode.SUCCESS
    assert not receipt.children


def test_the_mirror_shows_what_was_paid_and_allowed(wire: Wire, rest: Rest, collector: int) -> None:
    """One row; by its id it has `assessed_custom_fees` (MN: openapi.yml, TransactionDetail), and always the limits."""
    topic = wire.create_topic(custom_fees=[fee(collector), fee(collector, 6)])
    body = with_limits(wire.message(topic), wire.operator, FEE + 10)
    assert wire.status(body) == "SUCCESS"
    (row,) = rest(f"/api/v1/transactions/{transaction_key(body.transactionID).mirror_form}")[1]["transactions"]
    assert (row["name"], row["nonce"], row["parent_consensus_timestamp"]) == ("CONSENSUSSUBMITMESSAGE", 0, None)
    payer = f"0.0.{wire.operator}"
    assert row["assessed_custom_fees"] == [
        {
            "amount": amount,
            "collector_account_id": f"0.0.{collector}",
            "effective_payer_account_ids": [payer],
            "token_id": None,
        }
        for amount in (FEE, 6)
    ]
    assert row["max_custom_fees"] == [{"account_id": payer, "amount": FEE + 10, "denominating_token_id": None}]
    plain = wire.message(wire.create_topic())
    assert wire.status(plain) == "SUCCESS"
    (row,) = rest(f"/api/v1/transactions/{transaction_key(plain.transactionID).mirror_form}")[1]["transactions"]
    assert "assessed_custom_fees" not in row
    assert row["max_custom_fees"] == []


def test_of_two_equal_fees_one_is_paid(wire: Wire, rest: Rest, collector: int) -> None:
    """The assessor makes a map by fee (CN: ConsensusCustomFeeAssessor, as read); the limit is for both."""
    topic = wire.create_topic(custom_fees=[fee(collector), fee(collector)])
    assert wire.status(with_limits(wire.message(topic), wire.operator, FEE)) == "MAX_CUSTOM_FEE_LIMIT_EXCEEDED"
    assert wire.status(with_limits(wire.message(topic), wire.operator, 2 * FEE)) == "SUCCESS"
    assert balance(rest, collector) == FEE


def new_account(wire: Wire, balance: int, key: Ed25519PrivateKey = FRIEND) -> int:
    data = {"key": wire.public(key), "autoRenewPeriod": {"seconds": 7_776_000}, "initialBalance": balance}
    return int(wire.carry_out(wire.body(cryptoCreateAccount=data)).accountID.accountNum)


def test_a_submitter_with_too_little_is_refused(wire: Wire, rest: Rest, collector: int) -> None:
    """It has paid its fee, and nothing else (CN: hip991/TopicCustomFeeSubmitMessageTest)."""
    hbars = 10 * 100_000_000
    topic = wire.create_topic(custom_fees=[fee(collector), fee(collector, hbars)])
    poor = new_account(wire, hbars)
    body = wire.message(topic)
    body.transactionID.accountID.accountNum = poor
    assert wire.status(body, FRIEND) == "INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE"
    record = record_of(wire, body).transactionRecord
    assert not record.assessed_custom_fees
    assert balance(rest, poor) == hbars - record.transactionFee
    assert balance(rest, collector) == 0


def test_a_collector_that_was_deleted(wire: Wire) -> None:
    """It cannot be named any more (CN: hip991/TopicCustomFeeUpdateTest), nor be paid (as read)."""
    gone = new_account(wire, 0)
    topic = wire.create_topic(custom_fees=[fee(gone)])
    deletion = {"deleteAccountID": {"accountNum": gone}, "transferAccountID": {"accountNum": wire.operator}}
    assert wire.status(wire.body(cryptoDelete=deletion), wire.key, FRIEND) == "SUCCESS"
    data = {"autoRenewPeriod": {"seconds": 7_776_000}, "custom_fees": [fee(gone)]}
    assert wire.status(wire.body(consensusCreateTopic=data)) == "ACCOUNT_DELETED"
    assert wire.status(wire.message(topic)) == "ACCOUNT_DELETED"


def test_payments_come_again_with_a_state_file(
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
    body = wire.message(topic)
    assert wire.status(body) == "SUCCESS"
    one = f"/api/v1/transactions/{transaction_key(body.transactionID).mirror_form}"
    paths = ("/api/v1/transactions", one, "/api/v1/accounts/0.0.2")
    before = [open_rest(running)(path)[1] for path in paths]
    running.stop()
    again = start(*options)
    after = [open_rest(again)(path)[1] for path in paths]
    assert [page["transactions"] for page in after[:2]] == [page["transactions"] for page in before[:2]]
    assert after[1]["transactions"][0]["assessed_custom_fees"]
    assert after[2]["balance"]["balance"] == before[2]["balance"]["balance"]


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


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ([{"account_id": {"accountNum": 2}, "fees": [{"amount": -1}]}], "INVALID_MAX_CUSTOM_FEES"),
        ([{"account_id": {"accountNum": 2}, "fees": []}], "INVALID_MAX_CUSTOM_FEES"),
        ([{"fees": [{"amount": 1}]}], "INVALID_MAX_CUSTOM_FEES"),
        ([{"account_id": {"accountNum": 2, "realmNum": 1}, "fees": [{"amount": 1}]}], "INVALID_MAX_CUSTOM_FEES"),
        (
            [{"account_id": {"accountNum": 2}, "fees": [{"amount": 1, "denominating_token_id": {}}]}],
            "INVALID_MAX_CUSTOM_FEES",
        ),
        (
            [{"account_id": {"accountNum": 2}, "fees": [{"amount": amount}]} for amount in (1, 2)],
            "DUPLICATE_ACCOUNT_ID_IN_MAX_CUSTOM_FEE_LIST",
        ),
        (
            [{"account_id": {"accountNum": 2}, "fees": [{"amount": 1}, {"amount": 1}]}],
            "DUPLICATE_DENOMINATION_IN_MAX_CUSTOM_FEE_LIST",
        ),
        (
            [
                {
                    "account_id": {"accountNum": 2},
                    "fees": [{"amount": amount, "denominating_token_id": {"tokenNum": 7}} for amount in (1, 2)],
                }
            ],
            "DUPLICATE_DENOMINATION_IN_MAX_CUSTOM_FEE_LIST",
        ),
    ],
)
def test_limits_that_cannot_be_are_refused_at_precheck(limits: list[Any], expected: str, wire: Wire) -> None:
    """Before the topic is looked at (CN: PreCheckValidator.checkMaxCustomFees by TransactionChecker, and
    hcs/ConsensusSubmitMessageHandler.pureChecks)."""
    body = wire.message(999_999)
    body.MergeFrom(pb.TransactionBody(max_custom_fees=limits))
    assert wire.precheck(body) == expected


def test_only_submitting_has_limits(wire: Wire) -> None:
    """Elsewhere they are refused (CN: PreCheckValidator.checkMaxCustomFees)."""
    body = with_limits(wire.body(consensusCreateTopic={"autoRenewPeriod": {"seconds": 7_776_000}}), 2, 1)
    assert wire.precheck(body) == "MAX_CUSTOM_FEES_IS_NOT_SUPPORTED"


def test_of_several_limits_the_first_counts(wire: Wire, collector: int) -> None:
    """In hbar, of one account (CN: hcs/ConsensusSubmitMessageHandler.validateFeeLimits)."""
    topic = wire.create_topic(custom_fees=[fee(collector)])
    assert wire.status(with_limits(wire.message(topic), wire.operator, FEE, 1)) == "SUCCESS"
    body = with_limits(wire.message(topic), wire.operator, 1, FEE)
    assert wire.status(body) == "MAX_CUSTOM_FEE_LIMIT_EXCEEDED"


PERIOD = {"seconds": 7_776_000}
SCHEDULE = {"fee_schedule_key": pb.Key(ed25519=SCHEDULER.public_key().public_bytes_raw())}


def test_who_changes_fees(wire: Wire, collector: int) -> None:
    """Fee schedule key and admin key together; without an admin key nobody, and without a schedule key it cannot be
    added later (CN: hcs/ConsensusUpdateTopicHandler.preHandle, hip991/TopicCustomFeeUpdateTest)."""
    change = {"custom_fees": {"fees": [fee(collector, 5)]}}

    def update(topic: int, *keys: Ed25519PrivateKey, **fields: Any) -> str:
        return wire.status(wire.body(consensusUpdateTopic={"topicID": {"topicNum": topic}, **fields}), wire.key, *keys)

    plain = wire.create_topic(wire.key, FRIEND, adminKey=wire.public(FRIEND))
    assert update(plain, FRIEND, **change) == update(plain, **change) == "FEE_SCHEDULE_KEY_NOT_SET"
    assert update(plain, FRIEND, **SCHEDULE) == "FEE_SCHEDULE_KEY_CANNOT_BE_UPDATED"
    nobodys = wire.create_topic(**SCHEDULE)
    assert update(nobodys, SCHEDULER, **change) == "UNAUTHORIZED"
    both = wire.create_topic(wire.key, FRIEND, adminKey=wire.public(FRIEND), **SCHEDULE)
    assert update(both, SCHEDULER, **change) == "INVALID_SIGNATURE"
    assert update(both, FRIEND, **change) == "INVALID_SIGNATURE"
    assert update(both, FRIEND, SCHEDULER, **change) == "SUCCESS"
    exempt = {"fee_exempt_key_list": {"keys": [wire.public(SCHEDULER)]}}
    assert update(both, SCHEDULER, **exempt) == "INVALID_SIGNATURE"
    assert update(both, FRIEND, **exempt) == "SUCCESS"
    assert wire.status(wire.message(both), wire.key, SCHEDULER) == "SUCCESS"
    assert update(both, FRIEND, custom_fees={"fees": []}) == "INVALID_SIGNATURE"
    assert update(both, FRIEND, SCHEDULER, custom_fees={"fees": []}) == "SUCCESS"


IMPOSSIBLE = [
    ({"custom_fees": [fee(2, amount) for amount in range(1, 12)]}, "CUSTOM_FEES_LIST_TOO_LONG"),
    ({"custom_fees": [fee(2, 0)]}, "CUSTOM_FEE_MUST_BE_POSITIVE"),
    ({"custom_fees": [fee(2, -1)]}, "CUSTOM_FEE_MUST_BE_POSITIVE"),
    ({"custom_fees": [{"fee_collector_account_id": {"accountNum": 2}}]}, "CUSTOM_FEE_NOT_FULLY_SPECIFIED"),
    ({"custom_fees": [fee(2, 1, denominating_token_id={"tokenNum": 5})]}, "INVALID_TOKEN_ID_IN_CUSTOM_FEES"),
    ({"custom_fees": [fee(888_888)]}, "INVALID_CUSTOM_FEE_COLLECTOR"),
    ({"custom_fees": [{"fixed_fee": {"amount": 1}}]}, "INVALID_CUSTOM_FEE_COLLECTOR"),
    ({"custom_fees": [fee(802)]}, "INVALID_CUSTOM_FEE_COLLECTOR"),
    (
        {"fee_exempt_key_list": [pb.Key(ed25519=bytes([number]) * 32) for number in range(11)]},
        "MAX_ENTRIES_FOR_FEE_EXEMPT_KEY_LIST_EXCEEDED",
    ),
    ({"fee_exempt_key_list": [pb.Key(ed25519=b"k" * 5)]}, "INVALID_KEY_IN_FEE_EXEMPT_KEY_LIST"),
    ({"fee_schedule_key": pb.Key(ed25519=b"k" * 5)}, "INVALID_CUSTOM_FEE_SCHEDULE_KEY"),
]


@pytest.mark.parametrize(("fields", "expected"), IMPOSSIBLE, ids=lambda value: value if isinstance(value, str) else "")
def test_fees_that_cannot_be_are_refused_in_the_receipt(fields: dict[str, Any], expected: str, wire: Wire) -> None:
    """Precheck looks for keys that are there twice only (CN: hcs/ConsensusCreateTopicHandler,
    hcs/ConsensusUpdateTopicHandler, ConsensusCustomFeesValidator)."""
    assert wire.status(wire.body(consensusCreateTopic={"autoRenewPeriod": PERIOD, **fields})) == expected
    topic = wire.create_topic(wire.key, FRIEND, adminKey=wire.public(FRIEND), **SCHEDULE)
    update = {
        name: {"fees": value} if name == "custom_fees" else {"keys": value} if name == "fee_exempt_key_list" else value
        for name, value in fields.items()
    }
    body = wire.body(consensusUpdateTopic={"topicID": {"topicNum": topic}, **update})
    assert wire.status(body, wire.key, FRIEND, SCHEDULER) == expected


def test_a_key_that_is_exempt_twice_is_refused_at_precheck(wire: Wire) -> None:
    """On creation and change (CN: pureChecks of both handlers)."""
    keys = [wire.public(FRIEND)] * 2
    body = wire.body(consensusCreateTopic={"autoRenewPeriod": PERIOD, "fee_exempt_key_list": keys})
    assert wire.precheck(body) == "FEE_EXEMPT_KEY_LIST_CONTAINS_DUPLICATED_KEYS"
    change = {"topicID": {"topicNum": 1}, "fee_exempt_key_list": {"keys": keys}}
    assert wire.precheck(wire.body(consensusUpdateTopic=change)) == "FEE_EXEMPT_KEY_LIST_CONTAINS_DUPLICATED_KEYS"
