"""eth_sendRawTransaction without a wire: what the relay refuses, and with which words; and what reads agree on then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from grpc_http2.server import RpcError as CallError
from grpc_http2.server import StatusCode
from localnet import pb
from localnet.protocol.ethereum import CHAIN_ID, WEIBARS
from localnet.protocol.status import codes
from localnet.relay.accounts import get_balance, get_code, get_transaction_count
from localnet.relay.blocks import get_block, get_block_receipts
from localnet.relay.chain import Chain
from localnet.relay.errors import RpcError
from localnet.relay.gas import estimate_gas, fee_history
from localnet.relay.logs import get_logs
from localnet.relay.prechecks import MAX_BYTES, MAX_DATA_BYTES, checksummed
from localnet.relay.sending import ATTEMPTS, Call, Sender
from localnet.relay.transactions import get_receipt, get_transaction, get_transaction_in_block
from localnet.state.fees import gas_price
from localnet.state.genesis import OPERATOR_NUMBER
from tests.ethereum_accounts import Account as Wallet
from tests.localnet.state_at_genesis import account_id
from tests.localnet.without_wire import NODES, Parts

HBAR = 100_000_000
WALLET, FRIEND, STRANGER = (Wallet.from_key(bytes([seed]) * 32) for seed in (1, 2, 3))

DOWN = CallError(StatusCode.UNAVAILABLE, "down")


class Relay:
    """A relay before a network without a wire, on which a wallet and its friend have 100 hbar each.

    Attributes:
        waited: Seconds that the sender has slept; the network's time goes on with them.
    """

    def __init__(self) -> None:
        self.parts = Parts()
        self.waited: list[float] = []
        for wallet in (WALLET, FRIEND):
            self.give(wallet)
        self.parts.now_s += 5
        chain = Chain(self.parts.store, self.parts.blocks, self.parts.state.rate)
        self.calls: list[tuple[int, Call]] = [(number, self.call_of(number)) for number in NODES]
        self.sender = Sender(chain, self.calls, self.parts.cache.get, self.parts.clock, self.sleep)
        self.chain = replace(chain, send=self.sender.send)
        self.price = gas_price(chain.rate) * WEIBARS

    def call_of(self, number: int) -> Callable[[bytes], bytes]:
        return lambda raw: self.parts.handler.submit(raw, number)

    def give(self, wallet: Any) -> None:
        moves = [(account_id(OPERATOR_NUMBER), -100 * HBAR), (pb.AccountID(alias=raw_address(wallet)), 100 * HBAR)]
        entries = [pb.AccountAmount(accountID=to, amount=amount) for to, amount in moves]
        assert self.parts.submit(self.parts.body(cryptoTransfer={"transfers": {"accountAmounts": entries}})) == "OK"

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.parts.now_s += seconds

    def sign(self, **fields: Any) -> str:
        """A transfer of one hbar from WALLET to FRIEND, unless told otherwise, in hex."""
        usual = {"nonce": 0, "gas": 21_000, "to": FRIEND.address, "value": HBAR * WEIBARS, "chainId": CHAIN_ID}
        price = {} if "maxFeePerGas" in fields else {"gasPrice": self.price}
        signer = fields.pop("signer", WALLET)
        made = signer.sign_transaction({**usual, **price, "data": b"", **fields})
        return "0x" + bytes(made.raw_transaction).hex()

    def send(self, raw: str = "", **fields: Any) -> str:
        self.parts.now_s += 0.001
        return asyncio.run(self.sender.send(raw or self.sign(**fields)))

    def refusal(self, raw: str = "", **fields: Any) -> tuple[int, str]:
        """Code and message of what must be refused."""
        with pytest.raises(RpcError) as refused:
            self.send(raw, **fields)
        return refused.value.code, refused.value.message


def raw_address(wallet: Any) -> bytes:
    return bytes.fromhex(wallet.address[2:])


@pytest.fixture
def relay() -> Relay:
    return Relay()


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        ({"chainId": 1}, -32000, "ChainId (0x1) not supported. The correct chainId is 0x12a"),
        (
            {"gas": 20_999},
            -32003,
            "Transaction gas limit provided '20999' is insufficient of intrinsic gas required '21000'",
        ),
        ({"gas": 15_000_001}, -32005, "Transaction gas limit '15000001' exceeds max gas per sec limit '15000000'"),
        (
            {"value": WEIBARS - 1},
            -32602,
            "Value can't be non-zero and less than 10_000_000_000 wei which is 1 tinybar",
        ),
        ({"value": 101 * HBAR * WEIBARS}, -32000, "Insufficient funds for transfer"),
        ({"nonce": 7}, -32000, "Nonce too high. Provided nonce: 7, current nonce: 0"),
        ({"signer": STRANGER}, -32001, f"Requested resource not found. address '{STRANGER.address}'."),
        ({"to": b""}, -32610, "Unsupported operation. Contracts cannot be created here."),
        (
            {"type": 1, "accessList": [{"address": FRIEND.address, "storageKeys": []}], "gas": 50_000},
            -32601,
            "Not yet implemented",
        ),
        (
            {"to": "0x" + "0" * 40},
            -32003,
            "Transaction rejected: INVALID_SOLIDITY_ADDRESS - receipt contained error status INVALID_SOLIDITY_ADDRESS",
        ),
        (
            {"data": b"\1" * (MAX_DATA_BYTES + 1), "gas": 14_000_000},
            -32201,
            "Oversized data: call data size 131073, call data size limit 131072",
        ),
    ],
)
def test_what_is_refused_says_why(relay: Relay, fields: dict[str, Any], code: int, message: str) -> None:
    """With the relay's own codes and messages; nothing of it is left on its way."""
    assert relay.refusal(**fields) == (code, message)
    assert get_transaction_count(relay.chain, WALLET.address, "pending") == "0x0"
    assert relay.send().startswith("0x")


