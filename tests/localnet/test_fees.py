"""What things cost, who pays, and how queries are paid for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from localnet import pb
from localnet.protocol.ids import transaction_key
from localnet.protocol.status import status_name
from localnet.state.fees import ExchangeRate, FeeSchedule
from localnet.state.genesis import TREASURY_KEY
from localnet.transactions import HANDLERS

if TYPE_CHECKING:
    from tests.localnet.clients import Rest, Wire

TINYCENTS_PER_USD = 10_000_000_000
PERIOD = {"seconds": 7_776_000}
KEY = pb.Key(ed25519=bytes(32))
ALICE = Ed25519PrivateKey.from_private_bytes(b"A" * 32)


def usd(size: int = 300, signatures: int = 1, **data: Any) -> float:
    """The full price of a transaction in US dollars, at a rate of one cent a hbar so that nothing is rounded."""
    ((field, value),) = data.items()
    body = pb.TransactionBody(**{field: value})
    service = HANDLERS[field].price(getattr(body, field))
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
    """What is refused in its receipt has cost its whole fee, in one credit to 0.0.802 (HIP-1259, CN: NodesConfig)."""
    body = wire.message(999_999)
    assert wire.status(body) == "INVALID_TOPIC_ID"
    record = record_of(wire, body)
    assert record.transactionFee > 0
    assert transfers(record) == {wire.operator: -record.transactionFee, 802: record.transactionFee}
    assert record.transactionHash
    assert record.consensusTimestamp.seconds > 0


def test_too_small_an_offer_fails_at_consensus(wire: Wire) -> None:
    """Precheck asks for node and network fee only; the service fee is missed at consensus, and not charged."""
    body = wire.body(transactionFee=100_000, consensusCreateTopic={"autoRenewPeriod": PERIOD})
    assert wire.status(body) == "INSUFFICIENT_TX_FEE"
    record = record_of(wire, body)
    assert 0 < record.transactionFee <= 100_000
    assert sum(transfers(record).values()) == 0


def test_precheck_says_what_would_be_enough_for_it(wire: Wire) -> None:
    """An offer below node and network fee is answered with these (CN: SolvencyPreCheck, totalWithoutServiceFee)."""
    data = {"autoRenewPeriod": PERIOD}
    answer = wire.send(wire.sign(wire.body(transactionFee=1, consensusCreateTopic=data)))
    assert status_name(answer.nodeTransactionPrecheckCode) == "INSUFFICIENT_TX_FEE"
    assert wire.precheck(wire.body(transactionFee=answer.cost - 1, consensusCreateTopic=data)) == "INSUFFICIENT_TX_FEE"
    assert wire.status(wire.body(transactionFee=answer.cost, consensusCreateTopic=data)) == "INSUFFICIENT_TX_FEE"


def account_with(wire: Wire, tinybars: int) -> int:
    account = {"key": wire.public(ALICE), "autoRenewPeriod": PERIOD, "initialBalance": tinybars}
    return int(wire.carry_out(wire.body(cryptoCreateAccount=account)).accountID.accountNum)


def test_a_poor_payer_is_refused(wire: Wire) -> None:
    """Without node and network fee at precheck; with less than the whole fee in the receipt (CN: SolvencyPreCheck)."""
    body = wire.body(consensusCreateTopic={"autoRenewPeriod": PERIOD})
    body.transactionID.accountID.accountNum = account_with(wire, 10)
    answer = wire.send(wire.sign(body, ALICE))
    assert status_name(answer.nodeTransactionPrecheckCode) == "INSUFFICIENT_PAYER_BALANCE"
    body.transactionID.accountID.accountNum = account_with(wire, answer.cost - 1)
    assert wire.precheck(body, ALICE) == "INSUFFICIENT_PAYER_BALANCE"
    body.transactionID.accountID.accountNum = poor = account_with(wire, answer.cost + 1)
    assert wire.status(body, ALICE) == "INSUFFICIENT_PAYER_BALANCE"
    assert transfers(record_of(wire, body)) == {poor: -answer.cost, 802: answer.cost}


def test_what_a_transfer_sends_must_be_there_at_precheck(wire: Wire) -> None:
    """Beside node and network fee (CN: SolvencyPreCheck.estimateAdditionalCosts)."""
    poor = account_with(wire, 1_000_000)

    def send(amount: int) -> str:
        amounts = [
            {"accountID": {"accountNum": poor}, "amount": -amount},
            {"accountID": {"accountNum": 2}, "amount": amount},
        ]
        body = wire.body(cryptoTransfer={"transfers": {"accountAmounts": amounts}})
        body.transactionID.accountID.accountNum = poor
        return wire.precheck(body, ALICE)

    assert send(1_000_000) == "INSUFFICIENT_PAYER_BALANCE"
    assert send(1) == "OK"


TREASURY = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(TREASURY_KEY)[-32:])


@pytest.mark.parametrize("payer", [2, 50])
def test_super_users_pay_nothing(payer: int, wire: Wire, rest: Rest) -> None:
    """Neither for transactions, of which they need offer nothing (CN: Authorizer.hasWaivedFees, SolvencyPreCheck), nor
    for queries, whose payment is not even made (CN: QueryWorkflowImpl)."""
    body = wire.body(transactionFee=0, consensusCreateTopic={"autoRenewPeriod": PERIOD})
    body.transactionID.accountID.accountNum = payer
    assert wire.status(body, TREASURY) == "SUCCESS"
    assert (record_of(wire, body).transactionFee, transfers(record_of(wire, body))) == (0, {})
    payment = wire.body(transactionFee=0, cryptoTransfer={})
    payment.transactionID.accountID.accountNum = payer
    signed = pb.Transaction.FromString(wire.sign(payment, TREASURY))
    assert ask_record(wire, body, signed) == ("OK", 0)
    assert ask_record(wire, body, signed) == ("OK", 0)  # it was not submitted, so it is no duplicate
    assert rest(f"/api/v1/transactions/{transaction_key(payment.transactionID).mirror_form}")[0] == 404
    assert ask_record(wire, body, pb.Transaction.FromString(wire.sign(payment, ALICE)))[0] == "INVALID_SIGNATURE"


def test_a_query_pays_the_node_that_is_asked(wire: Wire) -> None:
    """The payment goes where it says, to the node; the fee of the transfer to 0.0.802 (HIP-1259)."""
    payment = wire.payment(500)
    query = {"topicID": {"topicNum": wire.create_topic()}, "header": {"payment": payment}}
    reply = wire.query(consensusGetTopicInfo=query).consensusGetTopicInfo
    assert status_name(reply.header.nodeTransactionPrecheckCode) == "OK"
    signed = pb.SignedTransaction.FromString(payment.signedTransactionBytes)
    record = record_of(wire, pb.TransactionBody.FromString(signed.bodyBytes))
    fee = record.transactionFee
    assert transfers(record) == {wire.operator: -500 - fee, 3: 500, 802: fee}


def test_a_payment_that_cannot_be_made_buys_nothing(wire: Wire) -> None:
    """Somebody else's hbar needs that account's signature and balance, and all accounts must be there (CN:
    QueryChecker.validateCryptoTransfer, validateAccountBalances)."""
    alice = account_with(wire, 1_000)
    topic = wire.create_topic()

    def ask(amounts: dict[int, int], *keys: Ed25519PrivateKey) -> str:
        entries = [{"accountID": {"accountNum": number}, "amount": amount} for number, amount in amounts.items()]
        body = wire.body(cryptoTransfer={"transfers": {"accountAmounts": entries}})
        payment = pb.Transaction.FromString(wire.sign(body, *keys))
        query = {"topicID": {"topicNum": topic}, "header": {"payment": payment}}
        header = wire.query(consensusGetTopicInfo=query).consensusGetTopicInfo.header
        return status_name(header.nodeTransactionPrecheckCode)

    assert ask({alice: -500, 3: 500}) == "INVALID_SIGNATURE"
    assert ask({alice: -500, 3: 500}, wire.key, ALICE) == "OK"
    assert ask({alice: -501, 3: 501}, wire.key, ALICE) == "INSUFFICIENT_PAYER_BALANCE"
    assert ask({999_999: -500, 3: 500}) == "INVALID_ACCOUNT_ID"
    assert ask({wire.operator: -501, 3: 500, 999_999: 1}) == "ACCOUNT_ID_DOES_NOT_EXIST"
    assert ask({wire.operator: -500, 802: 500}) == "INVALID_RECEIVING_NODE_ACCOUNT"


def test_the_fee_accounts_are_there(rest: Rest) -> None:
    """The mirror knows the account that fees go to, those it is shared out to, and the administrator (HIP-1259)."""
    for number in (50, 98, 800, 801, 802):
        assert rest(f"/api/v1/accounts/0.0.{number}")[0] == 200


def ask_record(wire: Wire, body: Any, payment: Any) -> tuple[str, int]:
    header = {"payment": payment}
    reply = wire.query(transactionGetRecord={"transactionID": body.transactionID, "header": header})
    answer = reply.transactionGetRecord.header
    return status_name(answer.nodeTransactionPrecheckCode), answer.cost


def test_payments_are_checked(wire: Wire) -> None:
    """A paid query needs a transfer of at least its cost to the node that is asked."""
    body = wire.body(consensusCreateTopic={"autoRenewPeriod": PERIOD})
    wire.carry_out(body)
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
    assert ask_record(wire, body, wire.payment(cost)) == ("OK", 0)  # the header of an answer names no cost


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"consensusGetTopicInfo": {"topicID": {"topicNum": 999_999}}}, "INVALID_TOPIC_ID"),
        ({"cryptoGetInfo": {"accountID": {"accountNum": 999_999}}}, "INVALID_ACCOUNT_ID"),
        ({"cryptoGetAccountRecords": {"accountID": {"accountNum": 999_999}}}, "INVALID_ACCOUNT_ID"),
        ({"fileGetContents": {"fileID": {"fileNum": 999_999}}}, "OK"),
        ({"fileGetInfo": {"fileID": {"fileNum": 999_999}}}, "OK"),
        ({"fileGetInfo": {}}, "INVALID_FILE_ID"),
    ],
    ids=str,
)
def test_the_price_is_told_after_validation(asked: dict[str, Any], expected: str, wire: Wire) -> None:
    """What can be seen to be wrong is not priced (CN: QueryWorkflowImpl step 4, the handlers' validate)."""
    ((field, request),) = asked.items()
    reply = getattr(wire.query(**{field: {**request, "header": {"responseType": pb.COST_ANSWER}}}), field).header
    assert status_name(reply.nodeTransactionPrecheckCode) == expected
    assert (reply.cost > 0) == (expected == "OK")


def test_nothing_is_priced_that_was_deleted(wire: Wire) -> None:
    """Account or topic (CN: CryptoGetAccountInfoHandler.validate, ConsensusGetTopicInfoHandler.validate)."""
    account = account_with(wire, 0)
    deletion = {"deleteAccountID": {"accountNum": account}, "transferAccountID": {"accountNum": wire.operator}}
    assert wire.status(wire.body(cryptoDelete=deletion), wire.key, ALICE) == "SUCCESS"
    topic = wire.create_topic(wire.key, adminKey=wire.public(wire.key))
    assert wire.status(wire.body(consensusDeleteTopic={"topicID": {"topicNum": topic}})) == "SUCCESS"
    header = {"responseType": pb.COST_ANSWER}
    of_account = wire.query(cryptoGetInfo={"accountID": {"accountNum": account}, "header": header}).cryptoGetInfo
    of_topic = wire.query(consensusGetTopicInfo={"topicID": {"topicNum": topic}, "header": header})
    assert status_name(of_account.header.nodeTransactionPrecheckCode) == "ACCOUNT_DELETED"
    assert status_name(of_topic.consensusGetTopicInfo.header.nodeTransactionPrecheckCode) == "INVALID_TOPIC_ID"


def test_a_question_about_nothing_is_paid_too(wire: Wire, rest: Rest) -> None:
    """The cost of an unknown file's contents is told; the answer says INVALID_FILE_ID after the payment was taken."""

    def balance() -> int:
        return int(rest("/api/v1/accounts/0.0.3?transactions=false")[1]["balance"]["balance"])

    file_id = {"fileNum": 999_999}
    asked = wire.query(fileGetContents={"fileID": file_id, "header": {"responseType": pb.COST_ANSWER}})
    assert status_name(asked.fileGetContents.header.nodeTransactionPrecheckCode) == "OK"
    before = balance()
    reply = wire.query(fileGetContents={"fileID": file_id, "header": {"payment": wire.payment(500)}})
    assert status_name(reply.fileGetContents.header.nodeTransactionPrecheckCode) == "INVALID_FILE_ID"
    assert balance() >= before + 500


def test_all_hbar_stays_in_the_network(wire: Wire, rest: Rest) -> None:
    """Fees and transfers move hbar between accounts; the sum of all balances is what it was at genesis."""
    wire.carry_out(wire.body(consensusCreateTopic={"autoRenewPeriod": PERIOD}))
    total, path = 0, "/api/v1/balances?limit=5&order=asc"
    while path:
        page = rest(path)[1]
        total += sum(row["balance"] for row in page["balances"])
        path = page["links"]["next"]
    assert total == 50_000_000_000 * 100_000_000
