"""The mirror's REST pages beside topics and accounts: fees, blocks, supply, stake, nodes; and its rate limit."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import requests
from aiohttp import web
from hiero_sdk_python import (
    AccountId,
    Client,
    FileCreateTransaction,
    Hbar,
    TopicCreateTransaction,
    TopicMessageSubmitTransaction,
    TransferTransaction,
)
from hiero_sdk_python.fees.fee_estimate_mode import FeeEstimateMode
from hiero_sdk_python.query.fee_estimate_query import FeeEstimateQuery
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localnet import pb
from localnet.clock import NANOS
from localnet.mirror.blocks import BLOCK_NS, Block, Blocks
from localnet.mirror.fee_estimate import estimate_fee
from localnet.mirror.rest.interval import Interval
from localnet.mirror.rest.rate_limit import RateLimit
from localnet.mirror.store import MirrorStore
from localnet.protocol.ids import TransactionKey
from localnet.state.fees import ExchangeRate, FeeSchedule
from localnet.transactions import HANDLERS
from localnet.transactions.stages import Handled
from tests.localnet.stages import handled

if TYPE_CHECKING:
    from localnet_launcher import Localnet
    from tests.localnet.clients import Rest, Wire

WAIT_S = 10.0
KEY = {"ed25519": bytes(32)}
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy


# Fees ----------------------------------------------------------------------------------------------------------------


def test_gas_has_a_price(rest: Rest) -> None:
    """852 tinycents at 19.9 cents an hbar are 42 tinybars, for the three types that use gas, in either order."""
    page = rest("/api/v1/network/fees")[1]
    assert page["fees"] == [
        {"gas": 42, "transaction_type": name} for name in ("ContractCall", "ContractCreate", "EthereumTransaction")
    ]
    assert rest("/api/v1/network/fees?order=desc")[1]["fees"] == page["fees"][::-1]


def post(rest: Rest, body: bytes, query: str = "", kind: str = "application/protobuf") -> requests.Response:
    path = f"{rest.base}/api/v1/network/fees{query}"
    return requests.post(path, data=body, headers={"Content-Type": kind}, timeout=WAIT_S)


def test_an_estimate_is_what_is_charged(rest: Rest, wire: Wire) -> None:
    """The items add up to the total, and the total in tinybars is the fee of the very same bytes."""
    topic = wire.create_topic()
    body = wire.message(topic, b"x" * 500)
    raw = wire.sign(body)
    estimate = post(rest, raw).json()
    assert estimate["service"] == {
        "base": 700_000,
        "extras": [
            {
                "charged": 400,
                "count": 500,
                "fee_per_unit": 6_800,
                "included": 100,
                "name": "CONSENSUS_SUBMIT_MESSAGE_WITHOUT_CUSTOM_FEE_BYTES",
                "subtotal": 2_720_000,
            }
        ],
    }
    assert (estimate["node"]["base"], estimate["network"]) == (100_000, {"multiplier": 9, "subtotal": 900_000})
    assert [item["name"] for item in estimate["node"]["extras"]] == ["PROCESSING_BYTES", "SIGNATURES"]
    assert estimate["total"] == 700_000 + 2_720_000 + 1_000_000
    assert (estimate["high_volume_multiplier"], estimate["notes"]) == (1, [])
    assert post(rest, raw, "?mode=STATE&high_volume_throttle=10").json() == estimate
    wire.send(raw)
    charged = rest(f"/api/v1/transactions?account.id={wire.operator}&limit=1")[1]["transactions"][0]["charged_tx_fee"]
    rate = ExchangeRate()
    parts = (100_000, 900_000, 3_420_000)
    assert charged == sum(map(rate.to_tinybars, parts))


@pytest.mark.parametrize(
    ("data", "base"),
    [
        ({"cryptoCreateAccount": {"key": {"keyList": {"keys": [KEY] * 3}}}}, 499_000_000),
        ({"cryptoUpdateAccount": {"key": {"keyList": {"keys": [KEY] * 3}}}}, 1_200_000),
        ({"cryptoDelete": {}}, 49_000_000),
        ({"cryptoTransfer": {"transfers": {"accountAmounts": [{}] * 5}}}, 0),
        ({"consensusCreateTopic": {"adminKey": KEY, "submitKey": KEY}}, 99_000_000),
        ({"consensusUpdateTopic": {"adminKey": KEY, "submitKey": KEY}}, 1_200_000),
        ({"consensusDeleteTopic": {}}, 49_000_000),
        ({"consensusSubmitMessage": {"message": b"x" * 1_024}}, 700_000),
        ({"fileCreate": {"contents": b"x" * 3_000, "keys": {"keys": [KEY, KEY]}}}, 499_000_000),
        ({"fileAppend": {"contents": b"x" * 4_096}}, 499_000_000),
        ({"fileUpdate": {"contents": b"x", "keys": {"keys": [KEY, KEY]}}}, 499_000_000),
        ({"fileDelete": {}}, 69_000_000),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_every_price_is_explained(data: dict[str, Any], base: int) -> None:
    """What is left of a price when its items are taken away is the base price of the published schedule."""
    ((field, value),) = data.items()
    body = pb.TransactionBody(**{field: value})
    signed = pb.SignedTransaction(bodyBytes=body.SerializeToString())
    for _ in range(3):
        signed.sigMap.sigPair.add()
    raw = pb.Transaction(signedTransactionBytes=signed.SerializeToString()).SerializeToString()
    estimate = estimate_fee(raw)
    assert estimate.service_base == base
    schedule = FeeSchedule(ExchangeRate(hbar_equivalent=1, cent_equivalent=1))
    service = HANDLERS[field].price(getattr(body, field))
    assert estimate.total == schedule.transaction(size=len(raw), signatures=3, service=service).total


@pytest.mark.parametrize(
    "build",
    [
        lambda topic: TopicMessageSubmitTransaction(topic_id=topic, message="x" * 300),
        lambda topic: TopicMessageSubmitTransaction(topic_id=topic, message="x" * 2_500),
        lambda _: FileCreateTransaction().set_contents(b"y" * 2_000),
        lambda _: (
            TransferTransaction()
            .add_hbar_transfer(AccountId.from_string("0.0.1001"), -1)
            .add_hbar_transfer(AccountId.from_string("0.0.2"), 1)
        ),
    ],
    ids=["message", "chunks", "file", "transfer"],
)
def test_the_sdk_estimates_fees(client: Client, rest: Rest, build: Callable[[Any], Any]) -> None:
    """The SDK's own query gets an estimate for every kind of transaction, chunked ones too, in both modes."""
    topic = TopicCreateTransaction().execute(client).topic_id
    client.network.mirror_address = rest.base.removeprefix("http://")  # where the SDK looks for the mirror's REST
    for mode in FeeEstimateMode:
        query = FeeEstimateQuery().set_transaction(build(topic)).set_mode(mode)
        response = query.execute(client)
        extras = response.service_fee.extras + response.node_fee.extras
        parts = response.service_fee.base + response.node_fee.base + sum(extra.subtotal for extra in extras)
        assert response.total == parts + response.network_fee.subtotal
        assert response.total < Hbar(100).to_tinybars()


