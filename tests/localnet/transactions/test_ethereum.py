"""EthereumTransaction at consensus: who pays what, what fails, and what stays then."""

from __future__ import annotations

from typing import Any

import pytest

from localnet import pb
from localnet.protocol.ethereum import CHAIN_ID, WEIBARS
from localnet.state.entities import Account
from localnet.state.fees import COLLECTION_ACCOUNT, ExchangeRate, gas_price
from localnet.state.genesis import OPERATOR_NUMBER
from localnet.transactions.ethereum import creation_gas
from localnet.transactions.handle_context import HandleContext
from localnet.transactions.stages import EthereumResult
from tests.ethereum_accounts import Account as Wallet
from tests.localnet.state_at_genesis import Ledger, account_id

HBAR = 100_000_000
PRICE = gas_price(ExchangeRate())
WALLET, FRIEND, STRANGER = (Wallet.from_key(bytes([seed]) * 32) for seed in (1, 2, 3))


def address(wallet: Any) -> bytes:
    return bytes.fromhex(wallet.address[2:])


class Chain:
    """A ledger with two wallets' accounts, each made by a transfer to its address: hollow, with 10 hbar."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        for wallet in (WALLET, FRIEND):
            self.give(wallet, 10 * HBAR)

    def give(self, wallet: Any, tinybars: int) -> None:
        moves = [(account_id(OPERATOR_NUMBER), -tinybars), (pb.AccountID(alias=address(wallet)), tinybars)]
        amounts = [pb.AccountAmount(accountID=to, amount=amount) for to, amount in moves]
        self.ledger.carry_out(cryptoTransfer={"transfers": {"accountAmounts": amounts}})

    def of(self, wallet: Any) -> Account:
        found = self.ledger.state.account_by_alias(address(wallet))
        assert found is not None
        return found

    def raw(self, **fields: Any) -> bytes:
        """WALLET's next transfer of one hbar to FRIEND, unless told otherwise."""
        usual = {"nonce": self.of(WALLET).ethereum_nonce, "gas": 21_000, "to": FRIEND.address, "value": HBAR * WEIBARS}
        price = {} if "maxFeePerGas" in fields else {"gasPrice": PRICE * WEIBARS}
        signer = fields.pop("signer", WALLET)
        made = signer.sign_transaction({**usual, **price, "data": b"", "chainId": CHAIN_ID, **fields})
        return bytes(made.raw_transaction)

    def send(self, allowance: int = 0, **fields: Any) -> HandleContext:
        data = {"ethereum_data": self.raw(**fields), "max_gas_allowance": allowance}
        return self.ledger.carry_out(ethereumTransaction=data)

    def status(self, allowance: int = 0, **fields: Any) -> str:
        data = {"ethereum_data": self.raw(**fields), "max_gas_allowance": allowance}
        return self.ledger.status(ethereumTransaction=data)

    def total(self) -> int:
        return sum(account.balance for account in self.ledger.state.accounts.values())


@pytest.fixture
def chain() -> Chain:
    return Chain()


def test_a_transfer_moves_value_and_gas(chain: Chain) -> None:
    """The sender pays both; its nonce goes on, and its hollow account gets the key that signed."""
    total, sender, fees = chain.total(), chain.of(WALLET), chain.ledger.state.accounts[COLLECTION_ACCOUNT].balance
    assert sender.is_hollow
    at = chain.send()
    gas = 21_000 * PRICE
    assert chain.of(WALLET).balance == 9 * HBAR - gas
    assert chain.of(FRIEND).balance == 11 * HBAR
    assert chain.ledger.state.accounts[COLLECTION_ACCOUNT].balance == fees + gas
    assert chain.total() == total
    assert (chain.of(WALLET).ethereum_nonce, chain.of(WALLET).is_hollow) == (1, False)
    assert isinstance(at.effect, EthereumResult)
    assert (at.effect.gas_used, at.effect.gas_price, at.effect.recipient) == (21_000, PRICE, chain.of(FRIEND).number)
    assert (at.effect.sender.ethereum_nonce, at.fee) == (1, gas)
    assert [child.account.number for child in at.preceding] == [sender.number]


def test_what_is_left_of_the_gas_limit_is_not_charged(chain: Chain) -> None:
    """Nor more than the network's price, whatever is offered."""
    chain.send(gas=1_000_000, gasPrice=3 * PRICE * WEIBARS)
    assert chain.of(WALLET).balance == 9 * HBAR - 21_000 * PRICE


def test_an_address_without_an_account_gets_one(chain: Chain) -> None:
    """Paid by gas; with too little of that all of it is used, the nonce too, and nothing is moved."""
    needed = 21_000 + creation_gas(ExchangeRate())
    assert chain.status(to=STRANGER.address, gas=needed - 1) == "INSUFFICIENT_GAS"
    assert (chain.of(WALLET).ethereum_nonce, chain.of(WALLET).balance) == (1, 10 * HBAR - (needed - 1) * PRICE)
    before = chain.of(WALLET).balance
    at = chain.send(to=STRANGER.address, gas=needed + 5)
    assert chain.of(STRANGER).balance == HBAR
    assert chain.of(STRANGER).is_hollow
    assert chain.of(WALLET).balance == before - HBAR - needed * PRICE
    assert [(child.account.number, child.created) for child in at.preceding] == [(chain.of(STRANGER).number, True)]


