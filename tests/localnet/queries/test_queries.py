"""What each kind of query checks, costs and answers, on real state and cache without a wire."""

from __future__ import annotations

from typing import Any

import pytest

from localnet import pb
from localnet.clock import NANOS, Clock
from localnet.consensus.record_cache import RecordCache
from localnet.ledger.entries import Ledger as Entries
from localnet.protocol.ids import TransactionKey
from localnet.protocol.status import RefusedError, codes
from localnet.protocol.version import VERSION
from localnet.queries import QUERIES, Query, View
from localnet.queries.account_balance import GetAccountBalance
from localnet.queries.account_info import GetAccountInfo
from localnet.queries.account_records import MAX_RECORDS, GetAccountRecords
from localnet.queries.file_contents import GetFileContents
from localnet.queries.file_info import GetFileInfo
from localnet.queries.query import Query as Interface
from localnet.queries.receipt import GetReceipt, check_transaction_id
from localnet.queries.record import RECORD, GetRecord
from localnet.queries.topic_info import GetTopicInfo
from localnet.queries.version_info import GetVersionInfo
from localnet.state.fees import TRANSACTION_BYTE, FeeSchedule
from localnet.state.genesis import LEDGER_ID, OPERATOR_NUMBER
from tests.localnet.stages import checked, handled
from tests.localnet.state_at_genesis import NODE, OPERATOR, Ledger, account_id, public

KEY = TransactionKey(OPERATOR_NUMBER, 900, 7)