@pytest.mark.parametrize(
    ("body", "query", "kind", "status", "detail"),
    [
        (b"\xff", "", "application/protobuf", 400, "Unable to parse transaction"),
        (b"", "", "application/protobuf", 400, "Failed to read request"),
        (
            pb.Transaction(bodyBytes=pb.TransactionBody(memo="nothing to do").SerializeToString()).SerializeToString(),
            "",
            "application/x-protobuf",
            400,
            "Unknown transaction type",
        ),
        (b"", "?mode=GUESS", "application/protobuf", 400, "Failed to convert 'mode'"),
        (b"", "?high_volume_throttle=x", "application/protobuf", 400, "Failed to convert 'high_volume_throttle'"),
        (b"{}", "", "application/json", 415, "Content-Type 'application/json' is not supported"),
    ],
)
def test_what_cannot_be_estimated(rest: Rest, body: bytes, query: str, kind: str, status: int, detail: str) -> None:
    """A body that is no transaction is refused as MN:rest-java does (NetworkControllerTest.java)."""
    response = post(rest, body, query, kind)
    message = {400: "Bad Request", 415: "Unsupported Media Type"}[status]
    expected = {"_status": {"messages": [{"message": message, "detail": detail}]}}
    assert (response.status_code, response.json()) == (status, expected)
    assert post(rest, body, "?high_volume_throttle=10001").status_code == 400


# Blocks --------------------------------------------------------------------------------------------------------------


