"""Accounts made with the unmodified SDK, found over the mirror's REST API by all the names that they have."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from hiero_sdk_python import AccountCreateTransaction, Client, Hbar, PrivateKey, ResponseCode

if TYPE_CHECKING:
    from tests.localnet.clients import Rest

TINYBARS = 700_000_000


def test_balances_by_alias_and_by_other_shard(client: Client, rest: Rest) -> None:
    """MN:rest/balances.js parseAccountIdQueryParam: the EVM address that the SDK derives from an ECDSA key, with and
    without 0x, its base32 and its long-zero form resolve; the same number of another shard or realm has no balance.
    """
    key = PrivateKey.generate_ecdsa()
    transaction = AccountCreateTransaction().set_key_with_alias(key).set_initial_balance(Hbar(7))
    receipt = transaction.freeze_with(client).sign(key).execute(client)
    assert receipt.status == ResponseCode.SUCCESS
    account = receipt.account_id
    address = key.public_key().to_evm_address().to_string().removeprefix("0x")
    alias = base64.b32encode(bytes.fromhex(address)).decode().rstrip("=")
    expected = [{"account": str(account), "balance": TINYBARS, "tokens": []}]
    for name in (str(account), str(account.num), address, "0x" + address, alias, f"{account.num:040x}"):
        status, page = rest(f"/api/v1/balances?account.id={name}")
        assert (status, page["balances"]) == (200, expected), name
        status, row = rest(f"/api/v1/accounts/{name}?transactions=false")
        assert (status, row["account"], row["evm_address"]) == (200, str(account), "0x" + address), name
    for name in (f"1.0.{account.num}", f"0.1.{account.num}", f"1.{account.num}"):
        assert rest(f"/api/v1/balances?account.id={name}")[1]["balances"] == []
        assert rest(f"/api/v1/accounts/{name}")[0] == 404
