"""What is offered bears what is charged, whatever is sent and whatever an hbar is worth; and not much more."""

from __future__ import annotations

from typing import Any

import pytest
from hiero_sdk_python import PrivateKey
from hiero_sdk_python.hapi.services import transaction_contents_pb2, transaction_pb2
from hypothesis import given
from hypothesis import strategies as st

from hedera_client import Body, ChunkInfo, HederaClient, Operator, TransactionId, bodies
from hedera_client.prices import HBAR, MARGIN, SUBMIT_MESSAGE, FeeCaps, file_contents, message
from hedera_client.transactions import prepare
from localnet import pb
from localnet.state.fees import ExchangeRate, FeeSchedule
from localnet.transactions import HANDLERS

KEYS = [key.public_key() for key in (PrivateKey.generate_ed25519(), PrivateKey.generate_ecdsa())]
OPERATOR = Operator("0.0.1001", PrivateKey.generate_ed25519())
OTHER = Operator("0.0.1002", PrivateKey.generate_ecdsa())
OWN_ID = TransactionId("0.0.1001", 1_700_000_000_123_456_789)

keys = st.none() | st.sampled_from(KEYS)
memos = st.integers(0, 100).map(lambda size: "m" * size)
contents = st.integers(0, 5_800).map(bytes)
made = st.one_of(
    st.builds(
        bodies.submit_message,
        st.just("0.0.123456"),
        st.integers(1, 1_024).map(bytes),
        st.none() | st.builds(ChunkInfo, st.just(OWN_ID), total=st.just(9), number=st.integers(1, 9)),
    ),
    st.builds(bodies.create_topic, memo=memos, admin_key=keys, submit_key=keys),
    st.builds(bodies.update_topic, st.just("0.0.7"), memo=memos, admin_key=keys, submit_key=keys),
    st.just(bodies.delete_topic("0.0.7")),
    st.builds(bodies.create_file, contents, keys=st.lists(st.sampled_from(KEYS), max_size=3), memo=memos),
    st.builds(bodies.append_file, st.just("0.0.7"), contents),
    st.builds(
        bodies.update_file, st.just("0.0.7"), contents=contents, keys=st.lists(st.sampled_from(KEYS), max_size=3)
    ),
    st.just(bodies.delete_file("0.0.7")),
    st.builds(bodies.create_account, st.sampled_from(KEYS), memo=memos),
    st.integers(2, 10).map(
        lambda n: bodies.transfer({f"0.0.{2_000 + i}": (1 - n) * 10**15 if i == 0 else 10**15 for i in range(n)})
    ),
)
rates = st.tuples(st.integers(1, 1_000_000), st.integers(1, 10_000_000)).filter(lambda rate: rate[1] / rate[0] > 0.001)


def charged(body: Body, rate: tuple[int, int], signers: list[Operator]) -> tuple[int, int]:
    """What the simple fee schedule asks for it, as the embedded network has it, and what was offered: tinybars."""
    prepared = prepare(body, "0.0.3", OWN_ID, signers, 120, FeeCaps(*rate))
    signed = transaction_contents_pb2.SignedTransaction.FromString(
        transaction_pb2.Transaction.FromString(prepared.request).signedTransactionBytes
    )
    parsed = pb.TransactionBody.FromString(signed.bodyBytes)
    operation = HANDLERS[parsed.WhichOneof("data")]
    fee = FeeSchedule(ExchangeRate(*rate)).transaction(
        size=len(prepared.request), signatures=len(signers), service=operation.price(getattr(parsed, operation.field))
    )
    return fee.total, parsed.transactionFee


@given(made, rates, st.sampled_from([[OPERATOR], [OPERATOR, OTHER]]))
def test_what_is_offered_is_enough_with_the_margin(body: Body, rate: tuple[int, int], signers: list[Operator]) -> None:
    """Twice the price, also with long bytes, many keys and a second signature: an hbar may lose half of its worth."""
    fee, offered = charged(body, rate, signers)
    assert fee * MARGIN <= offered + MARGIN
    fallen, _ = charged(body, (rate[0] * 2, rate[1]), signers)
    assert fallen <= offered + 4  # of four roundings