def test_blocks_are_listed(rest: Rest) -> None:
    """Blocks are listed newest first, filtered by number and time, page by page, and found by number and hash."""
    deadline = time.monotonic() + WAIT_S
    while len(page := rest("/api/v1/blocks?limit=100")[1]["blocks"]) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    numbers = [block["number"] for block in page]
    assert numbers == list(range(numbers[0], max(-1, numbers[0] - 100), -1))  # one page: the network may be older
    for newer, older in itertools.pairwise(page):
        assert newer["previous_hash"] == older["hash"]
        assert newer["timestamp"]["from"] > older["timestamp"]["to"] or older["number"] == 0
    block = page[0]
    assert sorted(block) == [
        "count",
        "gas_used",
        "hapi_version",
        "hash",
        "logs_bloom",
        "name",
        "number",
        "previous_hash",
        "receipts_root",
        "size",
        "timestamp",
    ]
    for name in (block["number"], block["hash"], block["hash"].removeprefix("0x"), block["hash"][:66]):
        assert rest(f"/api/v1/blocks/{name}") == (200, block)
    oldest = rest("/api/v1/blocks?order=asc&limit=2")[1]
    assert [row["number"] for row in oldest["blocks"]] == [0, 1]
    assert oldest["links"]["next"] == "/api/v1/blocks?order=asc&limit=2&block.number=gt:1"
    at = page[1]["timestamp"]["to"]
    assert [row["number"] for row in rest(f"/api/v1/blocks?timestamp={at}")[1]["blocks"]] == [page[1]["number"]]
    assert rest("/api/v1/blocks?block.number=lt:1")[1]["links"]["next"] is None


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/blocks/999999999", 404),
        ("/blocks/0x" + "a" * 96, 404),
        ("/blocks/0x12", 400),
        ("/blocks/latest", 400),
        ("/blocks?block.number=ne:1", 400),
        ("/blocks?order=up", 400),
    ],
)
def test_blocks_that_are_not_there(rest: Rest, path: str, status: int) -> None:
    """An unknown block is 404, a malformed one 400."""
    assert rest("/api/v1" + path)[0] == status


def numbered(number: int, consensus_ns: int) -> Handled:
    """A handled transaction with a key and a hash of its own."""
    digest = hashlib.sha384(str(number).encode()).digest()
    return handled(TransactionKey(1001, number, 0), consensus_ns, digest=digest)


GENESIS_NS = 1_000 * NANOS
FOREVER = 1 << 40


