"""What a node refuses at once, with which status, and in which order; all on the raw wire."""

from __future__ import annotations

import re
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from localnet import pb
from localnet.protocol.ids import transaction_key
from localnet.protocol.status import status_name

if TYPE_CHECKING:
    from tests.localnet.clients import Rest, Wire

NANOS = 1_000_000_000
STRANGER = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
TOPIC = {"autoRenewPeriod": {"seconds": 7_776_000}}


def _stable(value: object) -> str:
    """A value as a test's name that is the same in every process: without addresses in memory."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))


def answer(wire: Wire, raw: bytes) -> str:
    return status_name(wire.send(raw).nodeTransactionPrecheckCode)


def transaction_id(payer: int = 1001, **fields: Any) -> Any:
    """An id that is valid now; tables give a `partial` of it, because they are written long before their tests run."""
    now = time.time_ns() - 2 * NANOS
    start = pb.Timestamp(seconds=now // NANOS, nanos=now % NANOS)
    return pb.TransactionID(**{"accountID": pb.AccountID(accountNum=payer), "transactionValidStart": start, **fields})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"transactionID": None}, "INVALID_TRANSACTION_ID"),
        ({"transactionID": pb.TransactionID()}, "PAYER_ACCOUNT_NOT_FOUND"),
        ({"transactionID": partial(transaction_id, 0)}, "PAYER_ACCOUNT_NOT_FOUND"),
        ({"transactionID": partial(transaction_id, 999_999)}, "PAYER_ACCOUNT_NOT_FOUND"),
        ({"transactionID": partial(transaction_id, accountID=pb.AccountID(alias=b"a"))}, "PAYER_ACCOUNT_NOT_FOUND"),
        ({"transactionID": partial(transaction_id, scheduled=True)}, "TRANSACTION_ID_FIELD_NOT_ALLOWED"),
        ({"transactionID": partial(transaction_id, nonce=1)}, "TRANSACTION_ID_FIELD_NOT_ALLOWED"),
        ({"transactionID": partial(transaction_id, transactionValidStart=None)}, "INVALID_TRANSACTION_START"),
        ({"memo": "m" * 101}, "MEMO_TOO_LONG"),
        ({"memo": "é" * 51}, "MEMO_TOO_LONG"),
        ({"memo": "a\0b"}, "INVALID_ZERO_BYTE_IN_STRING"),
        ({"max_custom_fees": [{}]}, "MAX_CUSTOM_FEES_IS_NOT_SUPPORTED"),
        ({"transactionFee": 2**64 - 1}, "INSUFFICIENT_TX_FEE"),
        ({"transactionFee": 1}, "INSUFFICIENT_TX_FEE"),
        ({"transactionValidDuration": None}, "INVALID_TRANSACTION_DURATION"),
        ({"transactionValidDuration": {"seconds": 14}}, "INVALID_TRANSACTION_DURATION"),
        ({"transactionValidDuration": {"seconds": 181}}, "INVALID_TRANSACTION_DURATION"),
        ({"node": 4}, "INVALID_NODE_ACCOUNT"),
        ({"node": 99}, "INVALID_NODE_ACCOUNT"),
        ({"consensusCreateTopic": None}, "INVALID_TRANSACTION_BODY"),
        ({"consensusSubmitMessage": {"message": b"m"}}, "INVALID_TOPIC_ID"),
        ({"consensusSubmitMessage": {"topicID": {"topicNum": 1}}}, "INVALID_TOPIC_MESSAGE"),
        ({"consensusUpdateTopic": {}}, "INVALID_TOPIC_ID"),
        ({"consensusDeleteTopic": {}}, "INVALID_TOPIC_ID"),
        ({"fileCreate": {}}, "INVALID_EXPIRATION_TIME"),
        ({"fileCreate": {"expirationTime": {"seconds": 2**31}, "shardID": {"shardNum": 1}}}, "NOT_SUPPORTED"),
        ({"fileAppend": {}}, "INVALID_FILE_ID"),
        ({"fileUpdate": {}}, "INVALID_FILE_ID"),
        ({"fileDelete": {}}, "INVALID_FILE_ID"),
        ({"cryptoCreateAccount": {"autoRenewPeriod": {"seconds": 7_776_000}}}, "KEY_REQUIRED"),
        ({"cryptoTransfer": {"transfers": {"accountAmounts": [{"amount": 1}]}}}, "INVALID_ACCOUNT_AMOUNTS"),
        ({"cryptoTransfer": {"tokenTransfers": [{}]}}, "NOT_SUPPORTED"),
        ({"cryptoUpdateAccount": {}}, "ACCOUNT_ID_DOES_NOT_EXIST"),
        ({"cryptoDelete": {}}, "ACCOUNT_ID_DOES_NOT_EXIST"),
        ({"tokenCreation": {}}, "NOT_SUPPORTED"),
    ],
    ids=_stable,
)
def test_a_wrong_field_is_named(wire: Wire, fields: dict[str, Any], expected: str) -> None:
    """Each wrong field is refused with the network's status for it."""
    data = {"consensusCreateTopic": TOPIC}
    if any(pb.TransactionBody.DESCRIPTOR.fields_by_name[name].containing_oneof for name in fields if name != "node"):
        data = {}
    fields = {name: value() if callable(value) else value for name, value in fields.items()}
    assert wire.precheck(wire.body(**{**data, **fields})) == expected


