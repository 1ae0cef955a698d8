"""Accounts and balances on the mirror, rule by rule. Each test names the source that the rule is from.

MN is hiero-ledger/hiero-mirror-node; its JavaScript part is `rest/`, its Java part `rest-java/`.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from tests.localnet.ecdsa import EcdsaKey
from tests.localnet.mirror import API, RENEWAL, refusal

if TYPE_CHECKING:
    from tests.localnet.clients import Rest, Wire


@pytest.fixture
def aliased(wire: Wire) -> tuple[int, bytes]:
    """An account with an EVM address of its own that has 55 tinybars: its number and address."""
    owner = EcdsaKey()
    alias = owner.address
    account = {"key": wire.public(wire.key), "initialBalance": 55, "autoRenewPeriod": RENEWAL, "alias": alias}
    return wire.carry_out(wire.body(cryptoCreateAccount=account), wire.key, owner).accountID.accountNum, alias


def write_alias(alias: bytes) -> str:
    return base64.b32encode(alias).decode().rstrip("=")


def test_an_account_is_found_by_all_its_names(rest: Rest, aliased: tuple[int, bytes]) -> None:
    """MN:rest/service/entityService.js getEncodedId; alias and evm_address as in MN:rest/accounts.js processRow."""
    number, alias = aliased
    row = rest(f"{API}/accounts/0.0.{number}?transactions=false")[1]
    assert (row["alias"], row["evm_address"]) == (write_alias(alias), "0x" + alias.hex())
    names = (f"{number}", f"0.{number}", f"0x{number:040x}", "0x" + alias.hex(), alias.hex(), f"0.0.{alias.hex()}")
    for name in (*names, alias.hex().upper(), write_alias(alias), f"0.0.{write_alias(alias)}"):
        assert rest(f"{API}/accounts/{name}?transactions=false") == (200, row)


@pytest.mark.parametrize(
    ("account_id", "status", "message"),
    [
        ("0.0.999999", 404, "Not found"),
        ("1.0.2", 404, "Not found"),
        ("5.2", 404, "Not found"),
        ("0x" + "ab" * 20, 404, "Not found"),
        ("1.0." + "ab" * 20, 400, "Invalid parameter: idOrAliasOrEvmAddress"),
        ("AABBCC22", 404, "No account with a matching alias found"),
        ("1.0.AABBCC22", 400, "Invalid parameter: idOrAliasOrEvmAddress"),
        ("aabbcc", 400, "Invalid parameter: idOrAliasOrEvmAddress"),
        ("0x12", 400, "Invalid parameter: idOrAliasOrEvmAddress"),
        ("0.0.1-2", 400, "Invalid parameter: idOrAliasOrEvmAddress"),
        ("99999999999999", 400, "Invalid parameter: idOrAliasOrEvmAddress"),
    ],
)
def test_an_account_that_is_not_there(rest: Rest, account_id: str, status: int, message: str) -> None:
    """MN:rest/service/entityService.js, entityId.js, accountAlias.js; also for the lists of an account."""
    expected = (status, {"_status": {"messages": [{"message": message}]}})
    assert rest(f"{API}/accounts/{account_id}") == expected
    assert rest(f"{API}/accounts/{account_id}/tokens") == expected


def test_balances_are_found_by_all_names(rest: Rest, aliased: tuple[int, bytes]) -> None:
    """MN:rest/balances.js parseAccountIdQueryParam: ids in all forms, one EVM address or alias; others are empty."""
    number, alias = aliased
    expected = [{"account": f"0.0.{number}", "balance": 55, "tokens": []}]
    names = (f"{number}", f"0.{number}", f"0.0.{number}", f"eq:0.0.{number}", f"0x{number:040x}", f"{number:040x}")
    for name in (*names, "0x" + alias.hex(), alias.hex(), write_alias(alias), "eq:" + write_alias(alias)):
        status, page = rest(f"{API}/balances?account.id={name}")
        assert (status, page["balances"]) == (200, expected), name
        assert float(page["timestamp"]) > 0
    nothing = {"timestamp": None, "balances": [], "links": {"next": None}}
    for name in ("1.0.100", f"1.{number}", "0x" + "cd" * 20, "cd" * 20, "AABBCC22", "0.0.999999"):
        assert rest(f"{API}/balances?account.id={name}") == (200, nothing), name


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("account.id=x", ""),
        ("account.id=0x12", ""),
        ("account.id=1.2.3.4", ""),
        ("account.id=0.0." + "ab" * 20, ""),
        ("account.id=gt:AABBCC22", "EVM address or alias only supports equals operator"),
        ("account.id=lt:0x" + "ab" * 20, "EVM address or alias only supports equals operator"),
        ("account.id=AABBCC22&account.id=0x" + "ab" * 20, "Only one EVM address or alias is allowed."),
        ("account.id=near:5", ""),
        ("account.id=", ""),
    ],
)
def test_balances_of_whom_nobody_can_tell(rest: Rest, query: str, detail: str) -> None:
    """MN:rest/balances.js parseAccountIdQueryParam and balanceFilterValidator."""
    assert rest(f"{API}/balances?{query}") == refusal("Invalid parameter: account.id", detail=detail)


def test_several_accounts_are_alternatives(rest: Rest, wire: Wire) -> None:
    """MN:rest/utils.js parseParams with allowMultiple: `eq` values become one IN, beside the other conditions."""
    query = f"account.id=0.0.2&account.id=0.0.3&account.id=0.0.{wire.operator}&account.id=gt:2"
    for path, name in (("accounts", "accounts"), ("balances", "balances")):
        rows = rest(f"{API}/{path}?{query}")[1][name]
        assert sorted(row["account"] for row in rows) == ["0.0.1001", "0.0.3"]
        # By reading, the JavaScript part links a page to itself here; rest-java has mended that (pull request 14213).
        page = rest(f"{API}/{path}?{query}&limit=1")[1]
        assert (len(page[name]), page["links"]["next"]) == (1, None)


def test_accounts_are_filtered(rest: Rest, wire: Wire, aliased: tuple[int, bytes]) -> None:
    """MN:rest/accounts.js getAccounts: by key (raw, with 0x, DER), by balance, and without balances."""
    key = wire.key.public_key().public_bytes_raw().hex()
    der = "302a300506032b6570032100" + key
    wanted = f"account.id=0.0.{aliased[0]}&account.balance=55"
    for text in (key, "0x" + key, key.upper(), der):
        (row,) = rest(f"{API}/accounts?account.publickey={text}&{wanted}")[1]["accounts"]
        assert row["balance"]["balance"] == 55
        (row,) = rest(f"{API}/balances?account.publickey={text}&{wanted}")[1]["balances"]
    assert rest(f"{API}/accounts?account.publickey={'ab' * 32}")[1]["accounts"] == []
    assert rest(f"{API}/accounts?account.publickey=ab") == refusal("Invalid parameter: account.publickey")
    assert rest(f"{API}/accounts?{wanted}&balance=false")[1]["accounts"][0]["balance"] is None
    assert rest(f"{API}/accounts?{wanted}&account.balance=ne:55")[1]["accounts"] == []


def test_an_account_has_all_fields(rest: Rest, wire: Wire) -> None:
    """MN:rest/accounts.js processRow; its balance is as old as its last change."""
    row = rest(f"{API}/accounts/{wire.operator}?limit=1")[1]
    assert sorted(row) == [
        "account",
        "alias",
        "auto_renew_period",
        "balance",
        "created_timestamp",
        "decline_reward",
        "delegation_address",
        "deleted",
        "ethereum_nonce",
        "evm_address",
        "expiry_timestamp",
        "key",
        "links",
        "max_automatic_token_associations",
        "memo",
        "pending_reward",
        "receiver_sig_required",
        "stake_period_start",
        "staked_account_id",
        "staked_node_id",
        "transactions",
    ]
    assert (row["alias"], row["staked_node_id"], row["delegation_address"]) == (None, None, "0x")
    wire.create_topic()
    row = rest(f"{API}/accounts/{wire.operator}?limit=1")[1]
    assert row["balance"]["timestamp"] == row["transactions"][0]["consensus_timestamp"]