@unhurried
@given(
    steps=st.lists(
        st.sampled_from([1, BLOCK_NS // 2, BLOCK_NS - 1, BLOCK_NS, 5 * BLOCK_NS]) | st.integers(1, 5 * NANOS),
        max_size=40,
    ),
    looks=st.sets(st.integers(0, 40)),
    keep=st.sampled_from([1, 5, 100]),
    kept=st.sampled_from([2, 5, 1_000]),
)
def test_blocks_hold_every_transaction_once(steps: list[int], looks: set[int], keep: int, kept: int) -> None:
    """However transactions come, whenever somebody looks, and however much is kept: no transaction is in two blocks or
    in the wrong one, every block names the hash of the one before, and with room enough none is missing."""
    store, now = MirrorStore(keep), GENESIS_NS
    blocks = Blocks(store, GENESIS_NS, lambda: now, kept=kept)
    seen: dict[int, Block] = {}
    times: list[int] = []

    def look() -> None:
        seen.update((block.number, block) for block in blocks.between(0, FOREVER, descending=False))

    for index, step in enumerate(steps):
        now += step
        store.add(numbered(index, now))
        times.append(now)
        if index in looks:
            look()
    now += BLOCK_NS
    look()
    remembered = list(blocks.between(0, FOREVER, descending=True))
    assert blocks.latest() is remembered[0]
    assert remembered[0].number == (now - GENESIS_NS) // BLOCK_NS
    assert len(remembered) <= kept * 1.1
    for block in remembered:
        assert blocks.by_number(block.number) is blocks.by_hash(block.hash) is blocks.by_hash(block.hash[:32]) is block
    held = [index for block in seen.values() for index in range(block.start, block.stop)]
    assert len(held) == len(set(held))
    for number, block in seen.items():
        begin_ns = GENESIS_NS + (number - 1) * BLOCK_NS
        assert all(begin_ns <= times[index] < begin_ns + BLOCK_NS for index in range(block.start, block.stop))
        assert begin_ns <= block.from_ns <= block.to_ns < begin_ns + BLOCK_NS or number == 0
        if number - 1 in seen:
            assert block.previous_hash == seen[number - 1].hash
    if keep == 100 and kept == 1_000:
        assert held == list(range(len(times)))


# The network ---------------------------------------------------------------------------------------------------------


def test_supply(rest: Rest, wire: Wire) -> None:
    """There are fifty billion hbar; what the treasury does not hold is released. Both are also given as text."""
    page = rest("/api/v1/network/supply")[1]
    assert int(page["total_supply"]) == 50_000_000_000 * 100_000_000
    treasury = rest("/api/v1/balances?account.id=0.0.2")[1]["balances"][0]["balance"]
    assert int(page["released_supply"]) == int(page["total_supply"]) - treasury
    text = requests.get(f"{rest.base}/api/v1/network/supply?q=totalcoins", timeout=WAIT_S)
    assert (text.text, text.headers["Content-Type"]) == ("50000000000.00000000", "text/plain; charset=utf-8")


def test_stake(rest: Rest) -> None:
    """Nobody stakes, for a day at a time."""
    page = rest("/api/v1/network/stake")[1]
    assert (page["stake_total"], page["staking_period_duration"]) == (0, 1_440)
    begin, end = (float(page["staking_period"][name]) for name in ("from", "to"))
    assert begin % 86_400 == 0 < end - begin <= 86_400


def test_nodes_are_filtered(rest: Rest) -> None:
    """Nodes are those of either address book file, by node id; another file has none.

    MN:rest-java NetworkControllerTest.java (NodesEndpointTest).
    """
    assert len(rest("/api/v1/network/nodes?file.id=0.0.101")[1]["nodes"]) == 4
    assert rest("/api/v1/network/nodes?file.id=0.0.111") == (200, {"nodes": [], "links": {"next": None}})
    page = rest("/api/v1/network/nodes?node.id=gte:2&limit=1")[1]
    assert ([node["node_id"] for node in page["nodes"]], page["links"]["next"]) == (
        [2],
        "/api/v1/network/nodes?limit=1&node.id=gt:2",
    )
    both = rest("/api/v1/network/nodes?node.id=0&node.id=3&node.id=gte:1")[1]["nodes"]
    assert [node["node_id"] for node in both] == [3]


@pytest.mark.parametrize(
    ("path", "message", "detail"),
    [
        ("/network/nodes?file.id=x", "Invalid parameter: file.id", None),
        ("/network/nodes?node.id=x", "Invalid parameter: node.id", None),
        ("/network/nodes?limit=0", "Invalid parameter: limit", None),
        ("/network/nodes?order=up", "Invalid parameter: order", None),
        ("/network/nodes?colour=red", "Unknown query parameter: colour", None),
        ("/network/nodes?limit=1&limit=2", "Bad Request", "Only a single instance is supported for limit"),
        ("/network/supply?q=all", "Bad Request", "Failed to convert 'q'"),
        ("/network/supply?timestamp=soon", "Bad Request", "Failed to convert 'timestamp'"),
        ("/network/fees?timestamp=ne:1", "Bad Request", "Failed to convert 'timestamp'"),
        ("/network/exchangerate?timestamp=gt:2&timestamp=lt:1", "Bad Request", "Invalid range provided for timestamp"),
        ("/network/supply?timestamp=1&timestamp=lt:2&timestamp=gt:0", "timestamp size must be between 0 and 2", None),
    ],
)
def test_what_the_network_pages_refuse(rest: Rest, path: str, message: str, detail: str | None) -> None:
    """What MN:rest-java serves has messages of its own (NetworkControllerTest.java)."""
    said = {"message": message} | ({} if detail is None else {"detail": detail})
    assert rest("/api/v1" + path) == (400, {"_status": {"messages": [said]}})


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("transactiontype=CONSENSUSCREATETOPIC&transactiontype=cryptotransfer", {"CONSENSUSCREATETOPIC"}),
        ("transactiontype=CONSENSUSSUBMITMESSAGE&result=success", {"CONSENSUSSUBMITMESSAGE"}),
        ("account.id=0.0.1001&type=debit", {"CONSENSUSCREATETOPIC", "CONSENSUSSUBMITMESSAGE"}),
        (
            "account.id=gte:0.0.802&account.id=lt:0.0.803&type=credit",
            {"CONSENSUSCREATETOPIC", "CONSENSUSSUBMITMESSAGE"},
        ),
        ("account.id=0.0.802&account.id=0.0.803&type=debit", set()),
        ("type=credit&type=debit", set()),
        ("transactiontype=TOKENCREATION", set()),
    ],
)
def test_transactions_are_filtered(rest: Rest, wire: Wire, query: str, expected: set[str]) -> None:
    """Filters of one kind that say "equal" are alternatives; those of different kinds must all be met."""
    body = wire.message(wire.create_topic())
    wire.carry_out(body)
    newest = rest("/api/v1/transactions?limit=2")[1]["transactions"]
    since = newest[-1]["consensus_timestamp"]
    rows = rest(f"/api/v1/transactions?timestamp=gte:{since}&{query}")[1]["transactions"]
    assert {row["name"] for row in rows} == expected


