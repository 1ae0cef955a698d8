"""When accounts, topics and files may expire, and who renews them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st

from localnet import pb
from localnet.protocol.status import RefusedError, codes
from localnet.transactions.field_checks import check_new_expiry

if TYPE_CHECKING:
    from tests.localnet.clients import Rest, Wire

OWNER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
PERIOD_S = 7_776_000
MAX_S = 8_000_001
MARGIN_S = 60
RENEWAL = {"seconds": PERIOD_S}


def in_s(seconds: int) -> dict[str, int]:
    """So long from now."""
    return {"seconds": int(time.time()) + seconds}


def create_account(wire: Wire, **fields: Any) -> Any:
    data = {"key": wire.public(OWNER), "autoRenewPeriod": RENEWAL, **fields}
    return wire.carry_out(wire.body(cryptoCreateAccount=data)).accountID


def update_account(wire: Wire, account: Any, **fields: Any) -> str:
    return wire.status(wire.body(cryptoUpdateAccount={"accountIDToUpdate": account, **fields}), wire.key, OWNER)


def update_topic(wire: Wire, topic: int, **fields: Any) -> str:
    return wire.status(wire.body(consensusUpdateTopic={"topicID": {"topicNum": topic}, **fields}), wire.key, OWNER)


def create_file(wire: Wire, expiration: dict[str, int]) -> Any:
    return wire.carry_out(wire.body(fileCreate={"expirationTime": expiration, "contents": b"x"}))


def answer(wanted_s: int, present_s: int, now_s: int) -> int:
    try:
        check_new_expiry(wanted_s, present_s, now_s)
    except RefusedError as refusal:
        return refusal.status
    return int(codes.SUCCESS)


@given(st.integers(-10, MAX_S + 10), st.integers(-10, MAX_S + 10))
@example(0, -1)
@example(1, 1)
@example(MAX_S, MAX_S)
@example(MAX_S + 1, 5)
def test_every_new_expiry_has_one_answer(wanted: int, present: int) -> None:
    """The range is looked at before the present expiry, and equal is fine (CN:ExpiryValidatorImpl)."""
    now, status = 1_800_000_000, codes.SUCCESS
    if wanted <= 0 or wanted > MAX_S:
        status = codes.INVALID_EXPIRATION_TIME
    elif wanted < present:
        status = codes.EXPIRATION_REDUCTION_NOT_ALLOWED
    assert answer(now + wanted, now + present, now) == status


def test_an_accounts_expiry_moves_only_forward(wire: Wire, rest: Rest) -> None:
    """Equal is fine, 8,000,001 s the most, the past none (CN:ExpiryValidatorImpl); the mirror shows it."""
    account = create_account(wire)
    present = wire.info(account).accountInfo.expirationTime.seconds
    assert abs(present - time.time() - PERIOD_S) < MARGIN_S
    assert update_account(wire, account, expirationTime={"seconds": present}) == "SUCCESS"
    assert update_account(wire, account, expirationTime={"seconds": present - 1}) == "EXPIRATION_REDUCTION_NOT_ALLOWED"
    assert update_account(wire, account, expirationTime=in_s(0)) == "INVALID_EXPIRATION_TIME"
    assert update_account(wire, account, expirationTime={"seconds": -1}) == "INVALID_EXPIRATION_TIME"
    assert update_account(wire, account, expirationTime=in_s(MAX_S + MARGIN_S)) == "INVALID_EXPIRATION_TIME"
    later = in_s(MAX_S - MARGIN_S)
    assert update_account(wire, account, expirationTime=later) == "SUCCESS"
    assert wire.info(account).accountInfo.expirationTime.seconds == later["seconds"]
    row = rest(f"/api/v1/accounts/0.0.{account.accountNum}")[1]
    assert row["expiry_timestamp"] == f"{later['seconds']}.000000000"
    assert update_account(wire, account, autoRenewPeriod={"seconds": 2_592_000}) == "SUCCESS"
    assert wire.info(account).accountInfo.expirationTime.seconds == later["seconds"]


def test_nobody_elses_account_is_extended(wire: Wire) -> None:
    """Unlike that of topics and files, an account's expiry is its owner's (CN:tok/CryptoUpdateHandler.preHandle)."""
    data = {"accountIDToUpdate": create_account(wire), "expirationTime": in_s(MAX_S - MARGIN_S)}
    assert wire.status(wire.body(cryptoUpdateAccount=data)) == "INVALID_SIGNATURE"


def test_a_topics_expiry_moves_only_forward(wire: Wire) -> None:
    """As an account's, and anyone may extend it (CN:ExpiryValidatorImpl; CN:hcs/ConsensusUpdateTopicHandler)."""
    topic = wire.create_topic(autoRenewPeriod={"seconds": 2_592_000})
    query = {"topicID": {"topicNum": topic}, "header": {"payment": wire.payment(10_000_000)}}
    present = wire.query(consensusGetTopicInfo=query).consensusGetTopicInfo.topicInfo.expirationTime.seconds
    assert update_topic(wire, topic, expirationTime={"seconds": present}) == "SUCCESS"
    assert update_topic(wire, topic, expirationTime={"seconds": present - 1}) == "EXPIRATION_REDUCTION_NOT_ALLOWED"
    assert update_topic(wire, topic, expirationTime=in_s(-10)) == "INVALID_EXPIRATION_TIME"
    assert update_topic(wire, topic, expirationTime=in_s(MAX_S + MARGIN_S)) == "INVALID_EXPIRATION_TIME"
    assert update_topic(wire, topic, expirationTime={"seconds": present + 1}) == "SUCCESS"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (86_400, "SUCCESS"),
        (MARGIN_S, "SUCCESS"),
        (MAX_S - MARGIN_S, "SUCCESS"),
        (MAX_S + MARGIN_S, "AUTORENEW_DURATION_NOT_IN_RANGE"),
        (-1, "AUTORENEW_DURATION_NOT_IN_RANGE"),
    ],
)
def test_a_new_file_may_expire_soon(wire: Wire, seconds: int, expected: str) -> None:
    """In a day or a minute; outside of the range the handler renames the status (CN:hfs/FileCreateHandler)."""
    assert wire.status(wire.body(fileCreate={"expirationTime": in_s(seconds)})) == expected


