"""What things cost, who pays, and how queries are paid for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from localnet import pb
from localnet.fees import ExchangeRate, FeeSchedule
from localnet.status import status_name
from localnet.transactions import OPERATIONS

if TYPE_CHECKING:
    from tests.localnet.conftest import Rest, Wire

TINYCENTS_PER_USD = 10_000_000_000
PERIOD = {"seconds": 7_776_000}
KEY = pb.Key(ed25519=bytes(32))
ALICE = Ed25519PrivateKey.from_private_bytes(b"A" * 32)


def usd(size: int = 300, signatures: int = 1, **data: Any) -> float:
    """The full price of a transaction in US dollars, at a rate of one cent a hbar so that nothing is rounded."""
    ((field, value),) = data.items()
    body = pb.TransactionBody(**{field: value})
    service = OPERATIONS[field].price(getattr(body, field))
    at_par = FeeSchedule(ExchangeRate(hbar_equivalent=1, cent_equivalent=1))
    return at_par.transaction(size=size, signatures=signatures, service=service).total / TINYCENTS_PER_USD


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"consensusSubmitMessage": {"message": b"x" * 32}}, 0.00017),
        ({"consensusSubmitMessage": {"message": b"x" * 100}}, 0.00017),
        ({"consensusSubmitMessage": {"message": b"x" * 256}}, 0.00027608),
        ({"consensusSubmitMessage": {"message": b"x" * 512}}, 0.00045016),
        ({"consensusSubmitMessage": {"message": b"x" * 1_024}}, 0.00079832),
        ({"consensusCreateTopic": {}}, 0.01),
        ({"consensusCreateTopic": {"adminKey": KEY, "submitKey": KEY}}, 0.03),
        ({"consensusUpdateTopic": {}}, 0.00022),
        ({"consensusDeleteTopic": {}}, 0.005),
        ({"fileCreate": {"contents": b"x" * 1_000}}, 0.05),
        ({"fileCreate": {"contents": b"x" * 1_000, "keys": {"keys": [KEY, KEY]}}}, 0.06),
        ({"fileAppend": {"contents": b"x" * 1_000}}, 0.05),
        ({"fileAppend": {"contents": b"x" * 1_001}}, 0.0501),
        ({"fileUpdate": {}}, 0.05),
        ({"fileDelete": {}}, 0.007),
        ({"cryptoCreateAccount": {"key": KEY}}, 0.05),
        ({"cryptoTransfer": {"transfers": {"accountAmounts": [{}, {}]}}}, 0.0001),
        ({"cryptoTransfer": {"transfers": {"accountAmounts": [{}, {}, {}]}}}, 0.0002),
    ],
    ids=lambda value: str(value)[:60],
)
def test_prices(data: dict[str, Any], expected: float) -> None:
    """The published prices of release 0.78, in US dollars with one signature."""
    assert usd(**data) == pytest.approx(expected)


def test_every_further_byte_and_signature_costs_tenfold() -> None:
    """Node and network together charge ten times the node's price for what goes beyond the included amounts."""
    message = {"consensusSubmitMessage": {"message": b"x"}}
    assert usd(size=1_350, **message) == pytest.approx(0.00017)
    assert usd(size=1_360, **message) == pytest.approx(0.00017 + 10 * 10 * 0.000001)
    assert usd(signatures=3, **message) == pytest.approx(0.00017 + 10 * 2 * 0.00001)


def record_of(wire: Wire, body: Any) -> Any:
    reply = wire.query(
        transactionGetRecord={"transactionID": body.transactionID, "header": {"payment": wire.payment(100)}}
    ).transactionGetRecord
    assert status_name(reply.header.nodeTransactionPrecheckCode) == "OK"
    return reply.transactionRecord


def transfers(record: Any) -> dict[int, int]:
    return {entry.accountID.accountNum: entry.amount for entry in record.transferList.accountAmounts}


def test_a_failed_transaction_pays_in_full(wire: Wire) -> None:
    """What is refused in its receipt has cost its whole fee; the record shows who got it."""
    body = wire.message(999_999)
    assert wire.status(body) == "INVALID_TOPIC_ID"
    record = record_of(wire, body)
    moved = transfers(record)
    assert sum(moved.values()) == 0
    assert moved[wire.operator] == -record.transactionFee < 0
    assert moved[3] > 0
    assert record.transactionHash
    assert record.consensusTimestamp.seconds > 0


def test_too_small_an_offer_fails_at_consensus(wire: Wire) -> None:
    """Precheck asks for node and network fee only; the service fee is missed at consensus, and not charged."""
    body = wire.body(transactionFee=100_000, consensusCreateTopic={"autoRenewPeriod": PERIOD})
    assert wire.status(body) == "INSUFFICIENT_TX_FEE"
    record = record_of(wire, body)
    assert 0 < record.transactionFee <= 100_000
    assert sum(transfers(record).values()) == 0