@given(made, rates)
def test_what_is_offered_is_no_blank_cheque(body: Body, rate: tuple[int, int]) -> None:
    """At most two and a half times the price, but for rounding up and for messages, whose older price is flat."""
    fee, offered = charged(body, rate, [OPERATOR])
    least = FeeCaps(*rate).tinybars(SUBMIT_MESSAGE + 2_000_000) if body.kind == "ConsensusSubmitMessage" else 0
    slack = FeeCaps(*rate).tinybars(40_000_000) if "File" in body.kind else 0  # 250 bytes of envelope and the rest
    assert offered <= max(fee, least) * 2.5 + slack * MARGIN + 2**16


@given(st.integers(1, 10**12), rates, st.integers(1, 10**11))
def test_the_bound_is_never_exceeded(price: int, rate: tuple[int, int], most: int) -> None:
    """Whatever the price, and only where it bites."""
    assert FeeCaps(*rate, most=most).of(price) == min(most, FeeCaps(*rate).of(price))


@pytest.mark.parametrize(
    ("body", "cents", "hbars"),
    [
        (bodies.append_file("0.0.7", bytes(4_096)), 6, 6.5),
        (bodies.append_file("0.0.7", bytes(1_000)), 6, 0.85),
        (bodies.submit_message("0.0.7", bytes(1_024)), 6, 0.0134),
        (bodies.create_topic(admin_key=KEYS[0], submit_key=KEYS[1]), 6, 0.5),
        (bodies.append_file("0.0.7", bytes(4_096)), 25, 1.56),
    ],
    ids=lambda value: value.kind if isinstance(value, Body) else None,
)
def test_published_prices(body: Body, cents: int, hbars: float) -> None:
    """In hbars, of the dollars that docs.hedera.com ("Fees") publishes: $0.39, $0.05, $0.0008, $0.03."""
    assert FeeCaps(1, cents).tinybars(body.price) / HBAR == pytest.approx(hbars, rel=0.1)


def test_messages_of_all_sizes_are_offered_the_same() -> None:
    """So that signing one costs no more than before: the bytes that say it are made once."""
    offers = {FeeCaps().of(bodies.submit_message("0.0.7", bytes(size)).price) for size in range(1, 1_025)}
    assert len(offers) == 1


def test_reading_a_large_file_costs_more_than_an_hbar() -> None:
    """A MiB at 6 cents an hbar: 17 hbar."""
    assert 17 < FeeCaps(1, 6).tinybars(file_contents(1_048_576)) / HBAR < 18


def test_a_client_without_a_rate_offers_enough_down_to_a_cent(localnet: Any) -> None:
    """What is offered without asking anybody is enough down to the lowest worth that an hbar has had."""
    client = HederaClient(localnet.network, OPERATOR, lane=0, rpc_timeout=1)
    prepared = client.prepare(bodies.append_file("0.0.7", bytes(4_096)), "0.0.3", OWN_ID)
    signed = transaction_contents_pb2.SignedTransaction.FromString(
        transaction_pb2.Transaction.FromString(prepared.request).signedTransactionBytes
    )
    offered = transaction_pb2.TransactionBody.FromString(signed.bodyBytes).transactionFee
    assert offered >= FeeCaps(1, 1).tinybars(bodies.append_file("0.0.7", bytes(4_096)).price)


@given(st.integers(1, 1_024))
def test_messages_are_graded_as_the_network_grades_them(size: int) -> None:
    """What is offered is flat; what is charged is not, and statements of costs tell that."""
    data = pb.TransactionBody()
    data.consensusSubmitMessage.message = bytes(size)
    assert message(size) == HANDLERS["consensusSubmitMessage"].price(data.consensusSubmitMessage)
    assert message(size) < SUBMIT_MESSAGE