def test_a_page_that_can_have_no_follower_names_none(rest: Rest, wire: Wire) -> None:
    """A full page has no next one where the filters leave nothing after it."""
    topic = wire.create_topic()
    for n in range(3):
        wire.carry_out(wire.message(topic, b"%d" % n))
    path = f"/api/v1/topics/0.0.{topic}/messages"
    first, second, _ = (row["consensus_timestamp"] for row in rest(path)[1]["messages"])
    assert rest(f"{path}?limit=1&timestamp=eq:{first}")[1]["links"]["next"] is None
    assert rest(f"{path}?limit=2&timestamp=lte:{second}")[1]["links"]["next"] is None
    assert rest(f"{path}?limit=2&order=desc&timestamp=gte:{second}")[1]["links"]["next"] is None
    assert rest(f"{path}?limit=1&timestamp=gte:{first}")[1]["links"]["next"] is not None


@unhurried
@given(low=st.integers(0, 9), high=st.integers(0, 9), last=st.integers(0, 9), descending=st.booleans())
def test_an_interval_knows_what_may_come(low: int, high: int, last: int, descending: bool) -> None:
    """Something may come after a value exactly if the interval holds a value on that side of it."""
    interval = Interval(low, high)
    rest_of_it = [value for value in range(10) if value in interval and (value < last if descending else value > last)]
    assert interval.leaves(last, descending=descending) == bool(rest_of_it)


# The rate limit ------------------------------------------------------------------------------------------------------


def test_too_many_requests_are_refused(start: Callable[..., Localnet], open_rest: Callable[[Localnet], Rest]) -> None:
    """With a limit an address that asks too fast gets 429 in the mirror's shape, and an answer when it slows down."""
    running = start("--mirror-rate-limit", "5")
    rest, path = open_rest(running), "/api/v1/network/exchangerate"
    answers = [rest(path) for _ in range(200)]
    refused = [body for status, body in answers if status == 429]
    assert answers[0][0] == 200
    assert refused[0] == {"_status": {"messages": [{"message": "Too Many Requests"}]}}
    deadline = time.monotonic() + WAIT_S
    while rest(path)[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.3)


@unhurried
@given(
    rate=st.integers(1, 5),
    requests=st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.5, 1.1, 5.0]), st.sampled_from("ab")), max_size=60),
)
def test_a_bucket_never_lets_more_through(rate: int, requests: list[tuple[float, str]]) -> None:
    """In no span of time does an address get more than its burst and the rate times the span; who waits, gets in."""
    now, taken = 0.0, {"a": [], "b": []}
    limit = RateLimit(rate, lambda: now)
    for pause, address in requests:
        now += pause
        allowed = limit.take(address)
        if pause > 1.0:
            assert allowed
        if allowed:
            taken[address].append(now)
    for times in taken.values():
        for first in range(len(times)):
            for last in range(first, len(times)):
                assert last - first + 1 <= rate + rate * (times[last] - times[first]) + 1e-6


def test_routes_are_those_of_the_docs(rest: Rest) -> None:
    """Every path that docs/localnet-mirror.md names is served, and every path that is served is named there."""
    from pathlib import Path

    from localnet.mirror.rest import create_app
    from localnet.mirror.rest.accounts import Accounts
    from localnet.mirror.rest.blocks import BlockPages
    from localnet.mirror.rest.fees import FeePages
    from localnet.mirror.rest.network import NetworkPages
    from localnet.mirror.rest.topics import Topics
    from localnet.mirror.rest.transactions import Transactions
    from localnet.mirror.rest.unsupported import Absent

    pages: list[Any] = [
        kind.__new__(kind) for kind in (Topics, Transactions, Accounts, Absent, BlockPages, FeePages, NetworkPages)
    ]
    routes = create_app(pages).router.routes()
    served = {f"{route.method} {route.resource.canonical}" for route in routes if route.method != "HEAD"}
    docs = Path(__file__).resolve().parents[2] / "docs" / "localnet-mirror.md"
    named = {
        line.split("`")[1]
        for line in docs.read_text(encoding="utf-8").splitlines()
        if line.startswith(("| `GET ", "| `POST "))
    }
    assert served == named
    assert isinstance(create_app(pages), web.Application)


def test_public_mirrors_limits_are_the_default() -> None:
    """docs.hedera.com, mirror node REST API: 50 requests a second from one address; `--limits off` and 0 mean none."""
    from dataclasses import replace

    from localnet.process.options import parse_options

    unset = parse_options([])
    assert unset.mirror_requests_per_second == 50
    assert replace(unset, limits="off").mirror_requests_per_second == 0
    assert parse_options(["--mirror-rate-limit", "0"]).mirror_requests_per_second == 0
    assert replace(parse_options(["--mirror-rate-limit", "7"]), limits="off").mirror_requests_per_second == 7