def test_a_good_transaction_is_taken(wire: Wire) -> None:
    """What the table above varies is accepted when nothing is wrong."""
    assert wire.precheck(wire.body(consensusCreateTopic=TOPIC)) == "OK"


@pytest.mark.parametrize("node", [3, 4, 5, 6])
def test_every_node_takes_its_own(wire: Wire, node: int) -> None:
    """Each of the four nodes takes what is addressed to it, and a transaction handled through one is known to all."""
    body = wire.body(node=node, consensusCreateTopic=TOPIC)
    assert wire.precheck(body, node=node) == "OK"
    assert {status_name(wire.receipt(body, other).receipt.status) for other in (3, 4, 5, 6)} == {"SUCCESS"}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"\xff\xff\xff", "INVALID_TRANSACTION"),
        (b"", "INVALID_TRANSACTION_BODY"),
        (pb.Transaction(signedTransactionBytes=b"\xff").SerializeToString(), "INVALID_TRANSACTION"),
        (
            pb.Transaction(
                signedTransactionBytes=pb.SignedTransaction(bodyBytes=b"x").SerializeToString()
            ).SerializeToString(),
            "INVALID_TRANSACTION_BODY",
        ),
        (
            pb.Transaction(
                signedTransactionBytes=pb.SignedTransaction(bodyBytes=b"\xff", sigMap={}).SerializeToString()
            ).SerializeToString(),
            "INVALID_TRANSACTION_BODY",
        ),
        (pb.Transaction(signedTransactionBytes=b"x", bodyBytes=b"x").SerializeToString(), "INVALID_TRANSACTION"),
    ],
    ids=["garbage", "nothing", "no signed transaction", "no signature map", "no body", "both forms"],
)
def test_broken_bytes_are_named(wire: Wire, raw: bytes, expected: str) -> None:
    """Bytes that are no transaction are answered, not dropped."""
    assert answer(wire, raw) == expected


def test_unknown_fields_are_refused(wire: Wire) -> None:
    """A field that the network does not know is not ignored."""
    raw = wire.sign(wire.body(consensusCreateTopic=TOPIC))
    assert answer(wire, raw + b"\xfa\x7f\x01x") == "TRANSACTION_HAS_UNKNOWN_FIELDS"


def test_the_deprecated_form_is_still_taken(wire: Wire) -> None:
    """Body bytes and signature map directly in the transaction, as old clients send them."""
    body = wire.body(consensusCreateTopic=TOPIC)
    signed = pb.SignedTransaction.FromString(pb.Transaction.FromString(wire.sign(body)).signedTransactionBytes)
    raw = pb.Transaction(bodyBytes=signed.bodyBytes, sigMap=signed.sigMap).SerializeToString()
    assert answer(wire, raw) == "OK"


def test_size_limit(wire: Wire) -> None:
    """A signed transaction may have 6,144 bytes and no more, without the message around it
    (CN: TransactionChecker.checkTransactionSizeLimitBasedOnPayer)."""

    def append(count: int) -> tuple[Any, int]:
        body = wire.body(fileAppend={"fileID": {"fileNum": 1}, "contents": b"x" * count})
        return body, len(pb.Transaction.FromString(wire.sign(body)).signedTransactionBytes)

    count = 5_000 + 6_144 - append(5_000)[1]
    fits, size = append(count)
    assert size == 6_144
    assert wire.precheck(fits) == "OK"
    assert wire.precheck(append(count + 1)[0]) == "TRANSACTION_OVERSIZE"


def test_transactions_that_never_reach_precheck(wire: Wire) -> None:
    """More than 133,120 bytes: gRPC's UNKNOWN without a word; up to that an ordinary answer
    (CN: MethodBase, GrpcServiceBuilder, GovernanceTransactionsConfig maxTxnSize)."""
    assert answer(wire, b"x" * 133_120) == "TRANSACTION_HAS_UNKNOWN_FIELDS"
    with pytest.raises(grpc.RpcError) as error:
        answer(wire, b"x" * 133_121)
    assert (error.value.code(), error.value.details()) == (grpc.StatusCode.UNKNOWN, "")


