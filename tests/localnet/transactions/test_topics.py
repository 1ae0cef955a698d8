"""What each kind of transaction on topics checks, costs and does; and the fees that a topic asks for."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from localnet import pb
from localnet.protocol import running_hash
from localnet.protocol.ids import TransactionKey
from localnet.protocol.status import RefusedError
from localnet.state.entities import Topic
from localnet.state.genesis import OPERATOR_NUMBER
from localnet.transactions.create_topic import CreateTopic
from localnet.transactions.custom_fees import CREATE_SURCHARGE, MAX_FEES, SUBMIT_SURCHARGE, check_limits, read_fees
from localnet.transactions.delete_topic import DeleteTopic
from localnet.transactions.submit_message import MAX_MESSAGE_BYTES, SubmitMessage
from localnet.transactions.update_topic import UpdateTopic
from tests.localnet.state_at_genesis import OPERATOR, Ledger, account_id, public

OTHER = Ed25519PrivateKey.generate()
RENEWAL = {"seconds": 7_776_000}


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def create(ledger: Ledger, *keys: Any, **fields: Any) -> int:
    """A topic; its number."""
    return ledger.carry_out(*keys, consensusCreateTopic={"autoRenewPeriod": RENEWAL, **fields}).entity


def topic_id(number: int) -> Any:
    return pb.TopicID(topicNum=number)


def test_a_topic_begins_empty(ledger: Ledger) -> None:
    """With what it was created with; the mirror gets a copy."""
    at = ledger.carry_out(
        consensusCreateTopic={"autoRenewPeriod": RENEWAL, "memo": "hello", "adminKey": public(OPERATOR)}
    )
    topic = ledger.state.topics[at.entity]
    assert at.created
    assert (topic.sequence_number, topic.running_hash, topic.memo) == (0, running_hash.INITIAL, "hello")
    assert topic.expiration_s == ledger.now_s + RENEWAL["seconds"]
    assert isinstance(at.effect, Topic)
    assert at.effect is not topic


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"autoRenewPeriod": None}, "INVALID_RENEWAL_PERIOD"),
        ({"autoRenewPeriod": {"seconds": 1}}, "AUTORENEW_DURATION_NOT_IN_RANGE"),
        ({"memo": "x" * 101}, "MEMO_TOO_LONG"),
        ({"memo": "a\0b"}, "INVALID_ZERO_BYTE_IN_STRING"),
        ({"adminKey": public(OTHER)}, "INVALID_SIGNATURE"),
        ({"adminKey": pb.Key(ed25519=b"short")}, "BAD_ENCODING"),
        ({"autoRenewAccount": account_id(999_999)}, "INVALID_AUTORENEW_ACCOUNT"),
        ({"fee_exempt_key_list": [public(OTHER)] * 2}, "FEE_EXEMPT_KEY_LIST_CONTAINS_DUPLICATED_KEYS"),
    ],
)
def test_a_topic_that_cannot_be_is_refused(ledger: Ledger, fields: dict[str, Any], status: str) -> None:
    """And nothing is created."""
    assert ledger.status(consensusCreateTopic={"autoRenewPeriod": RENEWAL, **fields}) == status
    assert ledger.state.topics == {}


@given(st.integers(1, 1_024), st.booleans())
def test_what_topics_cost(size: int, charges: bool) -> None:
    """A message by its size, unless its topic has fees; a topic by its keys and fees."""
    ledger = Ledger()
    fees = [{"fixed_fee": {"amount": 5}, "fee_collector_account_id": account_id(OPERATOR_NUMBER)}] if charges else []
    number = create(ledger, custom_fees=fees)
    message = pb.TransactionBody(
        consensusSubmitMessage={"topicID": topic_id(number), "message": bytes(size)}
    ).consensusSubmitMessage
    submit = SubmitMessage()
    graded = max(0, size - 100) * 6_800
    assert submit.price(message) == 700_000 + graded
    assert submit.surcharge(message, ledger.state) == (SUBMIT_SURCHARGE - graded if charges else 0)
    data = pb.TransactionBody(
        consensusCreateTopic={"adminKey": public(OTHER), "submitKey": public(OTHER), "custom_fees": fees}
    ).consensusCreateTopic
    assert CreateTopic().price(data) == 99_000_000 + 2 * 100_000_000 + (CREATE_SURCHARGE if charges else 0)
    keys = pb.TransactionBody(
        consensusUpdateTopic={"adminKey": public(OTHER), "submitKey": public(OTHER)}
    ).consensusUpdateTopic
    assert UpdateTopic().price(keys) == 1_200_000 + 100_000_000
    assert DeleteTopic().price(None) == 49_000_000


def test_messages_have_numbers_and_a_running_hash(ledger: Ledger) -> None:
    """Each follows from the one before."""
    number = create(ledger)
    expected = running_hash.INITIAL
    for sequence in (1, 2, 3):
        at = ledger.carry_out(consensusSubmitMessage={"topicID": topic_id(number), "message": b"%d" % sequence})
        expected = running_hash.advance(
            expected,
            payer=OPERATOR_NUMBER,
            topic=number,
            seconds=ledger.now_s,
            nanos=0,
            sequence_number=sequence,
            message=b"%d" % sequence,
        )
        assert at.message is not None
        assert (at.message.sequence_number, at.message.running_hash) == (sequence, expected)
        assert (at.entity, at.created) == (number, False)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"message": b""}, "INVALID_TOPIC_MESSAGE"),
        ({"message": bytes(MAX_MESSAGE_BYTES + 1)}, "MESSAGE_SIZE_TOO_LARGE"),
        ({"topicID": topic_id(999_999)}, "INVALID_TOPIC_ID"),
        ({"topicID": None}, "INVALID_TOPIC_ID"),
        ({"chunkInfo": {"number": 2, "total": 1}}, "INVALID_CHUNK_NUMBER"),
        ({"chunkInfo": {"number": 1, "total": 2}}, "INVALID_CHUNK_TRANSACTION_ID"),
    ],
)
def test_a_message_that_a_topic_does_not_take(ledger: Ledger, fields: dict[str, Any], status: str) -> None:
    """Its number goes to the next."""
    number = create(ledger)
    data = {"topicID": topic_id(number), "message": b"hello", **fields}
    assert ledger.status(consensusSubmitMessage=data) == status
    assert ledger.state.topics[number].sequence_number == 0


def test_a_chunk_names_the_transaction_of_the_first(ledger: Ledger) -> None:
    """Which is of the same payer."""
    number = create(ledger)
    for payer, status in ((OPERATOR_NUMBER, "SUCCESS"), (2, "INVALID_CHUNK_TRANSACTION_ID")):
        initial = pb.TransactionID(accountID=account_id(payer), transactionValidStart={"seconds": 1})
        chunk = {"number": 2, "total": 2, "initialTransactionID": initial}
        data = {"topicID": topic_id(number), "message": b"second", "chunkInfo": chunk}
        assert ledger.status(consensusSubmitMessage=data) == status
    initial.accountID.accountNum = OPERATOR_NUMBER
    at = ledger.carry_out(consensusSubmitMessage={**data, "chunkInfo": {**chunk, "initialTransactionID": initial}})
    assert at.message is not None
    assert at.message.chunk == (TransactionKey(OPERATOR_NUMBER, 1, 0), 2, 2)


def test_who_may_write_change_and_delete(ledger: Ledger) -> None:
    """The submit key writes, the admin key changes and deletes; a deleted topic is unknown."""
    number = create(ledger, OPERATOR, OTHER, adminKey=public(OPERATOR), submitKey=public(OTHER))
    message = {"topicID": topic_id(number), "message": b"x"}
    assert ledger.status(OPERATOR, consensusSubmitMessage=message) == "INVALID_SIGNATURE"
    assert ledger.status(OTHER, consensusSubmitMessage=message) == "SUCCESS"
    change = {"topicID": topic_id(number), "memo": {"value": "new"}}
    assert ledger.status(OTHER, consensusUpdateTopic=change) == "INVALID_SIGNATURE"
    assert ledger.status(OPERATOR, consensusUpdateTopic=change) == "SUCCESS"
    assert ledger.state.topics[number].memo == "new"
    assert ledger.status(OTHER, consensusDeleteTopic={"topicID": topic_id(number)}) == "INVALID_SIGNATURE"
    assert ledger.status(OPERATOR, consensusDeleteTopic={"topicID": topic_id(number)}) == "SUCCESS"
    assert ledger.status(OTHER, consensusSubmitMessage=message) == "INVALID_TOPIC_ID"
    assert ledger.status(OPERATOR, consensusUpdateTopic=change) == "INVALID_TOPIC_ID"


def test_a_submit_key_is_changed_by_its_holder_or_the_admin(ledger: Ledger) -> None:
    """Either of them, and nobody else; where there is neither, nobody."""
    stranger = Ed25519PrivateKey.generate()
    for signer, status in ((OPERATOR, "SUCCESS"), (OTHER, "SUCCESS"), (stranger, "INVALID_SIGNATURE")):
        number = create(ledger, OPERATOR, OTHER, adminKey=public(OPERATOR), submitKey=public(OTHER))
        change = {"topicID": topic_id(number), "submitKey": public(stranger)}
        assert ledger.status(signer, consensusUpdateTopic=change) == status
    change["topicID"] = topic_id(create(ledger))
    assert ledger.status(stranger, consensusUpdateTopic=change) == "UNAUTHORIZED"


def test_a_topic_without_admin_key_stays_as_it_is(ledger: Ledger) -> None:
    """Anybody may let it live longer."""
    number = create(ledger)
    assert ledger.status(consensusUpdateTopic={"topicID": topic_id(number), "memo": {"value": "x"}}) == "UNAUTHORIZED"
    assert ledger.status(consensusDeleteTopic={"topicID": topic_id(number)}) == "UNAUTHORIZED"
    later = {"topicID": topic_id(number), "expirationTime": {"seconds": ledger.now_s + 7_900_000}}
    assert ledger.status(OTHER, consensusUpdateTopic=later) == "SUCCESS"
    earlier = {"topicID": topic_id(number), "expirationTime": {"seconds": ledger.now_s + 100}}
    assert ledger.status(OTHER, consensusUpdateTopic=earlier) == "EXPIRATION_REDUCTION_NOT_ALLOWED"


def test_a_submitter_pays_each_collector_once(ledger: Ledger) -> None:
    """No collector pays itself, and an exempt key pays nothing; a limit holds."""
    collector = ledger.new_account(OTHER, balance=0)
    fees = [
        {"fixed_fee": {"amount": amount}, "fee_collector_account_id": account_id(collector.number)}
        for amount in (5, 7, 7)
    ]
    number = create(ledger, custom_fees=fees)
    message = {"topicID": topic_id(number), "message": b"x"}
    at = ledger.carry_out(consensusSubmitMessage=message)
    assert at.net_transfers() == ((OPERATOR_NUMBER, -12), (collector.number, 12))
    assert [fee.amount for fee in at.assessed] == [5, 7]
    limit = {"account_id": account_id(OPERATOR_NUMBER), "fees": [{"amount": 18}]}
    others = {"max_custom_fees": [limit]}
    assert ledger.status(consensusSubmitMessage=message, others=others) == "MAX_CUSTOM_FEE_LIMIT_EXCEEDED"
    limit["fees"] = [{"amount": 19}]
    assert ledger.status(consensusSubmitMessage=message, others=others) == "SUCCESS"
    assert ledger.carry_out(OTHER, payer=collector.number, consensusSubmitMessage=message).assessed == ()
    exempt = create(ledger, custom_fees=fees, fee_exempt_key_list=[public(OPERATOR)])
    assert ledger.carry_out(consensusSubmitMessage={**message, "topicID": topic_id(exempt)}).assessed == ()


@pytest.mark.parametrize(
    ("fee", "status"),
    [
        ({}, "CUSTOM_FEE_NOT_FULLY_SPECIFIED"),
        ({"fixed_fee": {"amount": 0}}, "CUSTOM_FEE_MUST_BE_POSITIVE"),
        ({"fixed_fee": {"amount": 1}, "fee_collector_account_id": account_id(999_999)}, "INVALID_CUSTOM_FEE_COLLECTOR"),
        ({"fixed_fee": {"amount": 1, "denominating_token_id": {"tokenNum": 1}}}, "INVALID_TOKEN_ID_IN_CUSTOM_FEES"),
    ],
)
def test_a_fee_that_cannot_be_is_refused(fee: dict[str, Any], status: str) -> None:
    """So are too many."""
    state = Ledger().state
    whole = {"fee_collector_account_id": account_id(OPERATOR_NUMBER), **fee}
    data = pb.TransactionBody(consensusCreateTopic={"custom_fees": [whole]}).consensusCreateTopic
    with pytest.raises(RefusedError, match=status):
        read_fees(data.custom_fees, state)
    many = pb.TransactionBody(consensusCreateTopic={"custom_fees": [{}] * (MAX_FEES + 1)}).consensusCreateTopic
    with pytest.raises(RefusedError, match="CUSTOM_FEES_LIST_TOO_LONG"):
        read_fees(many.custom_fees, state)


def test_a_limit_that_says_nothing_is_refused() -> None:
    """It names an account and a fee that can be."""
    for limit in ({}, {"account_id": account_id(5)}, {"account_id": account_id(5), "fees": [{"amount": -1}]}):
        body = pb.TransactionBody(max_custom_fees=[limit])
        with pytest.raises(RefusedError, match="INVALID_MAX_CUSTOM_FEES"):
            check_limits(body.max_custom_fees)
    check_limits(
        pb.TransactionBody(max_custom_fees=[{"account_id": account_id(5), "fees": [{"amount": 1}]}]).max_custom_fees
    )
