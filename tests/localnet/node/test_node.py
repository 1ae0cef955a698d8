"""A consensus node from the bytes of a call to its answer, without a wire."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grpc_http2.server import ResetStreamError, RpcError, StatusCode
from localnet import pb
from localnet.ledger.entries import Entry
from localnet.node import system_files
from localnet.node.precheck import VALIDITY_BUFFER_S
from localnet.node.query_payment import check_payment
from localnet.node.request_handler import MalformedQueryError
from localnet.node.service import NodeService
from localnet.node.structure import MAX_GOVERNANCE_BYTES, MAX_TRANSACTION_BYTES, parse_transaction, read_terms
from localnet.protocol.status import RefusedError, codes
from localnet.queries import QUERIES
from localnet.state.genesis import OPERATOR_NUMBER
from localnet.throttles import load_throttles
from localnet.transactions import HANDLERS
from localnet.transactions.stages import Received
from tests.localnet.state_at_genesis import account_id
from tests.localnet.without_wire import NODE_IDS, NODES, Parts

NODE, OTHER = NODES
SUBMIT = "/proto.ConsensusService/submitMessage"
RECEIPTS = "/proto.CryptoService/getTransactionReceipts"


@pytest.fixture
def parts() -> Parts:
    return Parts()


def transfer(**fields: Any) -> dict[str, Any]:
    """The data of a transfer of nothing."""
    return {"cryptoTransfer": {"transfers": {}}, **fields}


def test_a_transaction_is_taken_apart(parts: Parts) -> None:
    """Into what was signed, by whom, and what it asks for."""
    body = parts.body(**transfer(memo="hello"))
    parsed = parse_transaction(parts.sign(body))
    assert (parsed.body, parsed.field, parsed.kind_name) == (body, "cryptoTransfer", "CRYPTOTRANSFER")
    assert parsed.handler is HANDLERS["cryptoTransfer"]
    terms = read_terms(parsed)
    assert (terms.memo, terms.max_fee, terms.valid_duration) == ("hello", body.transactionFee, 120)


@settings(max_examples=50)
@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_a_transaction_or_refused(raw: bytes) -> None:
    """By a status that the network has for it."""
    statuses = "INVALID_TRANSACTION|INVALID_TRANSACTION_BODY|TRANSACTION_HAS_UNKNOWN_FIELDS"
    with pytest.raises(RefusedError, match=f"^({statuses})$"):  # nobody draws a whole body by chance
        parse_transaction(raw)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"cryptoTransfer": None}, "INVALID_TRANSACTION_BODY"),
        ({"transactionID": None}, "INVALID_TRANSACTION_ID"),
        ({"transactionID": {"accountID": account_id(0), "transactionValidStart": {}}}, "PAYER_ACCOUNT_NOT_FOUND"),
        ({"transactionID": {"accountID": account_id(1), "scheduled": True}}, "TRANSACTION_ID_FIELD_NOT_ALLOWED"),
        ({"memo": "x" * 101}, "MEMO_TOO_LONG"),
        ({"transactionValidDuration": None}, "INVALID_TRANSACTION_DURATION"),
        ({"transactionValidDuration": {"seconds": 14}}, "INVALID_TRANSACTION_DURATION"),
        ({"transactionValidDuration": {"seconds": 181}}, "INVALID_TRANSACTION_DURATION"),
        ({"nodeAccountID": account_id(OTHER)}, "INVALID_NODE_ACCOUNT"),
        ({"transactionFee": 1}, "INSUFFICIENT_TX_FEE"),
        ({"max_custom_fees": [{}]}, "MAX_CUSTOM_FEES_IS_NOT_SUPPORTED"),
        ({"cryptoTransfer": None, "freeze": {}}, "NOT_SUPPORTED"),
    ],
)
def test_what_a_node_refuses_never_reaches_consensus(parts: Parts, fields: dict[str, Any], status: str) -> None:
    """The ledger lists it with the node's answer."""
    assert parts.submit(parts.body(**{**transfer(), **fields})) == status
    assert parts.ledger.summary()["statuses"] == {}
    assert parts.ledger.entries.end == 1