def test_the_gas_price_may_be_a_tinybar_too_low_for_the_relay(relay: Relay) -> None:
    """Then the network decides, and charges nothing; lower ones the relay refuses by itself."""
    price = relay.price - 2 * WEIBARS
    assert relay.refusal(gasPrice=price) == (
        -32009,
        f"Gas price '{price}' is below configured minimum gas price '{relay.price}'",
    )
    digest = relay.send(gasPrice=relay.price - WEIBARS)
    assert len(digest) == 66  # INSUFFICIENT_TX_FEE is not among the statuses that the relay tells
    assert get_transaction_count(relay.chain, WALLET.address, "latest") == "0x0"


@pytest.mark.parametrize(
    ("raw", "code", "message"),
    [
        ("0x", -32000, "Invalid arguments: unsigned transaction cannot be empty"),
        ("0x123", -32000, "Invalid arguments: invalid BytesLike value"),
        ("0x03c0", -32611, "Unsupported transaction type: txType=3"),
        ("0x04c0", -32610, "Unsupported operation. There are no contracts here to delegate to."),
        ("0x05c0", -32000, "Invalid arguments: unsupported transaction type: 5"),
    ],
)
def test_what_is_no_transaction_is_told(relay: Relay, raw: str, code: int, message: str) -> None:
    """By its first byte, or by its form."""
    assert relay.refusal(raw) == (code, message)


def test_too_many_bytes_are_told(relay: Relay) -> None:
    """Data that are just short enough in a transaction that is not: with a very long access list."""
    keys = [f"0x{number:064x}" for number in range(4_100)]
    listed = [{"address": FRIEND.address, "storageKeys": keys}]
    code, message = relay.refusal(type=1, accessList=listed, gas=14_000_000)
    assert (code, message.endswith(f"transaction limit {MAX_BYTES}")) == (-32201, True)


