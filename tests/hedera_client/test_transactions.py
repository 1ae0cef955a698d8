"""The bytes that are written by hand are protobuf's own."""

from __future__ import annotations

from typing import Any

import pytest
from hiero_sdk_python import PrivateKey
from hiero_sdk_python.hapi.services import (
    basic_types_pb2,
    consensus_submit_message_pb2,
    transaction_contents_pb2,
    transaction_pb2,
)
from hypothesis import given
from hypothesis import strategies as st

from hedera_client import Body, ChunkInfo, Operator, TransactionId, bodies
from hedera_client.ids import account_proto, topic_proto
from hedera_client.prices import SIGNATURE, FeeCaps
from hedera_client.protobuf_wire import delimited, number_field, varint
from hedera_client.transactions import prepare

ED25519, ECDSA = PrivateKey.generate_ed25519(), PrivateKey.generate_ecdsa()

numbers = st.one_of(st.integers(0, 300), st.integers(0, 2**63 - 1))
entities = st.builds("{}.{}.{}".format, numbers, numbers, numbers)
instants = st.one_of(
    st.integers(0, 2**31 * 10**9), st.sampled_from([0, 1, 10**9, 1_700_000_000 * 10**9, 1_700_000_000_999_999_999])
)
ids = st.builds(TransactionId, entities, instants)
chunks = st.none() | st.builds(ChunkInfo, ids, total=st.integers(0, 2**31 - 1), number=st.integers(0, 2**31 - 1))
messages = st.one_of(st.binary(max_size=300), st.integers(0, 20_000).map(bytes))


def body_message(
    topic: str,
    message: bytes,
    chunk: ChunkInfo | None,
    node: str,
    own_id: TransactionId,
    duration: int,
    signatures: int,
) -> Any:
    """The same body built of protobuf's own messages."""
    operation = consensus_submit_message_pb2.ConsensusSubmitMessageTransactionBody(
        topicID=topic_proto(topic), message=message
    )
    if chunk is not None:
        operation.chunkInfo.initialTransactionID.CopyFrom(chunk.initial_transaction_id.to_proto())
        operation.chunkInfo.total, operation.chunkInfo.number = chunk.total, chunk.number
    body = transaction_pb2.TransactionBody(
        transactionID=own_id.to_proto(),
        nodeAccountID=account_proto(node),
        transactionFee=FeeCaps().of(bodies.submit_message(topic, message, chunk).price + (signatures - 1) * SIGNATURE),
        consensusSubmitMessage=operation,
    )
    body.transactionValidDuration.seconds = duration
    return body


@given(entities, messages, chunks, entities, ids, st.integers(15, 180), st.sampled_from([(ED25519,), (ECDSA, ED25519)]))
def test_a_submission_is_what_protobuf_would_write(
    topic: str, message: bytes, chunk: ChunkInfo | None, node: str, own_id: TransactionId, duration: int, keys: Any
) -> None:
    """Whatever topic, message, chunk, node, id, duration and keys: the bytes equal a serialisation of the whole."""
    signers = [Operator("0.0.2", key) for key in keys]
    prepared = prepare(bodies.submit_message(topic, message, chunk), node, own_id, signers, duration)
    expected = body_message(topic, message, chunk, node, own_id, duration, len(keys)).SerializeToString()
    signed = transaction_contents_pb2.SignedTransaction.FromString(
        transaction_pb2.Transaction.FromString(prepared.request).signedTransactionBytes
    )
    assert signed.bodyBytes == expected
    pairs = [_pair(key, pair) for key, pair in zip(keys, signed.sigMap.sigPair, strict=True)]
    whole = transaction_contents_pb2.SignedTransaction(
        bodyBytes=expected, sigMap=basic_types_pb2.SignatureMap(sigPair=pairs)
    )
    envelope = transaction_pb2.Transaction(signedTransactionBytes=whole.SerializeToString())
    assert prepared.request == envelope.SerializeToString()
    for key, pair in zip(keys, signed.sigMap.sigPair, strict=True):
        key.public_key().verify(pair.ed25519 or pair.ECDSA_secp256k1, expected)


def _pair(key: PrivateKey, found: Any) -> Any:
    """A pair as the SDK builds it, with the signature that was found (an ECDSA one is different every time)."""
    field = "ed25519" if key.is_ed25519() else "ECDSA_secp256k1"
    return basic_types_pb2.SignaturePair(pubKeyPrefix=key.public_key().to_bytes_raw(), **{field: getattr(found, field)})


@pytest.mark.parametrize(
    "body",
    [
        bodies.create_topic(memo="m", submit_key=ED25519.public_key()),
        bodies.update_topic("0.0.9", memo=""),
        bodies.delete_topic("0.0.9"),
        bodies.create_file(b"x" * 300, keys=[ED25519.public_key()], expires_at=2_000_000_000),
        bodies.append_file("0.0.9", b"y"),
        bodies.update_file("0.0.9", contents=b"z"),
        bodies.delete_file("0.0.9"),
        bodies.create_account(ECDSA.public_key(), initial_balance=5),
        bodies.transfer({"0.0.2": -1, "0.0.3": 1}),
    ],
    ids=lambda body: body.kind,
)
def test_every_other_body_is_canonical_too(body: Body) -> None:
    """Parsed and serialised again by protobuf, the body's bytes are the same: nothing is out of order or doubled."""
    prepared = prepare(body, "0.0.3", TransactionId("0.0.2", 1_700_000_000_000_000_001), [Operator("0.0.2", ED25519)])
    signed = transaction_contents_pb2.SignedTransaction.FromString(
        transaction_pb2.Transaction.FromString(prepared.request).signedTransactionBytes
    )
    parsed = transaction_pb2.TransactionBody.FromString(signed.bodyBytes)
    assert parsed.SerializeToString(deterministic=True) == signed.bodyBytes
    assert parsed.transactionFee == FeeCaps().of(body.price) > 0
    assert parsed.transactionValidDuration.seconds == 120


@given(st.integers(0, 2**63 - 1), st.binary(max_size=200))
def test_fields_are_protobufs(number: int, data: bytes) -> None:
    """Varints, numbers and bytes of any size, as protobuf writes them."""
    assert number_field(1, number) == account_proto_of(shardNum=number)
    contents = transaction_contents_pb2.SignedTransaction(bodyBytes=data)
    assert (delimited(1, data) if data else b"") == contents.SerializeToString()
    assert len(varint(number)) == max(1, -(-number.bit_length() // 7))


def account_proto_of(**fields: int) -> bytes:
    data: bytes = basic_types_pb2.AccountID(**fields).SerializeToString()
    return data