def test_a_transaction_is_accepted_once_in_its_time(parts: Parts) -> None:
    """From its valid start on, until some seconds before its end; the second time it is a duplicate."""
    body = parts.body(**transfer())
    begin = parts.now_s
    parts.now_s = begin - 1
    assert parts.submit(body) == "INVALID_TRANSACTION_START"
    parts.now_s = begin + 120 - VALIDITY_BUFFER_S + 1
    assert parts.submit(body) == "TRANSACTION_EXPIRED"
    parts.now_s = begin + 120 - VALIDITY_BUFFER_S - 1
    assert [parts.submit(body) for _ in range(2)] == ["OK", "DUPLICATE_TRANSACTION"]
    assert parts.ledger.summary()["statuses"] == {"CRYPTOTRANSFER": {"SUCCESS": 1}}


def test_the_payer_signs_and_can_pay(parts: Parts) -> None:
    """A signature of another body is none of this one."""
    body, other = parts.body(**transfer()), parts.body(**transfer(memo="other"))
    forged = pb.Transaction.FromString(parts.sign(other))
    whole = pb.SignedTransaction.FromString(forged.signedTransactionBytes)
    whole.bodyBytes = body.SerializeToString()
    forged.signedTransactionBytes = whole.SerializeToString()
    answer = pb.TransactionResponse.FromString(parts.handler.submit(forged.SerializeToString(), NODE))
    assert answer.nodeTransactionPrecheckCode == codes.INVALID_SIGNATURE
    parts.state.accounts[OPERATOR_NUMBER].balance = 5
    answer = pb.TransactionResponse.FromString(parts.handler.submit(parts.sign(body), NODE))
    assert answer.nodeTransactionPrecheckCode == codes.INSUFFICIENT_PAYER_BALANCE
    assert answer.cost > 5, "the node says what would have been enough"


def test_what_is_refused_gives_its_room_in_the_throttle_back() -> None:
    """Ten file transactions a second over two nodes: refused ones take nothing of it."""
    parts = Parts("mainnet")
    for _ in range(1_000):
        assert parts.submit(parts.body(fileCreate={})) == "INVALID_EXPIRATION_TIME"
    expiry = {"fileCreate": {"expirationTime": {"seconds": int(parts.now_s) + 1_000}}}
    statuses = [parts.submit(parts.body(**expiry)) for _ in range(1_000)]
    assert {statuses[0], statuses[-1]} == {"OK", "BUSY"}


def test_a_paid_query_is_answered_once_it_is_paid(parts: Parts) -> None:
    """Its price is free to ask for; too little is answered with what would have been enough."""
    asked = {"accountID": account_id(OPERATOR_NUMBER)}
    cost = parts.query(cryptoGetInfo={**asked, "header": {"responseType": pb.COST_ANSWER}}).header.cost
    assert cost > 0
    low = parts.query(cryptoGetInfo={**asked, "header": {"payment": parts.payment(cost - 1)}})
    assert low.header.cost == cost
    assert not low.HasField("accountInfo")
    paid = parts.query(cryptoGetInfo={**asked, "header": {"payment": parts.payment(cost)}})
    assert paid.accountInfo.accountID.accountNum == OPERATOR_NUMBER
    assert parts.ledger.summary()["statuses"] == {"CRYPTOTRANSFER": {"SUCCESS": 1}}


def test_bytes_that_ask_nothing_are_no_query(parts: Parts) -> None:
    """Nor are those that cannot be read; a kind that is not known is refused in an answer of its own kind."""
    for raw in (b"", b"\xff\xff"):
        with pytest.raises(MalformedQueryError):
            parts.handler.query(raw, NODE)
    refused = parts.query(tokenGetInfo={})
    assert refused.header.nodeTransactionPrecheckCode != 0


@pytest.mark.parametrize(
    ("entries", "status"),
    [
        ([], "INVALID_ACCOUNT_AMOUNTS"),
        ([(OPERATOR_NUMBER, -5), (OTHER, 5)], "INVALID_RECEIVING_NODE_ACCOUNT"),
        ([(OPERATOR_NUMBER, -4), (NODE, 4)], "INSUFFICIENT_TX_FEE"),
        ([(2, -5), (NODE, 5)], "INVALID_SIGNATURE"),
        ([(OPERATOR_NUMBER, -5), (999_999, 5)], "ACCOUNT_ID_DOES_NOT_EXIST"),
        ([(OPERATOR_NUMBER, -5), (NODE, 5)], ""),
    ],
)
def test_a_payment_pays_its_node(parts: Parts, entries: list[tuple[int, int]], status: str) -> None:
    """So much, from who has signed."""
    moves = [{"accountID": account_id(number), "amount": amount} for number, amount in entries]
    raw = parts.sign(parts.body(cryptoTransfer={"transfers": {"accountAmounts": moves}}))
    received = Received(-1, NODE, parts.now_s, len(raw), raw)
    checked = parts.precheck.check(received, Entry(-1, NODE, parts.now_s, len(raw)))
    if not status:
        check_payment(checked, 5, parts.state)
        return
    with pytest.raises(RefusedError, match=status):
        check_payment(checked, 5, parts.state)