def test_receivers_that_have_to_sign_are_refused(relay: Relay) -> None:
    """Since their signature cannot be in it."""
    friend = relay.parts.store.account_by_alias(raw_address(FRIEND))
    assert friend is not None
    friend.receiver_signature_required = True
    assert relay.refusal() == (-32000, "Operation is not supported when receiver's signature is enabled.")


def test_the_same_bytes_do_nothing_twice(relay: Relay) -> None:
    """A second time its nonce is too low, and the receipt of the first is there under the same hash."""
    raw = relay.sign()
    digest = relay.send(raw)
    assert relay.refusal(raw) == (-32000, "Nonce too low. Provided nonce: 0, current nonce: 1")
    relay.parts.now_s += 5
    receipt = get_receipt(relay.chain, digest)
    assert receipt is not None
    assert receipt["status"] == "0x1"


def test_reads_agree_with_what_was_sent(relay: Relay) -> None:
    """Transaction, receipt, block, nonce and balances; nothing of it before the block is closed."""
    digest = relay.send(gas=30_000)
    assert get_receipt(relay.chain, digest) is get_transaction(relay.chain, digest) is None
    typed = relay.send(nonce=1, type=2, maxFeePerGas=relay.price, maxPriorityFeePerGas=0)
    relay.parts.now_s += 5
    receipt, one = get_receipt(relay.chain, digest), get_transaction(relay.chain, digest)
    assert receipt is not None
    assert one is not None
    assert receipt.keys() >= {"logs", "logsBloom", "root", "type"}
    friend, wallet = FRIEND.address.lower(), WALLET.address.lower()
    assert (receipt["from"], receipt["to"], receipt["gasUsed"], receipt["status"]) == (wallet, friend, "0x5208", "0x1")
    assert (one["from"], one["to"], one["nonce"], one["value"]) == (wallet, friend, "0x0", hex(HBAR * WEIBARS))
    assert (one["gas"], one["gasPrice"], one["type"], one["chainId"]) == (hex(30_000), hex(relay.price), "0x0", "0x12a")
    block = get_block(relay.chain, receipt["blockNumber"], full=False)
    assert block is not None
    assert block["hash"] == receipt["blockHash"] == one["blockHash"]
    assert block["transactions"] == [digest, typed]
    assert block["gasUsed"] == hex(2 * 21_000)
    whole = get_block(relay.chain, receipt["blockHash"], full=True)
    second = get_transaction(relay.chain, typed)
    assert whole is not None
    assert whole["transactions"] == [one, second]
    assert second is not None
    assert (second["gasPrice"], second["maxFeePerGas"], second["yParity"]) == (
        "0x0",
        hex(relay.price // WEIBARS),
        second["v"],
    )
    receipts = get_block_receipts(relay.chain, receipt["blockNumber"])
    assert receipts == [receipt, get_receipt(relay.chain, typed)]
    assert receipts[1]["cumulativeGasUsed"] == hex(2 * 21_000)
    place = (receipt["blockNumber"], receipt["transactionIndex"])
    assert get_transaction_in_block(relay.chain, *place) == one
    assert get_transaction_in_block(relay.chain, place[0], "0x999") is None
    assert get_transaction_in_block(relay.chain, hex(10**9), "0x0") is None
    assert get_transaction_count(relay.chain, WALLET.address, "latest") == "0x2"
    assert get_balance(relay.chain, FRIEND.address, "latest") == hex(102 * HBAR * WEIBARS)
    assert get_balance(relay.chain, WALLET.address, "latest") == hex(98 * HBAR * WEIBARS - 2 * 21_000 * relay.price)


def test_a_failed_call_has_a_receipt(relay: Relay) -> None:
    """Its answer is the hash; that it failed, and why, the receipt tells."""
    digest = relay.send(to=STRANGER.address)
    relay.parts.now_s += 5
    receipt = get_receipt(relay.chain, digest)
    assert receipt is not None
    assert (receipt["status"], receipt["contractAddress"], receipt["to"]) == ("0x0", None, STRANGER.address.lower())
    assert bytes.fromhex(receipt["revertReason"][2:]) == b"INSUFFICIENT_GAS"
    assert get_transaction_count(relay.chain, WALLET.address, "latest") == "0x1"


def test_nonces_of_the_past_are_remembered(relay: Relay) -> None:
    """A block that is not among the newest has the nonce that its last transaction left."""
    before = int(relay.chain.blocks.latest().number)
    relay.send()
    relay.parts.now_s += 4
    between = relay.chain.blocks.latest().number
    relay.send(nonce=1)
    relay.parts.now_s += 60
    count = lambda block: get_transaction_count(relay.chain, WALLET.address, block)  # noqa: E731
    assert (count(hex(before)), count(hex(between)), count("latest")) == ("0x0", "0x1", "0x2")
    assert (count("earliest"), count("0x1")) == ("0x0", "0x0")
    assert get_transaction_count(relay.chain, STRANGER.address, hex(between)) == "0x0"
    with pytest.raises(RpcError, match="Unknown block"):
        count(hex(10**9))
    latest = relay.chain.block("latest")
    assert latest is not None
    assert count("0x" + latest.hash[:32].hex()) == "0x2"


def broken(error: BaseException | int) -> Call:
    """A node that fails, or answers a status."""

    def call(_: bytes) -> bytes:
        if isinstance(error, BaseException):
            raise error
        return bytes(pb.TransactionResponse(nodeTransactionPrecheckCode=error).SerializeToString())

    return call


@pytest.mark.parametrize("failure", [DOWN, codes.BUSY])
def test_a_node_that_fails_is_passed_over(relay: Relay, failure: Any) -> None:
    """The next one is asked, a quarter of a second later."""
    relay.sender = Sender(
        relay.chain, [(3, broken(failure)), relay.calls[1]], relay.parts.cache.get, relay.parts.clock, relay.sleep
    )
    assert relay.send().startswith("0x")
    assert relay.waited == [0.25]


@pytest.mark.parametrize(
    ("failure", "code", "message"),
    [
        (
            CallError(StatusCode.UNAVAILABLE, "down"),
            -32000,
            "Consensus node error: UNAVAILABLE (14): no node could be reached",
        ),
        (codes.BUSY, -32003, "Transaction rejected: BUSY - receipt contained error status BUSY"),
    ],
)
def test_when_every_node_fails_the_caller_is_told(relay: Relay, failure: Any, code: int, message: str) -> None:
    """After ten attempts, which wait ever longer."""
    relay.sender = Sender(relay.chain, [(3, broken(failure))], relay.parts.cache.get, relay.parts.clock, relay.sleep)
    assert relay.refusal() == (code, message)
    assert relay.waited == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0][: ATTEMPTS - 1]


