"""Wallets against the relay, over HTTP: ethers, unmodified; and web3's signing library with a client of HTTP.

ethers needs what `test_javascript` needs.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from localnet import pb
from localnet.protocol.ethereum import CHAIN_ID, WEIBARS
from tests.ethereum_accounts import Account as Wallet
from tests.localnet.clients import Wire
from tests.localnet.interop.programs import INSTALL_S, RUN_S, JavaScript

if TYPE_CHECKING:
    from localnet_launcher import Localnet

HBAR = 100_000_000
WAIT_S = 10.0


def wallet_with_hbar(localnet: Localnet, hbar: int) -> Any:
    """A new wallet; a transfer to its address has made its account."""
    wallet, wire = Wallet.create(), Wire(localnet)
    to = pb.AccountID(alias=bytes.fromhex(wallet.address[2:]))
    moves = [(pb.AccountID(accountNum=wire.operator), -hbar * HBAR), (to, hbar * HBAR)]
    entries = [pb.AccountAmount(accountID=account, amount=amount) for account, amount in moves]
    wire.carry_out(wire.body(cryptoTransfer={"transfers": {"accountAmounts": entries}}))
    return wallet


@pytest.mark.timeout(INSTALL_S + RUN_S)
def test_ethers(javascript: JavaScript, localnet: Localnet) -> None:
    """It fills in what a transfer needs, waits for receipts and reads them; each type that it makes is carried out."""
    wallet = wallet_with_hbar(localnet, 100)
    out = javascript.run("ethers.mjs", ready={"relay": localnet.network.relay, "key": wallet.key.hex()})
    assert (out["chain"], out["nonce"], out["logs"], out["history"]) == (CHAIN_ID, 4, [], 3)
    assert [one["status"] for one in out["transfers"]] == [1] * 4
    assert [one["type"] for one in out["transfers"]] == [2, 0, 1, 2]
    assert [one["nonce"] for one in out["transfers"]] == [0, 1, 2, 3]
    assert all(one["same"] for one in out["transfers"])
    assert [one["gas"] == 21_000 for one in out["transfers"]] == [False, True, True, True]
    fees = sum(int(one["fee"]) for one in out["transfers"])
    assert [int(balance) for balance in out["balances"]] == [4 * HBAR * WEIBARS, 96 * HBAR * WEIBARS - fees]
    assert (out["refused"]["code"], "Insufficient funds for transfer" in out["refused"]["message"]) == (-32000, True)
    assert (out["contract"]["code"], "Unsupported operation" in out["contract"]["message"]) == (-32610, True)
    assert out["small"]["code"] == -32602


def test_in_a_batch_with_reads(localnet: Localnet) -> None:
    """A transfer may stand in a batch, and does not keep the reads beside it from their answers."""
    wallet, friend = wallet_with_hbar(localnet, 10), wallet_with_hbar(localnet, 1)
    assert localnet.network.relay is not None

    def ask(*calls: tuple[str, list[Any]]) -> list[Any]:
        batch = [
            {"jsonrpc": "2.0", "id": at, "method": name, "params": given} for at, (name, given) in enumerate(calls)
        ]
        answers = requests.post(str(localnet.network.relay), json=batch, timeout=WAIT_S).json()
        assert [one["id"] for one in answers] == list(range(len(calls)))
        return [one.get("result", one.get("error")) for one in answers]

    price = int(ask(("eth_gasPrice", []))[0], 16)
    fields = {
        "nonce": 0,
        "gas": 21_000,
        "to": friend.address,
        "value": HBAR * WEIBARS,
        "data": b"",
        "chainId": CHAIN_ID,
    }
    raw = wallet.sign_transaction({**fields, "gasPrice": price})
    digest = "0x" + bytes(raw.hash).hex()
    sent, chain, nothing = ask(
        ("eth_sendRawTransaction", ["0x" + bytes(raw.raw_transaction).hex()]),
        ("eth_chainId", []),
        ("eth_getTransactionReceipt", ["0x" + "5" * 64]),
    )
    assert (sent, chain, nothing) == (digest, hex(CHAIN_ID), None)
    deadline, receipt = time.monotonic() + WAIT_S, None
    while receipt is None and time.monotonic() < deadline:
        (receipt,) = ask(("eth_getTransactionReceipt", [digest]))
        time.sleep(0.1)
    assert receipt is not None
    row = requests.get(
        f"{localnet.network.mirror_rest}/api/v1/accounts/{wallet.address.lower()}", timeout=WAIT_S
    ).json()
    assert (row["ethereum_nonce"], row["key"]["_type"]) == (1, "ECDSA_SECP256K1")
    assert row["balance"]["balance"] == 9 * HBAR - 21_000 * price // WEIBARS
    assert row["transactions"][0]["name"] == "ETHEREUMTRANSACTION"
