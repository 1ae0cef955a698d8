"""Questions to a node, as bytes and over the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hiero_sdk_python.hapi.services import query_header_pb2, query_pb2, response_pb2
from hypothesis import given
from hypothesis import strategies as st

from hedera_client import HederaClient, TransactionId, bodies, queries
from hedera_client.ids import account_proto, file_proto, topic_proto
from hedera_client.queries import Query
from localnet_launcher import Localnet

NODE = "0.0.3"
ID = TransactionId("0.0.2", 1_700_000_000_000_000_001)
QUESTIONS: tuple[tuple[Query[Any], Any, bool], ...] = (
    (queries.receipt(ID), {"transactionID": ID.to_proto()}, False),
    (queries.record(ID), {"transactionID": ID.to_proto()}, True),
    (queries.balance("0.0.7"), {"accountID": account_proto("0.0.7")}, False),
    (queries.account_info("0.0.7"), {"accountID": account_proto("0.0.7")}, True),
    (queries.file_contents("0.0.7"), {"fileID": file_proto("0.0.7")}, True),
    (queries.file_info("0.0.7"), {"fileID": file_proto("0.0.7")}, True),
    (queries.topic_info("0.0.7"), {"topicID": topic_proto("0.0.7")}, True),
)


@pytest.mark.parametrize(("query", "fields", "paid"), QUESTIONS, ids=lambda value: getattr(value, "kind", ""))
@pytest.mark.parametrize("cost_only", [False, True])
def test_a_question_is_what_protobuf_makes_of_it(query: Query[Any], fields: Any, paid: bool, cost_only: bool) -> None:
    """Its header says whether the answer or its price is wanted; what is asked for stands beside it."""
    asked = query_pb2.Query.FromString(query.request(cost_only=cost_only))
    assert asked.WhichOneof("query") == query.field
    part = getattr(asked, query.field)
    wanted = query_header_pb2.COST_ANSWER if cost_only else query_header_pb2.ANSWER_ONLY
    assert part.header.responseType == wanted
    assert {name: getattr(part, name) for name in fields} == fields
    assert query.paid is paid


@given(st.binary(max_size=50))
def test_what_is_no_answer_is_told_so(data: bytes) -> None:
    """Bytes of any kind, and the answer to another question."""
    with pytest.raises(ValueError, match="the answer to FileGetContents"):
        queries.file_contents("0.0.7").answer(data)
    other = response_pb2.Response()
    other.fileGetInfo.header.cost = 1
    with pytest.raises(ValueError, match="is an answer to something else"):
        queries.file_contents("0.0.7").answer(other.SerializeToString())


def test_a_record_that_says_it_is_pending_is_none() -> None:
    """It would be one without an outcome."""
    pending = response_pb2.Response()
    pending.transactionGetRecord.transactionRecord.receipt.status = 21  # UNKNOWN: not yet at consensus
    query = queries.record(ID)
    with pytest.raises(ValueError, match="says that it is pending"):
        query.read(query.answer(pending.SerializeToString()))


@pytest.fixture
def client(localnet: Localnet, make_client: Callable[..., HederaClient]) -> HederaClient:
    """A client of the shared network."""
    return make_client(localnet)


def test_a_topic_and_its_messages(client: HederaClient) -> None:
    """Before the first message there is a topic without any; then its last number and running hash."""
    key = client.operator.public_key
    created = submit(client, bodies.create_topic(memo="of a test", admin_key=key, submit_key=None))
    assert created.topic_id is not None
    before = client.topic_info(created.topic_id, NODE)
    assert (before.topic_id, before.sequence_number, before.memo) == (created.topic_id, 0, "of a test")
    assert (before.has_admin_key, before.has_submit_key) == (True, False)
    sent = submit(client, bodies.submit_message(created.topic_id, b"hello"))
    after = client.topic_info(created.topic_id, NODE)
    assert (after.sequence_number, after.running_hash) == (1, sent.topic_running_hash)
    record = client.record(sent.transaction_id, NODE)
    assert record.receipt.topic_sequence_number == 1
    assert record.fee > 0
    assert sum(record.transfers.values()) == 0
    assert record.transfers[client.operator.account_id] == -record.fee


def test_a_file_and_an_account(client: HederaClient, localnet: Localnet) -> None:
    """What was stored is read back; who pays has less afterwards."""
    before = client.balance(localnet.operator_id, NODE)
    created = submit(client, bodies.create_file(b"contents", keys=[client.operator.public_key]))
    assert created.file_id is not None
    assert client.file_contents(created.file_id, NODE) == b"contents"
    info = client.file_info(created.file_id, NODE)
    assert (info.file_id, info.size, info.deleted, info.keys) == (created.file_id, 8, False, 1)
    assert client.balance(localnet.operator_id, NODE) < before


def submit(client: HederaClient, body: Any) -> Any:
    """Send a transaction and wait for its receipt."""
    transaction_id = client.new_transaction_id()
    client.submit(client.prepare(body, NODE, transaction_id))
    return client.await_receipt(transaction_id, NODE, timeout=10.0, interval=0.05)
