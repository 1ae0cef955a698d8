"""The JSON-RPC relay over HTTP: methods, batches, errors, limits, health, CORS."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
import requests

from localnet.relay.errors import RpcError
from localnet.relay.limits import TIER_2, WINDOW_S, RateLimits
from localnet.relay.methods import METHODS
from tests.localnet.ecdsa import EcdsaKey

if TYPE_CHECKING:
    from localnet_launcher import Localnet
    from tests.localnet.clients import Rest, Wire

WEIBARS = 10_000_000_000
WAIT_S = 10.0


class Relay:
    """Calls methods of a relay by POST."""

    def __init__(self, url: str) -> None:
        self.url = url

    def post(self, body: bytes | None = None, **arguments: Any) -> requests.Response:
        return requests.post(self.url, data=body, timeout=WAIT_S, **arguments)

    def request(self, method: str, *params: Any) -> requests.Response:
        return self.post(json={"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)})

    def __call__(self, method: str, *params: Any) -> Any:
        """The result of a call that must succeed."""
        response = self.request(method, *params)
        body = response.json()
        assert (response.status_code, body["jsonrpc"], body["id"]) == (200, "2.0", 7), body
        return body["result"]

    def error(self, method: str, *params: Any) -> tuple[int, int, str]:
        """HTTP status, code and message (without the request's id) of a call that must fail."""
        return failure(self.request(method, *params))


def failure(response: requests.Response) -> tuple[int, int, str]:
    error = response.json()["error"]
    prefix = f"[Request ID: {response.headers['X-Request-Id']}] "
    assert error["message"].startswith(prefix)
    return response.status_code, error["code"], error["message"].removeprefix(prefix)


@pytest.fixture
def relay(localnet: Localnet) -> Relay:
    """The shared network's relay."""
    assert localnet.network.relay is not None
    return Relay(localnet.network.relay)


@pytest.mark.parametrize(
    ("method", "result"),
    [
        ("eth_chainId", "0x12a"),
        ("net_version", "298"),
        ("net_listening", True),
        ("eth_gasPrice", hex(42 * WEIBARS)),  # 852 tinycents at 19.9 cents an hbar
        ("eth_accounts", []),
        ("eth_syncing", False),
    ],
)
def test_methods_that_need_no_parameters(relay: Relay, method: str, result: Any) -> None:
    """What a client asks first is what it would be told on a local network."""
    assert relay(method) == result
    assert requests.post(relay.url, json={"jsonrpc": "2.0", "id": 7, "method": method}, timeout=WAIT_S).ok


def test_client_version_names_the_relay(relay: Relay) -> None:
    """The version has the relay's form."""
    assert relay("web3_clientVersion").startswith("relay/")


def test_balance_is_in_weibars(relay: Relay, wire: Wire) -> None:
    """A balance is found by the long-zero form of a number and by an alias; who is unknown has nothing."""
    owner = EcdsaKey()
    alias, secret = owner.address, owner.public
    account = {"key": secret, "initialBalance": 123, "autoRenewPeriod": {"seconds": 7_776_000}, "alias": alias}
    number = wire.carry_out(wire.body(cryptoCreateAccount=account)).accountID.accountNum
    for address in (f"0x{number:040x}", "0x" + alias.hex(), "0x" + alias.hex().upper()):
        assert relay("eth_getBalance", address, "latest") == hex(123 * WEIBARS)
    assert relay("eth_getBalance", "0x" + "f" * 40, "latest") == "0x0"


def test_blocks_agree_with_the_mirror(relay: Relay, rest: Rest, wire: Wire) -> None:
    """A block is the mirror's: same number, hash (shortened), chain of hashes, time and count."""
    wire.create_topic()
    deadline = time.monotonic() + WAIT_S
    while int(relay("eth_blockNumber"), 16) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    number = int(relay("eth_blockNumber"), 16)
    row = rest(f"/api/v1/blocks/{number}")[1]
    block = relay("eth_getBlockByNumber", hex(number), False)
    assert block == relay("eth_getBlockByHash", row["hash"][:66], False)
    assert (block["number"], block["hash"], block["parentHash"]) == (
        hex(number),
        row["hash"][:66],
        row["previous_hash"][:66],
    )
    assert block["timestamp"] == hex(int(row["timestamp"]["from"].split(".")[0]))
    assert relay("eth_getBlockTransactionCountByNumber", hex(number)) == hex(row["count"])
    within = "&".join(f"timestamp={name}:{row['timestamp'][end]}" for name, end in (("gte", "from"), ("lte", "to")))
    ethereum = rest(f"/api/v1/transactions?transactiontype=ETHEREUMTRANSACTION&{within}")[1]["transactions"]
    assert len(block["transactions"]) == len(ethereum)  # other tests share this network
    before = relay("eth_getBlockByNumber", hex(number - 1), False)
    assert before["hash"] == block["parentHash"]
    assert relay("eth_getBlockByNumber", "earliest", False)["number"] == "0x0"
    assert int(relay("eth_getBlockByNumber", "latest", False)["number"], 16) >= number
    assert relay("eth_getBlockByNumber", hex(number + 1_000), False) is None
    assert relay("eth_getBlockByHash", "0x" + "0" * 64, False) is None


@pytest.mark.parametrize(
    ("method", "params", "expected"),
    [
        ("eth_nothing", [], (400, -32601, "Method eth_nothing not found")),
        ("nothing", [], (400, -32601, "Method nothing not found")),
        ("engine_getPayloadV1", [], (400, -32601, "Unsupported JSON-RPC method")),
        ("eth_coinbase", [], (400, -32601, "Unsupported JSON-RPC method")),
        ("eth_sendRawTransaction", ["0x"], (400, -32000, "Invalid arguments: unsigned transaction cannot be empty")),
        ("net_peerCount", [], (400, -32601, "Unsupported JSON-RPC method")),
        ("trace_block", [], (400, -32601, "Not yet implemented")),
        ("eth_getBalance", [], (400, -32602, "Missing value for required parameter 0")),
        ("eth_getBalance", ["0x" + "0" * 40], (400, -32602, "Missing value for required parameter 1")),
        ("eth_getBlockByNumber", ["latest", True, 3], (400, -32602, "Invalid params")),
        (
            "eth_getBalance",
            ["0x12", "latest"],
            (
                400,
                -32602,
                "Invalid parameter 0: Expected 0x prefixed string representing the address (20 bytes), value: 0x12",
            ),
        ),
        (
            "eth_getBlockByNumber",
            ["0x01", False],
            (
                400,
                -32602,
                "Invalid parameter 0: Expected 0x prefixed hexadecimal block number, or the string "
                '"latest", "earliest" or "pending", value: 0x01',
            ),
        ),
        (
            "eth_getBlockByNumber",
            ["latest", "no"],
            (400, -32602, "Invalid parameter 1: Expected boolean type, value: no"),
        ),
    ],
)
def test_wrong_calls(relay: Relay, method: str, params: list[Any], expected: tuple[int, int, str]) -> None:
    """What cannot be answered says why, with the relay's codes and messages."""
    assert relay.error(method, *params) == expected


@pytest.mark.parametrize("method", sorted(METHODS))
def test_no_method_fails_on_whatever_it_is_given(relay: Relay, method: str) -> None:
    """Any parameters are answered with a result or with an error about them, never with an accident."""
    for params in ([], [None], [{}, []], ["latest", False], ["0x" + "0" * 64, False], {"a": 1}, "text", 1.5):
        body = relay.post(json={"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).json()
        assert "result" in body or body["error"]["code"] in (-32601, -32602, -32610)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{", (400, -32700, "Parse error")),
        (b"\xff\xfe", (400, -32700, "Parse error")),
        (b"7", (400, -32700, "Parse error")),
        (b'{"jsonrpc":"2.0","id":NaN,"method":"eth_chainId"}', (400, -32700, "Parse error")),
        (b"[" * 100_000, (400, -32700, "Parse error")),
        (b'"' + b"x" * 2_000_000 + b'"', (400, -32700, "Parse error")),
        (b"", (400, -32600, "Invalid Request")),
        (b'{"jsonrpc":"2.0","method":"eth_chainId"}', (400, -32600, "Invalid Request")),
        (b'{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}', (400, -32600, "Invalid Request")),
        (b'{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}', (400, -32600, "Invalid Request")),
        (b'{"jsonrpc":"2.0","id":1,"method":5}', (400, -32600, "Invalid Request")),
    ],
)
def test_bodies_that_are_no_request(relay: Relay, body: bytes, expected: tuple[int, int, str]) -> None:
    """A body that is not JSON or no request is refused with HTTP 400."""
    assert failure(relay.post(body)) == expected


def test_a_batch_is_answered_in_order(relay: Relay) -> None:
    """Each request of a batch gets its own answer in its place, errors too, with HTTP 200."""
    batch = [
        {"jsonrpc": "2.0", "id": "a", "method": "eth_chainId"},
        {"jsonrpc": "2.0", "id": None, "method": "net_version", "params": []},
        {"jsonrpc": "2.0", "id": 2, "method": "eth_nothing"},
        {"id": 3},
        "text",
        {"jsonrpc": "2.0", "id": 4, "method": "eth_newFilter", "params": [{}]},
    ]
    response = relay.post(json=batch)
    answers = response.json()
    assert response.status_code == 200
    assert [answer["id"] for answer in answers] == ["a", None, 2, 3, None, 4]
    assert [answer.get("result") for answer in answers[:2]] == ["0x12a", "298"]
    assert [answer["error"]["code"] for answer in answers[2:]] == [-32601, -32600, -32600, -32007]
    assert relay.post(b"[]").json() == []


def test_a_batch_holds_a_hundred_requests(relay: Relay) -> None:
    """One more, and every place of the answer says so."""
    request = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"}
    assert {answer["result"] for answer in relay.post(json=[request] * 100).json()} == {"0x12a"}
    response = relay.post(json=[request] * 101)
    assert (response.status_code, len(response.json())) == (200, 101)
    assert response.json()[100]["error"]["code"] == -32203


def test_health_and_other_http_methods(relay: Relay) -> None:
    """Health is a GET, and everything else by GET is told that only POST is allowed."""
    for path in ("/health/liveness", "/health/readiness"):
        response = requests.get(relay.url + path, timeout=WAIT_S)
        assert (response.status_code, response.text) == (200, "OK")
    response = requests.get(relay.url, timeout=WAIT_S)
    assert (response.status_code, response.json()["error"]["code"]) == (405, -32600)


def test_pages_of_any_origin_may_ask(relay: Relay) -> None:
    """A browser's preflight is answered, and the answer to a request may be read by any page."""
    origin = {"Origin": "https://wallet.example"}
    preflight = requests.options(
        relay.url,
        headers={**origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"},
        timeout=WAIT_S,
    )
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Methods"] == "GET,POST"
    assert preflight.headers["Access-Control-Allow-Headers"] == "content-type"
    response = relay.post(json={"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"}, headers=origin)
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_an_address_may_not_call_without_end(start: Callable[..., Localnet]) -> None:
    """With --relay-rate-limit on, a method is refused with 429 beyond its limit; another method is not."""
    running = start("--relay-rate-limit", "on")
    assert running.network.relay is not None
    relay = Relay(running.network.relay)
    request = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"}
    for _ in range(TIER_2 // 100):
        assert all("result" in answer for answer in relay.post(json=[request] * 100).json())
    assert relay.error("eth_chainId") == (429, -32605, "IP Rate limit exceeded on eth_chainId")
    assert relay("net_version") == "298"


def test_a_window_ends() -> None:
    """After a minute an address may call again; addresses and methods are counted apart."""
    now = 0.0
    limits = RateLimits(lambda: now)
    for _ in range(3):
        limits.count("a", "m", 3)
    limits.count("b", "m", 3)
    limits.count("a", "n", 3)
    with pytest.raises(RpcError):
        limits.count("a", "m", 3)
    now = WINDOW_S
    with pytest.raises(RpcError):
        limits.count("a", "m", 3)
    now = WINDOW_S + 0.1
    limits.count("a", "m", 3)


@pytest.fixture
def inject(localnet: Localnet) -> Iterator[Callable[..., None]]:
    """Adds a fault to the shared network and ends it after the test."""
    url, headers = f"{localnet.network.control}/faults", {"Authorization": f"Bearer {localnet.token}"}

    def add(**spec: Any) -> None:
        requests.post(url, json=spec, headers=headers, timeout=WAIT_S).raise_for_status()

    yield add
    requests.delete(url, headers=headers, timeout=WAIT_S).raise_for_status()


def test_the_limit_is_exceeded_on_command(relay: Relay, inject: Callable[..., None]) -> None:
    """The fault relay-limit refuses the methods in its scope as the limit would, for as many calls as it was told."""
    inject(kind="relay-limit", operations=["eth_blockNumber"], count=2)
    expected = (429, -32605, "IP Rate limit exceeded on eth_blockNumber")
    assert relay("eth_chainId") == "0x12a"
    assert relay.error("eth_blockNumber") == expected
    batch = [{"jsonrpc": "2.0", "id": n, "method": "eth_blockNumber"} for n in range(2)]
    assert ["error" in answer for answer in relay.post(json=batch).json()] == [True, False]


def test_the_relay_fails_on_command(relay: Relay, inject: Callable[..., None]) -> None:
    """The fault relay-error answers with an HTTP error and no JSON, whole batches too, and ends."""
    inject(kind="relay-error", code=502, count=2)
    response = relay.request("eth_chainId")
    assert (response.status_code, response.text) == (502, "Bad Gateway")
    response = relay.post(json=[{"jsonrpc": "2.0", "id": 1, "method": "net_version"}] * 3)
    assert (response.status_code, response.text) == (502, "Bad Gateway")
    assert relay("eth_chainId") == "0x12a"


def test_a_block_takes_as_much_gas_as_on_the_network(relay: Relay) -> None:
    """RELAY:src/relay/lib/config/blockGasLimit.ts: 150,000,000 since version 0.69 of the network."""
    assert relay("eth_getBlockByNumber", "latest", False)["gasLimit"] == hex(150_000_000)


@pytest.mark.parametrize(
    ("method", "params", "result"),
    [
        ("eth_getUncleByBlockHashAndIndex", ["0x" + "0" * 64, "0x0"], None),
        ("eth_getUncleByBlockNumberAndIndex", ["latest", "0x0"], None),
        ("eth_getUncleCountByBlockHash", ["0x" + "0" * 64], "0x0"),
        ("eth_getUncleCountByBlockNumber", ["earliest"], "0x0"),
        ("eth_getUncleCountByBlockNumber", [], "0x0"),
        ("eth_getTransactionByHash", ["0x" + "0" * 64], None),
        ("eth_getTransactionReceipt", ["0x" + "0" * 64], None),
        ("eth_getTransactionByBlockHashAndIndex", ["0x" + "0" * 64, "0x0"], None),
        ("eth_getTransactionByBlockNumberAndIndex", ["latest", "0x0"], None),
        ("eth_getBlockReceipts", ["latest"], []),
        ("eth_getBlockReceipts", ["0x0"], []),
        ("eth_getBlockReceipts", [hex(2**40)], None),
        ("eth_getBlockReceipts", ["0x" + "0" * 64], None),
        ("web3_sha3", ["0x"], "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        ("web3_sha3", ["0x68656c6c6f"], "0x1c8aff950685c2ed4bc3174f3472287b56d9517b9c948127319a09a7a36deac8"),
    ],
)
def test_methods_about_what_is_not_there(relay: Relay, method: str, params: list[Any], result: Any) -> None:
    """RELAY:src/relay/lib/eth.ts, BlockService.ts (uncles), blockWorker.ts (receipts), web3.ts: they are answered."""
    assert relay(method, *params) == result


@pytest.mark.parametrize(
    ("method", "params", "expected"),
    [
        (
            "web3_sha3",
            ["abc"],
            (400, -32602, "Invalid parameter 0: Expected 0x prefixed hexadecimal value, value: abc"),
        ),
        ("web3_sha3", ["0x1"], (500, -32603, "Unknown error invoking RPC")),
        ("web3_sha3", [], (400, -32602, "Missing value for required parameter 0")),
        ("eth_getUncleCountByBlockNumber", ["latest", 1], (400, -32602, "Invalid params")),
        ("eth_getProof", [], (400, -32601, "Unsupported JSON-RPC method")),
        ("eth_createAccessList", [], (400, -32601, "Unsupported JSON-RPC method")),
    ],
)
def test_what_such_methods_refuse(relay: Relay, method: str, params: list[Any], expected: tuple[int, int, str]) -> None:
    """RELAY:src/relay/lib/validators/types.ts (`hex`) and eth.ts; half a byte is an accident of keccak256 there too."""
    assert relay.error(method, *params) == expected