def test_queries_that_are_too_long(wire: Wire) -> None:
    """More than 6,144 bytes: gRPC's UNKNOWN without a word (CN: MethodBase, HederaConfig transactionMaxBytes)."""
    call = wire.channels[3].unary_unary("/proto.CryptoService/getTransactionReceipts")
    query = pb.Query(fileGetContents={"header": {"payment": {"signedTransactionBytes": b"x" * 6_000}}})
    room = 6_144 - query.ByteSize()
    query.fileGetContents.header.payment.signedTransactionBytes += b"x" * room
    assert query.ByteSize() == 6_144
    assert call(query.SerializeToString(), timeout=10)
    query.fileGetContents.header.payment.signedTransactionBytes += b"x"
    with pytest.raises(grpc.RpcError) as error:
        call(query.SerializeToString(), timeout=10)
    assert (error.value.code(), error.value.details()) == (grpc.StatusCode.UNKNOWN, "")


def test_governance_accounts_may_send_more(wire: Wire) -> None:
    """0.0.2 and 0.0.42 to 0.0.799 up to 133,120 bytes, whatever becomes of it (HIP-1300)."""
    contents = {"fileID": {"fileNum": 1}, "contents": b"x" * 100_000}

    def of(payer: int) -> str:
        body = wire.body(fileAppend=contents)
        body.transactionID.accountID.accountNum = payer
        return wire.precheck(body)

    assert of(wire.operator) == "TRANSACTION_OVERSIZE"
    assert of(2) != "TRANSACTION_OVERSIZE"
    assert of(799) != "TRANSACTION_OVERSIZE"
    assert of(41) == "TRANSACTION_OVERSIZE"


@pytest.mark.parametrize(
    ("start_s", "duration", "expected"),
    [
        (-100, 120, "OK"),
        (-111, 120, "TRANSACTION_EXPIRED"),
        (-6, 15, "TRANSACTION_EXPIRED"),
        (-1, 15, "OK"),
        (30, 120, "INVALID_TRANSACTION_START"),
    ],
)
def test_valid_start_and_duration(wire: Wire, start_s: int, duration: int, expected: str) -> None:
    """A transaction counts as expired 10 s before its end, and must not start in the future."""
    start_ns = time.time_ns() + start_s * NANOS
    body = wire.body(start_ns=start_ns, transactionValidDuration={"seconds": duration}, consensusCreateTopic=TOPIC)
    assert wire.precheck(body) == expected


def test_a_transaction_id_counts_once(wire: Wire) -> None:
    """The same id is refused again, also with another content and through another node."""
    body = wire.body(consensusCreateTopic=TOPIC)
    assert wire.precheck(body) == "OK"
    assert wire.precheck(body) == "DUPLICATE_TRANSACTION"
    elsewhere = wire.body(node=5, transactionID=body.transactionID, fileAppend={"fileID": {"fileNum": 1}})
    assert wire.precheck(elsewhere, node=5) == "DUPLICATE_TRANSACTION"


def test_a_refused_id_may_be_used_again(wire: Wire) -> None:
    """Only what passed precheck is remembered as seen."""
    body = wire.body(consensusCreateTopic=TOPIC)
    assert wire.precheck(body, STRANGER) == "INVALID_SIGNATURE"
    assert wire.precheck(body) == "OK"


def test_signatures_are_verified(wire: Wire) -> None:
    """The payer must have signed these very bytes."""
    body = wire.body(consensusCreateTopic=TOPIC)
    assert wire.precheck(body, STRANGER) == "INVALID_SIGNATURE"
    raw = pb.Transaction.FromString(wire.sign(body))
    signed = pb.SignedTransaction.FromString(raw.signedTransactionBytes)
    signed.sigMap.sigPair[0].ed25519 = bytes(64)
    forged = pb.Transaction(signedTransactionBytes=signed.SerializeToString()).SerializeToString()
    assert answer(wire, forged) == "INVALID_SIGNATURE"
    del signed.sigMap.sigPair[:]
    unsigned = pb.Transaction(signedTransactionBytes=signed.SerializeToString()).SerializeToString()
    assert answer(wire, unsigned) == "INVALID_SIGNATURE"


def test_ambiguous_key_prefixes_are_refused(wire: Wire) -> None:
    """Two signatures whose key prefixes start alike could belong to either key."""
    signed = pb.SignedTransaction.FromString(
        pb.Transaction.FromString(wire.sign(wire.body(consensusCreateTopic=TOPIC))).signedTransactionBytes
    )
    signed.sigMap.sigPair.add(pubKeyPrefix=signed.sigMap.sigPair[0].pubKeyPrefix[:4], ed25519=bytes(64))
    raw = pb.Transaction(signedTransactionBytes=signed.SerializeToString()).SerializeToString()
    assert answer(wire, raw) == "KEY_PREFIX_MISMATCH"


