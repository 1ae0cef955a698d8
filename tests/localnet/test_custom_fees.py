"""Custom fees on topics: who pays, how much at most, who is exempt, and who may change them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from localnet import pb

if TYPE_CHECKING:
    from tests.localnet.conftest import Rest, Wire

FRIEND = Ed25519PrivateKey.from_private_bytes(b"f" * 32)
SCHEDULER = Ed25519PrivateKey.from_private_bytes(b"c" * 32)
FEE = 1_234


@pytest.fixture
def collector(wire: Wire) -> int:
    """An account without anything."""
    data = {"key": wire.public(FRIEND), "autoRenewPeriod": {"seconds": 7_776_000}}
    return int(wire.settle(wire.body(cryptoCreateAccount=data)).accountID.accountNum)


def fee(collector: int, amount: int = FEE, **denomination: Any) -> dict[str, Any]:
    fixed = {"amount": amount, **denomination}
    return {"fixed_fee": fixed, "fee_collector_account_id": {"accountNum": collector}}


def balance(rest: Rest, account: int) -> int:
    return int(rest(f"/api/v1/accounts/0.0.{account}?transactions=false")[1]["balance"]["balance"])


def test_the_submitter_pays_the_collector(wire: Wire, rest: Rest, collector: int) -> None:
    """Each message pays; the record's transfers say so; the topic shows its fees."""
    topic = wire.create_topic(custom_fees=[fee(collector), fee(collector, 6)])
    assert wire.status(wire.message(topic)) == "SUCCESS"
    assert balance(rest, collector) == FEE + 6
    row = rest(f"/api/v1/topics/0.0.{topic}")[1]["custom_fees"]["fixed_fees"]
    assert [one["amount"] for one in row] == [FEE, 6]
    (transaction,) = rest(f"/api/v1/transactions?account.id=0.0.{collector}&type=credit&limit=1")[1]["transactions"]
    assert sum(one["amount"] for one in transaction["transfers"]) == 0
    assert {"account": f"0.0.{collector}", "amount": FEE + 6, "is_approval": False} in transaction["transfers"]


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
    limits = [{"account_id": {"accountNum": account}, "fees": [{"amount": limit or FEE}]}]
    body = wire.message(topic)
    body.MergeFrom(pb.TransactionBody(max_custom_fees=limits))
    assert wire.status(body) == expected
    assert balance(rest, collector) == (FEE if expected == "SUCCESS" else 0)


def test_who_is_exempt(wire: Wire, rest: Rest, collector: int) -> None:
    """A signature of an exempt key, and the collector itself, pay nothing."""
    topic = wire.create_topic(custom_fees=[fee(collector)], fee_exempt_key_list=[wire.public(SCHEDULER)])
    assert wire.status(wire.message(topic), wire.key, SCHEDULER) == "SUCCESS"
    assert balance(rest, collector) == 0
    own = wire.create_topic(custom_fees=[fee(wire.operator)])
    assert wire.status(wire.message(own)) == "SUCCESS"


def test_only_the_fee_schedule_key_changes_fees(wire: Wire, collector: int) -> None:
    """Without such a key nobody does; it cannot be added later."""
    plain = wire.create_topic(wire.key, adminKey=wire.public(wire.key))
    change = {"custom_fees": {"fees": [fee(collector, 5)]}}

    def update(topic: int, *keys: Ed25519PrivateKey, **fields: Any) -> str:
        return wire.status(wire.body(consensusUpdateTopic={"topicID": {"topicNum": topic}, **fields}), wire.key, *keys)

    assert update(plain, **change) == "FEE_SCHEDULE_KEY_NOT_SET"
    assert update(plain, fee_schedule_key=wire.public(SCHEDULER)) == "FEE_SCHEDULE_KEY_CANNOT_BE_UPDATED"
    paid = wire.create_topic(fee_schedule_key=wire.public(SCHEDULER))
    assert update(paid, **change) == "INVALID_SIGNATURE"
    assert update(paid, SCHEDULER, **change) == "SUCCESS"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"custom_fees": [fee(2)] * 11}, "CUSTOM_FEES_LIST_TOO_LONG"),
        ({"custom_fees": [fee(2, 0)]}, "CUSTOM_FEE_MUST_BE_POSITIVE"),
        ({"custom_fees": [fee(2, 1, denominating_token_id={"tokenNum": 5})]}, "NOT_SUPPORTED"),
        ({"fee_exempt_key_list": [pb.Key(ed25519=b"k" * 5)]}, "INVALID_KEY_IN_FEE_EXEMPT_KEY_LIST"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused_at_precheck(fields: dict[str, Any], expected: str, wire: Wire) -> None:
    """Fees that cannot be never reach consensus."""
    body = wire.body(consensusCreateTopic={"autoRenewPeriod": {"seconds": 7_776_000}, **fields})
    assert wire.precheck(body) == expected


def test_an_unknown_collector_is_refused_in_the_receipt(wire: Wire) -> None:
    """Whether the collector exists is known at consensus only."""
    data = {"autoRenewPeriod": {"seconds": 7_776_000}, "custom_fees": [fee(888_888)]}
    assert wire.status(wire.body(consensusCreateTopic=data)) == "INVALID_CUSTOM_FEE_COLLECTOR"
