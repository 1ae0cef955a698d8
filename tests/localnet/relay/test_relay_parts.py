"""The relay without a wire: requests in, answers out."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given, settings
from hypothesis import strategies as st

from localnet.protocol.ethereum import WEIBARS
from localnet.relay.blocks import block_number, count_transactions, get_block, get_block_receipts
from localnet.relay.chain import Chain
from localnet.relay.errors import RpcError
from localnet.relay.failures import GatewayError, strike
from localnet.relay.gas import gas_price
from localnet.relay.hashing import sha3
from localnet.relay.parameters import ADDRESS, BLOCK_NUMBER, BOOLEAN, HEX, check_parameters
from localnet.relay.rpc import MAX_BATCH, NAMESPACES, Caller, Rpc
from localnet.relay.server import MAX_BODY, create_relay_app
from localnet.state import fees as gas
from localnet.state.fees import ExchangeRate
from tests.localnet.without_wire import Parts

CALLER = Caller("127.0.0.1", "an-id")


@pytest.fixture
def parts() -> Parts:
    return Parts()


@pytest.fixture
def chain(parts: Parts) -> Chain:
    return Chain(parts.store, parts.blocks, parts.state.rate)


@pytest.fixture
def rpc(chain: Chain, parts: Parts) -> Rpc:
    return Rpc(chain, parts.faults)


def ask(rpc: Rpc, message: Any) -> tuple[int, Any]:
    """The answer to a message."""
    return asyncio.run(rpc.answer(json.dumps(message).encode(), CALLER))


def request(method: str, *params: Any, number: Any = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}


def test_blocks_go_on_with_time(parts: Parts, chain: Chain) -> None:
    """By tag, number and hash; the one before is named."""
    first = int(block_number(chain), 16)
    parts.now_s += 10
    assert int(block_number(chain), 16) > first
    latest = get_block(chain, "latest", full=False)
    assert latest is not None
    assert latest["number"] == block_number(chain)
    assert get_block(chain, latest["number"], full=True) == latest
    before = get_block(chain, hex(int(latest["number"], 16) - 1), full=False)
    assert before is not None
    assert before["hash"] == latest["parentHash"]
    assert get_block(chain, hex(10**9), full=False) is None
    assert count_transactions(chain, "earliest") == "0x0"
    assert get_block_receipts(chain, "latest") == []
    assert get_block_receipts(chain, hex(10**9)) is count_transactions(chain, hex(10**9)) is None


def test_gas_costs_what_the_mirror_says(chain: Chain) -> None:
    """In weibars of tinybars; never nothing."""
    assert int(gas_price(chain), 16) == gas.gas_price(chain.rate) * WEIBARS
    assert gas.gas_price(ExchangeRate(1, 12)) == gas.GAS // 12
    assert gas.gas_price(ExchangeRate(1, 10**9)) == 1


def test_hashes_are_keccak(chain: Chain) -> None:
    """A known one; half a byte is an error."""
    assert sha3(chain, "0x") == "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    with pytest.raises(RpcError) as raised:
        sha3(chain, "0x1")
    assert raised.value.code == -32603


@pytest.mark.parametrize(
    ("given_", "told"),
    [
        (["0x" + "ab" * 20, "latest"], ""),
        (["0x" + "ab" * 20, "0x10"], ""),
        (["0x" + "ab" * 20], "Missing value for required parameter 1"),
        (["0x" + "ab" * 20, "latest", 1], "Invalid params"),
        (["0x12", "latest"], "Invalid parameter 0: Expected 0x prefixed string representing the address"),
        ([None, "latest"], "Invalid parameter 0: The value passed is not valid: null."),
        (["0x" + "ab" * 20, "0x010"], "Invalid parameter 1"),
    ],
)
def test_parameters_have_their_forms(given_: list[Any], told: str) -> None:
    """All are required, unless all are optional."""
    if told:
        with pytest.raises(RpcError, match=told):
            check_parameters(given_, [[ADDRESS], [BLOCK_NUMBER]])
    else:
        check_parameters(given_, [[ADDRESS], [BLOCK_NUMBER]])
    check_parameters([], [[ADDRESS]], optional=True)
    with pytest.raises(RpcError, match=" OR "):
        check_parameters([5], [[HEX, BOOLEAN]])


leaves = st.none() | st.booleans() | st.integers() | st.text()


@settings(max_examples=25)
@given(st.recursive(leaves, lambda some: st.lists(some) | st.dictionaries(st.text(), some)))
def test_any_json_gets_an_answer_of_json_rpc(message: Any) -> None:
    """As many as there are requests."""
    parts = Parts()
    rpc = Rpc(Chain(parts.store, parts.blocks, parts.state.rate), parts.faults)
    status, answer = ask(rpc, message)
    assert isinstance(status, int)
    answers = answer if isinstance(message, list) else [answer]
    assert len(answers) == (len(message) if isinstance(message, list) else 1)
    for one in answers:
        assert one["jsonrpc"] == "2.0"
        assert ("result" in one) != ("error" in one)


def test_requests_are_answered_one_by_one_or_together(rpc: Rpc) -> None:
    """In their places; too many are refused, each."""
    assert ask(rpc, request("eth_chainId", number="x")) == (200, {"jsonrpc": "2.0", "id": "x", "result": "0x12a"})
    _, answers = ask(rpc, [request("eth_chainId"), request("eth_unknown", number=2), "nothing"])
    assert [one.get("result") or one["error"]["code"] for one in answers] == ["0x12a", -32601, -32600]
    _, answers = ask(rpc, [request("eth_chainId")] * (MAX_BATCH + 1))
    assert {one["error"]["code"] for one in answers} == {-32203}
    assert ask(rpc, request("engine_x"))[1]["error"]["message"].endswith("Unsupported JSON-RPC method")
    assert "engine" not in NAMESPACES
    for unreadable in (b"{nonsense", b'{"id": NaN}'):
        assert asyncio.run(rpc.answer(unreadable, CALLER))[1]["error"]["code"] == -32700


def test_calls_fail_on_command(parts: Parts, rpc: Rpc) -> None:
    """The ones that a fault concerns: with the limit's error, or the whole HTTP request."""
    strike(parts.faults, "eth_chainId")
    parts.fault(kind="relay-limit", count=1)
    assert ask(rpc, request("eth_chainId"))[0] == 429
    assert ask(rpc, request("eth_chainId"))[0] == 200
    parts.fault(kind="relay-error", code=502, count=1)
    with pytest.raises(GatewayError, match="Bad Gateway") as raised:
        ask(rpc, request("eth_chainId"))
    assert raised.value.status == 502


async def over_http(rpc: Rpc) -> None:
    """One path by POST, two for health; pages of any origin may ask."""
    async with TestClient(TestServer(create_relay_app(rpc))) as client:
        answer = await client.post("/any/path", json=request("eth_chainId"), headers={"Request-Id": "mine"})
        assert (await answer.json())["result"] == "0x12a"
        assert (answer.headers["X-Request-Id"], answer.headers["Vary"]) == ("mine", "Origin")
        assert (await client.get("/health/readiness")).status == 200
        refused = await client.get("/")
        assert (refused.status, (await refused.json())["error"]["code"]) == (405, -32600)
        too_long = await client.post("/", data=b"x" * (MAX_BODY + 1))
        assert (await too_long.json())["error"]["code"] == -32700
        preflight = await client.options(
            "/", headers={"Origin": "http://page", "Access-Control-Request-Method": "POST"}
        )
        assert (preflight.status, preflight.headers["Access-Control-Allow-Origin"]) == (204, "*")


def test_the_server_speaks_http(rpc: Rpc) -> None:
    """As browsers and Ethereum's tools do."""
    asyncio.run(over_http(rpc))