def test_the_earlier_check_wins(wire: Wire) -> None:
    """With several faults at once the status is that of the check that comes first."""
    body = wire.body(consensusCreateTopic=TOPIC)
    assert wire.precheck(body) == "OK"
    start = body.transactionID
    wrong_node = wire.body(node=9, transactionID=start, transactionValidDuration={"seconds": 1})
    wrong_node.consensusCreateTopic.SetInParent()
    assert wire.precheck(wrong_node, STRANGER) == "INVALID_NODE_ACCOUNT"
    duplicate = wire.body(transactionID=start, transactionFee=1, tokenCreation={})
    assert wire.precheck(duplicate, STRANGER) == "DUPLICATE_TRANSACTION"
    unsigned_and_poor = wire.body(transactionFee=1, consensusCreateTopic=TOPIC)
    assert wire.precheck(unsigned_and_poor, STRANGER) == "INVALID_SIGNATURE"


def test_unknown_queries_are_answered(wire: Wire) -> None:
    """A query that this network does not serve says NOT_SUPPORTED in its own kind of response."""
    reply = wire.query(tokenGetInfo={"token": {"tokenNum": 1}})
    assert status_name(reply.tokenGetInfo.header.nodeTransactionPrecheckCode) == "NOT_SUPPORTED"


def test_the_version_is_told(wire: Wire) -> None:
    """Of the protobufs and of the services, for a payment."""
    cost = wire.query(
        networkGetVersionInfo={"header": {"responseType": pb.COST_ANSWER}}
    ).networkGetVersionInfo.header.cost
    header = {"payment": wire.payment(cost)}
    told = wire.query(networkGetVersionInfo={"header": header}).networkGetVersionInfo
    assert (told.hapiProtoVersion.minor, told.hederaServicesVersion.minor) == (78, 78)
    assert (cost > 0, told.header.cost) == (True, 0)


def test_a_malformed_query_is_a_grpc_error(wire: Wire) -> None:
    """Bytes that are no query cannot be answered in kind."""
    call = wire.channels[3].unary_unary("/proto.CryptoService/cryptoGetBalance")
    for raw in (b"\xff", b""):
        with pytest.raises(grpc.RpcError) as error:
            call(raw, timeout=5)
        assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_an_unknown_method_is_unimplemented(wire: Wire) -> None:
    """A method of no service is gRPC's own answer."""
    with pytest.raises(grpc.RpcError) as error:
        wire.channels[3].unary_unary("/proto.NoService/nothing")(b"", timeout=5)
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_nothing_is_charged_for_a_refusal(wire: Wire, control: Rest) -> None:
    """A refused transaction leaves the balance as it was, and never reaches consensus."""

    def balance() -> int:
        reply = wire.query(cryptogetAccountBalance={"accountID": {"accountNum": wire.operator}})
        return int(reply.cryptogetAccountBalance.balance)

    before = balance()
    body = wire.body(consensusCreateTopic=TOPIC)
    assert wire.precheck(body, STRANGER) == "INVALID_SIGNATURE"
    assert balance() == before
    assert status_name(wire.receipt(body).header.nodeTransactionPrecheckCode) == "RECEIPT_NOT_FOUND"
    status, page = control("/ledger?limit=10000")
    assert status == 200
    entry = page["entries"][-1]
    assert (entry["precheck"], entry["status"], entry["consensus"]) == ("INVALID_SIGNATURE", None, None)


def test_fields_that_mean_nothing_here_are_not_passed_over(wire: Wire, rest: Rest) -> None:
    """A batch key outside a batch fails in the receipt (CN: hip551/AtomicBatchNegativeTest), the hash algorithm is for
    the nodes' own use (CN: TransactionChecker), and the mirror tells of `high_volume`, whose price is not charged."""
    batched = wire.body(batch_key=wire.public(wire.key), consensusCreateTopic=TOPIC)
    assert wire.status(batched) == "BATCH_KEY_SET_ON_NON_INNER_TRANSACTION"
    transaction = pb.Transaction.FromString(wire.sign(wire.body(consensusCreateTopic=TOPIC)))
    signed = pb.SignedTransaction.FromString(transaction.signedTransactionBytes)
    signed.use_serialized_tx_message_hash_algorithm = True
    transaction.signedTransactionBytes = signed.SerializeToString()
    answer = wire.send(transaction.SerializeToString()).nodeTransactionPrecheckCode
    assert status_name(answer) == "INVALID_SERIALIZED_TX_MESSAGE_HASH_ALGORITHM"
    for high_volume in (True, False):
        body = wire.body(high_volume=high_volume, consensusCreateTopic=TOPIC)
        assert wire.status(body) == "SUCCESS"
        rows = rest(f"/api/v1/transactions/{transaction_key(body.transactionID).mirror_form}")[1]["transactions"]
        assert rows[0]["high_volume"] == high_volume