def test_no_value_for_nobody_is_no_account(chain: Chain) -> None:
    """Nothing happens, and it succeeds."""
    at = chain.send(to=STRANGER.address, value=0)
    assert chain.ledger.state.account_by_alias(address(STRANGER)) is None
    assert isinstance(at.effect, EthereumResult)
    assert (at.effect.recipient, at.effect.gas_used) == (0, 21_000)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"chainId": 1}, "WRONG_CHAIN_ID"),
        ({"nonce": 1}, "WRONG_NONCE"),
        ({"signer": STRANGER}, "INVALID_ACCOUNT_ID"),
        ({"gasPrice": (PRICE - 1) * WEIBARS}, "INSUFFICIENT_TX_FEE"),
        ({"value": 10 * HBAR * WEIBARS}, "INSUFFICIENT_PAYER_BALANCE"),
        ({"gas": 20_999}, "INSUFFICIENT_GAS"),
        ({"to": "0x" + "00" * 20}, "INVALID_SOLIDITY_ADDRESS"),
        ({"to": b""}, "NOT_SUPPORTED"),
    ],
)
def test_what_is_refused_changes_nothing(chain: Chain, fields: dict[str, Any], status: str) -> None:
    """Neither nonce nor balance."""
    assert chain.status(**fields) == status
    assert (chain.of(WALLET).ethereum_nonce, chain.of(WALLET).balance) == (0, 10 * HBAR)


@pytest.mark.parametrize(
    ("to", "status"),
    [
        (98, "INVALID_CONTRACT_ID"),
        (802, "TRANSFER_TO_FEE_COLLECTION_ACCOUNT_NOT_ALLOWED"),
        (9_999, "INVALID_ACCOUNT_ID"),
    ],
)
def test_what_fails_in_the_call_uses_gas_and_nonce(chain: Chain, to: int, status: str) -> None:
    """Value for system accounts, and for a number that nobody has."""
    assert chain.status(to=f"0x{to:040x}", gas=50_000) == status
    assert (chain.of(WALLET).ethereum_nonce, chain.of(WALLET).balance) == (1, 10 * HBAR - 50_000 * PRICE)


def test_receivers_that_have_to_sign_get_nothing(chain: Chain) -> None:
    """Nor do deleted ones."""
    friend = chain.of(FRIEND)
    friend.receiver_signature_required = True
    assert chain.status() == "INVALID_SIGNATURE"
    friend.receiver_signature_required, friend.deleted = False, True
    assert chain.status() == "INVALID_SOLIDITY_ADDRESS"
    assert friend.balance == 10 * HBAR


@pytest.mark.parametrize(("offered", "by_relayer"), [(0, 21_000 * PRICE), (PRICE - 2, 21_000 * 2)])
def test_a_relayer_may_pay_what_the_sender_does_not(chain: Chain, offered: int, by_relayer: int) -> None:
    """Up to its allowance, and what is left of the gas goes back to it first."""
    relayer = chain.ledger.state.accounts[OPERATOR_NUMBER].balance
    fields = {"gasPrice": offered * WEIBARS}
    assert chain.status(allowance=by_relayer - 1, **fields) == "INSUFFICIENT_TX_FEE"
    chain.send(allowance=by_relayer, **fields)
    assert chain.ledger.state.accounts[OPERATOR_NUMBER].balance == relayer - by_relayer
    assert chain.of(WALLET).balance == 9 * HBAR - (21_000 * PRICE - by_relayer)


def test_the_refund_is_the_relayers_first(chain: Chain) -> None:
    """Of twice the gas, half comes back."""
    relayer = chain.ledger.state.accounts[OPERATOR_NUMBER].balance
    chain.send(allowance=10 * HBAR, gas=42_000, gasPrice=(PRICE - 2) * WEIBARS)
    assert chain.ledger.state.accounts[OPERATOR_NUMBER].balance == relayer
    assert chain.of(WALLET).balance == 9 * HBAR - 21_000 * PRICE


def test_nobody_but_its_key_signs_for_an_account(chain: Chain) -> None:
    """An account whose key was changed is not the wallet's any more."""
    chain.send()
    chain.of(WALLET).key = pb.Key(ECDSA_secp256k1=b"\x02" * 33)
    assert chain.status() == "INVALID_ETHEREUM_TRANSACTION"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"ethereum_data": b"nonsense"}, "INVALID_ETHEREUM_TRANSACTION"),
        ({"ethereum_data": b"", "call_data": {"fileNum": 150}}, "NOT_SUPPORTED"),
        ({"ethereum_data": b"", "max_gas_allowance": -1}, "NEGATIVE_ALLOWANCE_AMOUNT"),
    ],
)
def test_what_is_no_transaction_is_refused_at_precheck(chain: Chain, data: dict[str, Any], status: str) -> None:
    """As the node's pure checks do."""
    assert chain.ledger.status(ethereumTransaction=data) == status


def test_who_sends_to_himself_pays_the_gas_only(chain: Chain) -> None:
    """EIP-1559 has another field for the price."""
    chain.send(to=WALLET.address, type=2, maxFeePerGas=PRICE * WEIBARS, maxPriorityFeePerGas=0)
    assert chain.of(WALLET).balance == 10 * HBAR - 21_000 * PRICE