def test_a_lost_answer_is_looked_for(relay: Relay) -> None:
    """It had arrived, so it is not sent again; its receipt tells."""

    def arrives(raw: bytes) -> bytes:
        relay.calls[0][1](raw)
        raise CallError(StatusCode.UNAVAILABLE, "Socket closed")

    relay.sender = Sender(relay.chain, [(3, arrives)], relay.parts.cache.get, relay.parts.clock, relay.sleep)
    assert relay.send().startswith("0x")
    assert relay.waited == []


def test_without_consensus_there_is_a_timeout(relay: Relay) -> None:
    """And its nonce stays on its way, since it may still be carried out."""
    relay.sender = Sender(relay.chain, [(3, broken(codes.OK))], lambda _: None, relay.parts.clock, relay.sleep)
    assert relay.refusal() == (-32010, "Request timeout. Please try again.")
    assert get_transaction_count(relay.chain, WALLET.address, "pending") == "0x1"
    assert get_transaction_count(relay.chain, WALLET.address, "latest") == "0x0"


def test_gas_is_estimated_and_has_a_history(relay: Relay) -> None:
    """That of a transfer, and of an account to be made; the price is the same in every block."""
    assert estimate_gas(relay.chain, {"to": FRIEND.address, "value": "0x1"}) == hex(21_000)
    assert estimate_gas(relay.chain, {"to": FRIEND.address, "data": "0x0001"}) == hex(21_050)
    assert int(estimate_gas(relay.chain, {"to": STRANGER.address, "value": "0x1"}), 16) > 500_000
    assert estimate_gas(relay.chain, {"to": STRANGER.address}) == hex(21_000)
    for call, code in (({"value": "0x1"}, -32610), ({"to": FRIEND.address, "data": "0x1"}, -32602)):
        with pytest.raises(RpcError) as refused:
            estimate_gas(relay.chain, call)
        assert refused.value.code == code
    relay.parts.now_s += 30
    newest = relay.chain.blocks.latest().number
    history = fee_history(relay.chain, "0x3", "latest", [25, 75])
    assert history == {
        "baseFeePerGas": [hex(relay.price)] * 4,
        "gasUsedRatio": [0.5] * 3,
        "oldestBlock": hex(newest - 2),
        "reward": [["0x0", "0x0"]] * 3,
    }
    assert len(fee_history(relay.chain, "0x400", hex(newest))["gasUsedRatio"]) == 10
    assert fee_history(relay.chain, "0x0", "latest") == {"gasUsedRatio": None, "oldestBlock": "0x0"}
    assert fee_history(relay.chain, "0x5", "0x2")["oldestBlock"] == "0x1"
    with pytest.raises(RpcError, match="Request beyond head block: requested 1000000000, head"):
        fee_history(relay.chain, "0x1", hex(10**9))
    with pytest.raises(RpcError, match="size 101 is greater than the maximum allowed size 100"):
        fee_history(relay.chain, "0x1", "latest", [1] * 101)