class Asked:
    """A state, and who is asked about it."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        clock = Clock(lambda: self.ledger.now_s * NANOS)
        self.cache = RecordCache(clock)
        self.entries = Entries(10)
        state = self.ledger.state
        self.view = View(state, clock, self.cache, FeeSchedule(state.rate), self.entries, NODE)

    def ask(self, query: Query, **fields: Any) -> Any:
        """The answer to a query."""
        request = getattr(pb.Query(**{query.field: fields}), query.field)
        response = pb.Response()
        reply = getattr(response, query.field)
        query.validate(request, self.view)
        query.answer(request, self.view, reply)
        return reply

    def extras(self, query: Query, **fields: Any) -> int:
        """What it costs beyond the base price."""
        return query.extras(getattr(pb.Query(**{query.field: fields}), query.field), self.view)

    def happen(self, key: TransactionKey = KEY, **changes: Any) -> Any:
        """A transaction reaches consensus now."""
        one = checked(key, node=NODE)
        self.cache.accept(one)
        done = handled(key, self.ledger.now_s * NANOS)._replace(**changes)
        self.cache.complete(one, done)
        return done


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_query_is_called_as_the_network_calls_it(query: Interface) -> None:
    """What is paid and what is free; the answer comes in the field of the question."""
    assert query.field in {field.name for field in pb.Query.DESCRIPTOR.fields}
    assert query.field in {field.name for field in pb.Response.DESCRIPTOR.fields}
    assert query.functionality in pb.HederaFunctionality.keys()  # noqa: SIM118 (protobuf's)
    assert query.paid == (query.field not in ("transactionGetReceipt", "cryptogetAccountBalance"))


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (GetReceipt(), "INVALID_TRANSACTION_ID"),
        (GetRecord(), "INVALID_TRANSACTION_ID"),
        (GetAccountInfo(), "INVALID_ACCOUNT_ID"),
        (GetAccountRecords(), "INVALID_ACCOUNT_ID"),
        (GetAccountBalance(), "INVALID_ACCOUNT_ID"),
        (GetFileContents(), "INVALID_FILE_ID"),
        (GetFileInfo(), "INVALID_FILE_ID"),
        (GetTopicInfo(), "INVALID_TOPIC_ID"),
    ],
    ids=lambda value: getattr(value, "field", ""),
)
def test_what_asks_about_nothing_is_refused(asked: Asked, query: Query, status: str) -> None:
    """Also where only the price is asked for."""
    request = getattr(pb.Query(**{query.field: {}}), query.field)
    with pytest.raises(RefusedError, match=status):
        query.validate(request, asked.view)


def test_a_receipt_is_unknown_until_consensus(asked: Asked) -> None:
    """Unheard of before, pending from its acceptance on, and then what became of it; the ledger notes the first."""
    with pytest.raises(RefusedError, match="RECEIPT_NOT_FOUND"):
        asked.ask(GetReceipt(), transactionID=KEY.to_proto())
    one = checked(KEY, node=NODE)
    asked.cache.accept(one)
    assert asked.ask(GetReceipt(), transactionID=KEY.to_proto()).receipt.status == codes.UNKNOWN
    entry = asked.entries.open(NODE, 1.0, 10)
    done = handled(KEY, asked.ledger.now_s * NANOS, position=entry.index)
    asked.cache.complete(one, done)
    reply = asked.ask(GetReceipt(), transactionID=KEY.to_proto())
    assert reply.receipt.status == codes.SUCCESS
    assert reply.receipt.exchangeRate == asked.view.fees.rate_set
    assert entry.receipt_served == asked.view.clock.now()


def test_half_an_id_is_none() -> None:
    """It needs an account and a valid start."""
    for half in ({}, {"accountID": account_id(2)}, {"transactionValidStart": {"seconds": 1}}):
        request = pb.Query(transactionGetReceipt={"transactionID": half}).transactionGetReceipt
        with pytest.raises(RefusedError, match="INVALID_TRANSACTION_ID"):
            check_transaction_id(request)


def test_duplicates_and_children_come_on_request(asked: Asked) -> None:
    """With a record they have a price of their own."""
    parent = asked.happen()
    duplicate = checked(KEY, node=4, position=1)
    asked.cache.accept(duplicate)
    asked.cache.complete(duplicate, parent._replace(node=4, status=codes.DUPLICATE_TRANSACTION))
    asked.cache.add_children(parent, [parent._replace(nonce=1)])
    wanted = {"transactionID": KEY.to_proto(), "includeDuplicates": True}
    receipt = asked.ask(GetReceipt(), **wanted, include_child_receipts=True)
    assert [one.status for one in receipt.duplicateTransactionReceipts] == [codes.DUPLICATE_TRANSACTION]
    assert len(receipt.child_transaction_receipts) == 1
    assert asked.extras(GetRecord(), **wanted, include_child_records=True) == 2 * RECORD
    record = asked.ask(GetRecord(), **wanted, include_child_records=True)
    assert [one.transactionID.nonce for one in record.child_transaction_records] == [1]
    assert len(record.duplicateTransactionRecords) == 1
    plain = asked.ask(GetReceipt(), transactionID=KEY.to_proto())
    assert not plain.duplicateTransactionReceipts
    assert not plain.child_transaction_receipts


def test_a_record_tells_what_a_transaction_did(asked: Asked) -> None:
    """There is none while it is pending."""
    with pytest.raises(RefusedError, match="RECORD_NOT_FOUND"):
        asked.ask(GetRecord(), transactionID=KEY.to_proto())
    done = asked.happen(fee=5, hash=b"hash", transfers=((2, 5), (OPERATOR_NUMBER, -5)))
    record = asked.ask(GetRecord(), transactionID=KEY.to_proto()).transactionRecord
    assert (record.transactionFee, record.transactionHash) == (5, b"hash")
    assert record.consensusTimestamp.seconds == done.consensus_ns // NANOS
    assert [one.amount for one in record.transferList.accountAmounts] == [5, -5]


def test_records_of_an_account_are_those_it_paid_for(asked: Asked) -> None:
    """In the order of consensus, not more than so many; all but the first cost."""
    for nanos in range(MAX_RECORDS + 5):
        asked.happen(KEY._replace(nanos=nanos))
    asked.happen(TransactionKey(2, 900, 0))
    reply = asked.ask(GetAccountRecords(), accountID=account_id(OPERATOR_NUMBER))
    nanos = [one.transactionID.transactionValidStart.nanos for one in reply.records]
    assert nanos == list(range(MAX_RECORDS))
    assert asked.extras(GetAccountRecords(), accountID=account_id(2)) == 0
    assert asked.extras(GetAccountRecords(), accountID=account_id(OPERATOR_NUMBER)) == RECORD * (MAX_RECORDS - 1)


def test_an_account_is_described(asked: Asked) -> None:
    """By number; one that was deleted, or is a contract's, is none."""
    account = asked.ledger.new_account(OPERATOR, balance=77, memo="mine", staked_node_id=0)
    info = asked.ask(GetAccountInfo(), accountID=account_id(account.number)).accountInfo
    assert (info.balance, info.memo, info.key, info.ledger_id) == (77, "mine", public(OPERATOR), LEDGER_ID)
    assert (info.staking_info.staked_node_id, info.staking_info.stake_period_start.seconds) == (
        *(0, account.staked_since_s),
    )
    assert asked.ask(GetAccountBalance(), accountID=account_id(account.number)).balance == 77
    with pytest.raises(RefusedError, match="INVALID_CONTRACT_ID"):
        asked.ask(GetAccountBalance(), contractID={"contractNum": 5})
    account.deleted = True
    for query in (GetAccountInfo(), GetAccountRecords()):
        request = getattr(pb.Query(**{query.field: {"accountID": account_id(account.number)}}), query.field)
        with pytest.raises(RefusedError, match="ACCOUNT_DELETED"):
            query.validate(request, asked.view)
    for query in (GetAccountInfo(), GetAccountBalance(), GetAccountRecords()):
        with pytest.raises(RefusedError, match="ACCOUNT_DELETED"):
            asked.ask(query, accountID=account_id(account.number))