def test_a_nodes_methods_go_by_what_they_take(parts: Parts) -> None:
    """Transactions and queries of every service; too long a request never gets as far."""
    methods = NodeService(parts.handler, NODE, parts.faults).methods
    assert len(methods) > 50
    raw = parts.sign(parts.body(**transfer()))
    assert methods[SUBMIT](raw) == b"", "what it does its body says, not the method"
    with pytest.raises(RpcError) as raised:
        methods[RECEIPTS](b"\xff\xff")
    assert raised.value.status == StatusCode.INVALID_ARGUMENT
    for method, longest in ((SUBMIT, MAX_GOVERNANCE_BYTES), (RECEIPTS, MAX_TRANSACTION_BYTES)):
        with pytest.raises(RpcError) as raised:
            methods[method](bytes(longest + 1))
        assert raised.value.status == StatusCode.UNKNOWN


@pytest.mark.parametrize(
    ("fault", "error", "arrives"),
    [
        ({"kind": "node-down"}, RpcError, False),
        ({"kind": "node-reset"}, ResetStreamError, False),
        ({"kind": "ack-lost", "how": "reset"}, RpcError, True),
    ],
)
def test_a_fault_hits_the_calls_that_it_concerns(
    parts: Parts, fault: dict[str, Any], error: type[Exception], arrives: bool
) -> None:
    """Of the node and the method that it names; whether the transaction arrives, its kind says."""
    methods = NodeService(parts.handler, NODE, parts.faults).methods
    others = NodeService(parts.handler, OTHER, parts.faults).methods

    async def main() -> None:
        parts.fault(**fault, nodes=[NODE_IDS[0]], operations=["submitMessage"])
        hit: Any = methods[SUBMIT](parts.sign(parts.body(**transfer())))
        with pytest.raises(error):
            await hit
        assert (parts.ledger.entries.end == 1) == arrives
        missed: Any = others[SUBMIT](parts.sign(parts.body(**transfer(nodeAccountID=account_id(OTHER)))))
        assert await missed == b""

    asyncio.run(main())


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"kind": "not-created"}, codes.PLATFORM_TRANSACTION_NOT_CREATED),
        ({"kind": "status", "status": "BUSY"}, codes.BUSY),
    ],
)
def test_a_node_refuses_on_command(parts: Parts, fault: dict[str, Any], status: int) -> None:
    """After its own checks; the transaction never reaches consensus."""
    methods = NodeService(parts.handler, NODE, parts.faults).methods

    async def main() -> None:
        parts.fault(**fault)
        answer: Any = methods[SUBMIT](parts.sign(parts.body(**transfer())))
        assert pb.TransactionResponse.FromString(await answer).nodeTransactionPrecheckCode == status
        assert parts.ledger.summary()["statuses"] == {}

    asyncio.run(main())


def test_a_transaction_that_nobody_may_send_is_not_read() -> None:
    """Whoever pays."""
    with pytest.raises(RefusedError, match="TRANSACTION_OVERSIZE"):
        parse_transaction(bytes(MAX_GOVERNANCE_BYTES + 1))


def test_the_system_files_say_what_is_charged_and_throttled() -> None:
    """Each kind of transaction has its price in both schedules; a throttle is in its file as it is in the profile."""
    simple = json.loads(system_files.simple_fees())
    listed = {entry["name"] for service in simple["services"] for entry in service["schedule"]}
    assert {one.functionality for one in (*HANDLERS.values(), *QUERIES.values())} == listed
    old = pb.CurrentAndNextFeeSchedule.FromString(system_files.fees_of_old())
    assert len(old.currentFeeSchedule.transactionFeeSchedule) == len(HANDLERS)
    definitions = load_throttles("mainnet")
    assert definitions is not None
    buckets = pb.ThrottleDefinitions.FromString(system_files.throttles(definitions)).throttleBuckets
    assert [(one.name, one.burstPeriodMs) for one in buckets] == [(one.name, one.burst_ms) for one in definitions]
    assert system_files.throttles(None) == b""