def test_a_filter_of_logs_is_checked_and_finds_none(relay: Relay) -> None:
    """There are no contracts that could have written any."""
    relay.parts.now_s += 2_500
    latest = relay.chain.blocks.latest()
    newest = hex(latest.number)
    topic = "0x" + "1" * 64
    for wanted in (
        {},
        {"fromBlock": "0x1", "toBlock": "0x5", "topics": [topic, None, [topic]]},
        {"blockHash": "0x" + latest.hash[:32].hex(), "address": [WALLET.address, FRIEND.address]},
        {"fromBlock": "0x1", "toBlock": "latest", "address": WALLET.address},
        {"fromBlock": newest, "toBlock": hex(latest.number + 9)},
    ):
        assert get_logs(relay.chain, wanted) == []
    refused = [
        ({"fromBlock": "0x1", "toBlock": "latest"}, -32000, "Exceeded maximum block range: 1000"),
        ({"fromBlock": "0x5", "toBlock": "0x1"}, -39013, "Invalid block range"),
        ({"toBlock": "0x1"}, -32011, "Provided toBlock parameter without specifying fromBlock"),
        ({"blockHash": topic, "fromBlock": "0x1"}, -32602, "Can't use both blockHash and toBlock/fromBlock"),
        ({"from": "0x1"}, -32602, "Invalid parameter 'from' for FilterObject: Unknown parameter"),
        ({"address": None}, -32602, "Invalid parameter 'address' for FilterObject: Expected 0x prefixed string"),
        ({"topics": "0x1"}, -32602, "Invalid parameter 'topics' for FilterObject: Expected an array"),
    ]
    for wanted, code, message in refused:
        with pytest.raises(RpcError) as error:
            get_logs(relay.chain, wanted)
        assert error.value.code == code
        assert message in error.value.message
    assert get_code(relay.chain, WALLET.address, "latest") == "0x"


def test_addresses_have_the_capitals_of_eip_55() -> None:
    """As wallets show them."""
    for wallet in (WALLET, FRIEND, STRANGER):
        assert checksummed(raw_address(wallet)) == wallet.address