def test_a_files_new_expiry_is_30_days_away(wire: Wire) -> None:
    """From the valid start, up to 8,000,001 s; one before the present changes nothing (CN:hfs/FileUpdateHandler)."""
    file = create_file(wire, in_s(86_400)).fileID

    def update(seconds: int) -> str:
        body = wire.body(fileUpdate={"fileID": file})
        body.fileUpdate.expirationTime.seconds = body.transactionID.transactionValidStart.seconds + seconds
        return wire.status(body)

    def expiry() -> int:
        query = {"fileID": file, "header": {"payment": wire.payment(10_000_000)}}
        return int(wire.query(fileGetInfo=query).fileGetInfo.fileInfo.expirationTime.seconds)

    first = expiry()
    assert update(2_592_000 - 1) == update(MAX_S + 1) == "AUTORENEW_DURATION_NOT_IN_RANGE"
    assert expiry() == first
    assert update(MAX_S) == "SUCCESS"
    last = expiry()
    assert update(2_592_000) == "SUCCESS"
    assert expiry() == last > first


@pytest.mark.parametrize(
    ("seconds", "on_create", "on_update"),
    [
        (-1, "INVALID_RENEWAL_PERIOD", "INVALID_RENEWAL_PERIOD"),
        (0, "INVALID_RENEWAL_PERIOD", "INVALID_RENEWAL_PERIOD"),
        (2_591_999, "AUTORENEW_DURATION_NOT_IN_RANGE", "AUTORENEW_DURATION_NOT_IN_RANGE"),
        (MAX_S + 1, "AUTORENEW_DURATION_NOT_IN_RANGE", "AUTORENEW_DURATION_NOT_IN_RANGE"),
        (MAX_S, "SUCCESS", "SUCCESS"),
    ],
)
def test_renewal_periods_of_accounts(wire: Wire, seconds: int, on_create: str, on_update: str) -> None:
    """A negative one is refused at precheck of a CryptoCreate (CN:tok/CryptoCreateHandler, AttributeValidatorImpl)."""
    data = {"key": wire.public(OWNER), "autoRenewPeriod": {"seconds": seconds}}
    body = wire.body(cryptoCreateAccount=data)
    if seconds < 0:
        assert wire.precheck(body) == on_create
    else:
        assert wire.status(body) == on_create
    assert update_account(wire, create_account(wire), autoRenewPeriod={"seconds": seconds}) == on_update


def test_a_deleted_account_renews_nothing(wire: Wire) -> None:
    """INVALID_AUTORENEW_ACCOUNT on creation and update of a topic (CN:ExpiryValidatorImpl.validateAutoRenewAccount)."""
    account = create_account(wire)
    topic = wire.create_topic(OWNER, wire.key, adminKey=wire.public(OWNER))
    assert update_topic(wire, topic, autoRenewAccount=account) == "SUCCESS"
    gone = {"deleteAccountID": account, "transferAccountID": {"accountNum": wire.operator}}
    assert wire.status(wire.body(cryptoDelete=gone), wire.key, OWNER) == "SUCCESS"
    assert update_topic(wire, topic, autoRenewAccount=account) == "INVALID_AUTORENEW_ACCOUNT"
    body = wire.body(consensusCreateTopic={"autoRenewPeriod": RENEWAL, "autoRenewAccount": account})
    assert wire.status(body, wire.key, OWNER) == "INVALID_AUTORENEW_ACCOUNT"
    assert update_topic(wire, topic, autoRenewAccount=pb.AccountID(accountNum=999_999)) == "INVALID_AUTORENEW_ACCOUNT"


def test_who_renews_a_topic_needs_an_admin_key_on_it(wire: Wire) -> None:
    """The key is not taken away while the account stays (CN:hcs/ConsensusUpdateTopicHandler.handle)."""
    account = create_account(wire)
    topic = wire.create_topic(OWNER, wire.key, adminKey=wire.public(OWNER), autoRenewAccount=account)
    nobody = pb.Key(keyList={})
    assert update_topic(wire, topic, adminKey=nobody) == "AUTORENEW_ACCOUNT_NOT_ALLOWED"
    assert update_topic(wire, topic, adminKey=nobody, autoRenewAccount={"accountNum": 0}) == "SUCCESS"
    assert update_topic(wire, topic, memo={"value": "x"}) == "UNAUTHORIZED"