def test_a_file_is_given_and_described(asked: Asked) -> None:
    """Bytes beyond the first 1,000 cost; a deleted file has none, an unknown one is none."""
    data = {
        "contents": bytes(1_500),
        "memo": "mine",
        "keys": {"keys": [public(OPERATOR)]},
        "expirationTime": {"seconds": asked.ledger.now_s + 1_000},
    }
    number = asked.ledger.carry_out(fileCreate=data).entity
    file = {"fileID": {"fileNum": number}}
    assert asked.extras(GetFileContents(), **file) == 500 * TRANSACTION_BYTE
    assert asked.ask(GetFileContents(), **file).fileContents.contents == bytes(1_500)
    info = asked.ask(GetFileInfo(), **file).fileInfo
    assert (info.size, info.memo, info.deleted, len(info.keys.keys)) == (1_500, "mine", False, 1)
    asked.ledger.carry_out(fileDelete=file)
    assert asked.ask(GetFileContents(), **file).fileContents.contents == b""
    assert asked.ask(GetFileInfo(), **file).fileInfo.deleted
    for query in (GetFileContents(), GetFileInfo()):
        with pytest.raises(RefusedError, match="INVALID_FILE_ID"):
            asked.ask(query, fileID={"fileNum": 999_999})


def test_a_topic_is_described_until_it_is_deleted(asked: Asked) -> None:
    """With its last number and running hash."""
    renewal = {"autoRenewPeriod": {"seconds": 7_776_000}, "memo": "mine"}
    renewal |= {"adminKey": public(OPERATOR), "submitKey": public(OPERATOR)}
    number = asked.ledger.carry_out(consensusCreateTopic=renewal).entity
    topic = {"topicID": {"topicNum": number}}
    asked.ledger.carry_out(consensusSubmitMessage={**topic, "message": b"x"})
    info = asked.ask(GetTopicInfo(), **topic).topicInfo
    assert (info.sequenceNumber, info.memo) == (1, "mine")
    assert info.adminKey == info.submitKey == public(OPERATOR)
    assert asked.extras(GetTopicInfo(), **topic) == 0
    assert info.runningHash == asked.ledger.state.topics[number].running_hash
    asked.ledger.carry_out(consensusDeleteTopic=topic)
    with pytest.raises(RefusedError, match="INVALID_TOPIC_ID"):
        asked.ask(GetTopicInfo(), **topic)


def test_the_version_is_the_release_whose_rules_are_followed(asked: Asked) -> None:
    reply = asked.ask(GetVersionInfo())
    assert reply.hapiProtoVersion == reply.hederaServicesVersion == VERSION
