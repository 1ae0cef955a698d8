"""Staking is kept and told; nobody earns anything by it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

if TYPE_CHECKING:
    from tests.localnet.clients import Rest, Wire

OWNER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
HBAR = 100_000_000
UNKNOWN = {"accountNum": 999_999}


def create(wire: Wire, **fields: Any) -> Any:
    """The body of a CryptoCreate."""
    return wire.body(
        cryptoCreateAccount={"key": wire.public(OWNER), "autoRenewPeriod": {"seconds": 7_776_000}, **fields}
    )


def update(wire: Wire, account: Any, **fields: Any) -> str:
    return wire.status(wire.body(cryptoUpdateAccount={"accountIDToUpdate": account, **fields}), wire.key, OWNER)


def stake_on_mirror(rest: Rest, account: Any) -> tuple[Any, ...]:
    row = rest(f"/api/v1/accounts/0.0.{account.accountNum}")[1]
    names = ("staked_account_id", "staked_node_id", "stake_period_start", "decline_reward", "pending_reward")
    return tuple(row[name] for name in names)


def midnight_s() -> int:
    return int(time.time()) // 86_400 * 86_400


def test_no_stake_is_described_too(wire: Wire, rest: Rest) -> None:
    """StakingInfo is always there (CN:AccountSummariesApi.summarizeStakingInfo; MN:rest/accounts.js)."""
    account = wire.carry_out(create(wire)).accountID
    info = wire.info(account).accountInfo
    assert info.HasField("staking_info")
    assert info.staking_info.ByteSize() == 0
    assert stake_on_mirror(rest, account) == (None, None, None, False, 0)


def test_a_stake_to_a_node_is_kept(wire: Wire, rest: Rest) -> None:
    """With the day on which it began, in info and mirror (CN:AccountSummariesApi; MN:rest/accounts.js)."""
    before = midnight_s()
    account = wire.carry_out(create(wire, staked_node_id=2, decline_reward=True)).accountID
    stake = wire.info(account).accountInfo.staking_info
    assert (stake.WhichOneof("staked_id"), stake.staked_node_id, stake.decline_reward) == ("staked_node_id", 2, True)
    assert stake.stake_period_start.seconds in (before, midnight_s())
    since = f"{stake.stake_period_start.seconds}.000000000"
    assert stake_on_mirror(rest, account) == (None, 2, since, True, 0)


def test_a_stake_changes_hands(wire: Wire, rest: Rest) -> None:
    """To an account, and to none, which is 0.0.0 or -1 (CN:tok/CryptoUpdateHandler.updateBuilder)."""
    stakee = wire.carry_out(create(wire)).accountID
    account = wire.carry_out(create(wire, initialBalance=3 * HBAR + 5, staked_node_id=0)).accountID
    assert update(wire, account, staked_account_id=stakee, decline_reward={"value": True}) == "SUCCESS"
    stake = wire.info(account).accountInfo.staking_info
    assert (stake.WhichOneof("staked_id"), stake.staked_account_id) == ("staked_account_id", stakee)
    assert not stake.HasField("stake_period_start")
    assert stake_on_mirror(rest, account) == (f"0.0.{stakee.accountNum}", None, None, True, 0)
    assert wire.info(stakee).accountInfo.staking_info.staked_to_me == 3 * HBAR  # roundedToHbar
    assert update(wire, account, decline_reward={"value": False}) == "SUCCESS"
    assert wire.info(account).accountInfo.staking_info.staked_account_id == stakee
    for nothing in ({"staked_account_id": {"accountNum": 0}}, {"staked_node_id": -1}):
        assert update(wire, account, staked_account_id=stakee) == "SUCCESS"
        assert update(wire, account, **nothing) == "SUCCESS"
        assert wire.info(account).accountInfo.staking_info.WhichOneof("staked_id") is None
        assert wire.info(stakee).accountInfo.staking_info.staked_to_me == 0
        assert stake_on_mirror(rest, account) == (None, None, None, False, 0)


@pytest.mark.parametrize(
    ("staked", "on_update"),
    [
        ({"staked_account_id": UNKNOWN}, "INVALID_STAKING_ID"),
        ({"staked_node_id": 4}, "INVALID_STAKING_ID"),
        ({"staked_node_id": -2}, "INVALID_STAKING_ID"),
        ({"staked_account_id": {"accountNum": 0}}, "SUCCESS"),
        ({"staked_node_id": -1}, "SUCCESS"),
    ],
    ids=str,
)
def test_what_cannot_be_staked_to(wire: Wire, staked: dict[str, Any], on_update: str) -> None:
    """Unknown accounts and nodes; on creation also what stands for none (CN:StakingValidator)."""
    assert wire.status(create(wire, **staked)) == "INVALID_STAKING_ID"
    assert update(wire, wire.carry_out(create(wire)).accountID, **staked) == on_update