def test_precheck_says_what_would_be_enough(wire: Wire) -> None:
    """An offer below node and network fee is answered with the fee."""
    answer = wire.send(wire.sign(wire.body(transactionFee=1, consensusCreateTopic={"autoRenewPeriod": PERIOD})))
    assert status_name(answer.nodeTransactionPrecheckCode) == "INSUFFICIENT_TX_FEE"
    body = wire.body(transactionFee=answer.cost, consensusCreateTopic={"autoRenewPeriod": PERIOD})
    assert wire.status(body) == "SUCCESS"


def test_a_poor_payer_is_refused(wire: Wire) -> None:
    """An account that cannot pay the fee is refused at precheck."""
    account = {"key": wire.public(ALICE), "autoRenewPeriod": PERIOD, "initialBalance": 10}
    number = wire.settle(wire.body(cryptoCreateAccount=account)).accountID
    body = wire.body(consensusCreateTopic={"autoRenewPeriod": PERIOD})
    body.transactionID.accountID.CopyFrom(number)
    assert wire.precheck(body, ALICE) == "INSUFFICIENT_PAYER_BALANCE"


def ask_record(wire: Wire, body: Any, payment: Any) -> tuple[str, int]:
    header = {"payment": payment}
    reply = wire.query(transactionGetRecord={"transactionID": body.transactionID, "header": header})
    answer = reply.transactionGetRecord.header
    return status_name(answer.nodeTransactionPrecheckCode), answer.cost


def test_payments_are_checked(wire: Wire) -> None:
    """A paid query needs a transfer of at least its cost to the node that is asked."""
    body = wire.body(consensusCreateTopic={"autoRenewPeriod": PERIOD})
    wire.settle(body)
    query = {"transactionID": body.transactionID, "header": {"responseType": pb.COST_ANSWER}}
    cost = wire.query(transactionGetRecord=query).transactionGetRecord.header.cost
    assert cost > 0
    assert ask_record(wire, body, None) == ("INVALID_TRANSACTION_BODY", 0)
    assert ask_record(wire, body, wire.payment(cost - 1)) == ("INSUFFICIENT_TX_FEE", cost)
    assert ask_record(wire, body, wire.payment(cost, node=4))[0] == "INVALID_NODE_ACCOUNT"
    no_transfer = pb.Transaction.FromString(wire.sign(wire.body(cryptoTransfer={})))
    assert ask_record(wire, body, no_transfer)[0] == "INVALID_ACCOUNT_AMOUNTS"
    to_another = wire.body(
        cryptoTransfer={
            "transfers": {
                "accountAmounts": [
                    {"accountID": {"accountNum": 4}, "amount": cost},
                    {"accountID": {"accountNum": wire.operator}, "amount": -cost},
                ]
            }
        }
    )
    assert ask_record(wire, body, pb.Transaction.FromString(wire.sign(to_another)))[0] == (
        "INVALID_RECEIVING_NODE_ACCOUNT"
    )
    message = pb.Transaction.FromString(wire.sign(wire.message(1)))
    assert ask_record(wire, body, message)[0] == "INSUFFICIENT_TX_FEE"
    assert ask_record(wire, body, wire.payment(cost))[0] == "OK"


def test_a_question_about_nothing_is_paid_too(wire: Wire) -> None:
    """The cost of an unknown file's contents is told; the answer says INVALID_FILE_ID after the payment was taken."""

    def balance() -> int:
        reply = wire.query(cryptogetAccountBalance={"accountID": {"accountNum": 3}})
        return int(reply.cryptogetAccountBalance.balance)

    file_id = {"fileNum": 999_999}
    asked = wire.query(fileGetContents={"fileID": file_id, "header": {"responseType": pb.COST_ANSWER}})
    assert status_name(asked.fileGetContents.header.nodeTransactionPrecheckCode) == "OK"
    before = balance()
    reply = wire.query(fileGetContents={"fileID": file_id, "header": {"payment": wire.payment(500)}})
    assert status_name(reply.fileGetContents.header.nodeTransactionPrecheckCode) == "INVALID_FILE_ID"
    assert balance() >= before + 500


def test_all_hbar_stays_in_the_network(wire: Wire, rest: Rest) -> None:
    """Fees and transfers move hbar between accounts; the sum of all balances is what it was at genesis."""
    wire.settle(wire.body(consensusCreateTopic={"autoRenewPeriod": PERIOD}))
    total, path = 0, "/api/v1/balances?limit=5&order=asc"
    while path:
        page = rest(path)[1]
        total += sum(row["balance"] for row in page["balances"])
        path = page["links"]["next"]
    assert total == 50_000_000_000 * 100_000_000
