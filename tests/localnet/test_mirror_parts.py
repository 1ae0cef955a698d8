"""The parts of the mirror's REST API and its stream, each by itself."""

from __future__ import annotations

import asyncio
import json
from argparse import Namespace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from localnet import pb
from localnet.clock import NANOS
from localnet.mirror.hash_index import HashIndex
from localnet.mirror.rest.entity import is_alias, is_entity_id, parse_alias, parse_entity_id, write_alias
from localnet.mirror.rest.errors import ApiError, invalid, java_error, not_found
from localnet.mirror.rest.filters import Filter, parse_number
from localnet.mirror.rest.interval import Interval
from localnet.mirror.rest.java_parameters import check_timestamps, word
from localnet.mirror.rest.links import next_link
from localnet.mirror.rest.query import MAX_LIMIT, MAX_VALUES, QueryString
from localnet.mirror.rest.rows import account_row, detailed_row, key_row, message_row, topic_row, transaction_row
from localnet.mirror.rest.snapshots import Snapshots
from localnet.mirror.rest.times import Times
from localnet.mirror.signal import Signal
from localnet.mirror.stream import MirrorService
from localnet.protocol.ids import TransactionKey
from localnet.rolling_list import RollingList
from localnet.state.entities import CustomFee, Topic
from localnet.state.genesis import NodeEntry
from localnet.transactions.stages import Chunk, TopicMessage
from tests.localnet.ecdsa import EcdsaKey
from tests.localnet.stages import handled
from tests.localnet.state_at_genesis import OPERATOR, public
from tests.localnet.without_wire import Parts

KEY = TransactionKey(1001, 900, 7)


def request(path: str) -> web.Request:
    """A request as aiohttp gives it to a handler."""
    return make_mocked_request("GET", path)


def query(text: str, *known: str, **options: Any) -> QueryString:
    return QueryString(request(f"/api/v1/things?{text}"), known, **options)


def messages(error: ApiError) -> list[str]:
    body: dict[str, Any] = json.loads(error.response().text or "")
    return [one["message"] for one in body["_status"]["messages"]]


@given(st.integers(0, 1023), st.integers(0, 65_535), st.integers(0, 2**38 - 1))
def test_an_entity_id_has_three_parts(shard: int, realm: int, number: int) -> None:
    """Of which the first ones may be left out; a number of its own is one with all of them."""
    encoded = (shard << 16 | realm) << 38 | number
    text = f"{shard}.{realm}.{number}"
    assert is_entity_id(text)
    assert parse_entity_id(text) == encoded
    assert parse_entity_id(f"{number}") == number
    assert parse_entity_id("0x" + number.to_bytes(20, "big").hex()) == number


@pytest.mark.parametrize("text", ["", "a", "1.2.3.4", "0.0.1234567890123", "-1.0.5", "0x12"])
def test_what_has_not_the_form_of_an_id(text: str) -> None:
    assert not is_entity_id(text)


@given(st.binary(min_size=1, max_size=40))
def test_an_alias_is_base32(alias: bytes) -> None:
    """Without padding; in another realm there is none."""
    text = write_alias(alias)
    assert text is not None
    assert is_alias(text)
    assert parse_alias(text) == parse_alias(f"0.0.{text}") == alias
    with pytest.raises(ApiError, match="Unsupported realm 1"):
        parse_alias(f"0.1.{text}")
    assert write_alias(b"") is None
    assert not is_alias(f"0.{text}", with_place=False)


def test_errors_have_the_mirrors_shape() -> None:
    """One entry for each message; what rest-java serves says the rest beside it."""
    assert messages(invalid("limit", "order")) == ["Invalid parameter: limit", "Invalid parameter: order"]
    assert (not_found().status, messages(not_found())) == (404, ["Not found"])
    body = json.loads(java_error(400, "why").response().text or "")
    assert body == {"_status": {"messages": [{"message": "Bad Request", "detail": "why"}]}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("limit=0", ["Invalid parameter: limit"]),
        ("limit=a&order=up", ["Invalid parameter: limit", "Invalid parameter: order"]),
        ("what=1", ["Unknown query parameter: what"]),
        ("what=1&limit=0", ["Invalid parameter: limit", "Unknown query parameter: what"]),
        ("limit[a][b]=1", ["Input depth exceeded depth option of 1 and strictDepth is true"]),
        ("&".join(["limit=1"] * (MAX_VALUES + 1)), ["Array limit exceeded. Only 100 elements allowed in an array."]),
    ],
)
def test_all_that_is_wrong_with_a_query_is_told_at_once(text: str, told: list[str]) -> None:
    with pytest.raises(ApiError) as raised:
        query(text, "limit", "order")
    assert (raised.value.status, messages(raised.value)) == (400, told)


def test_a_query_is_read_as_the_mirror_reads_it() -> None:
    """Names in any case, the last of several, limits bound."""
    read = query("LIMIT=5&limit=500&order=DESC&timestamp=gt:5&timestamp=lt:9", "limit", "order", "timestamp")
    assert (read.limit, read.descending("asc"), read.path) == (MAX_LIMIT, True, "/api/v1/things")
    assert query("", "limit").limit == 25
    span = query("sequencenumber=gt:5&sequencenumber=lte:9", "sequencenumber").interval("sequencenumber", parse_number)
    assert [number for number in range(12) if number in span] == [6, 7, 8, 9]
    some = query("node.id=3&node.id=5&node.id=lt:5", "node.id").choice("node.id", parse_number)
    assert [number for number in range(12) if number in some] == [3]
    assert query("nonce=1", "nonce").last("nonce") == "1"
    flags = [query(text, "balance").flag("balance", default=True) for text in ("balance=false", "balance=TRUE", "")]
    assert flags == [False, True, True]


def test_the_next_page_goes_on_after_the_last_row() -> None:
    """With the other filters; there is none where nothing can come."""
    asked = query("timestamp=gt:5&timestamp=lt:9&limit=2", "timestamp", "limit")
    within = Interval(6, 9)
    link = next_link(asked, "timestamp", "7", within, 7, descending=False)
    assert link == "/api/v1/things?timestamp=lt:9&timestamp=gt:7&limit=2"
    assert next_link(asked, "timestamp", "8", within, 8, descending=False) is None
    assert next_link(asked, "timestamp", "6", within, 6, descending=True) is None
    equal = query("timestamp=7", "timestamp")
    assert next_link(equal, "timestamp", "7", Interval(7, 8), 7, descending=False) is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("timestamp=5&timestamp=lt:9.5", ""),
        ("timestamp=x", "Bad Request"),
        ("timestamp=1&timestamp=2&timestamp=3", "timestamp size must be between 0 and 2"),
        ("timestamp=gt:9&timestamp=lt:5", "Bad Request"),
    ],
)
def test_rest_java_reads_timestamps_of_its_own(text: str, fault: str) -> None:
    if not fault:
        check_timestamps(request(f"/?{text}"))
        return
    with pytest.raises(ApiError, match=fault):
        check_timestamps(request(f"/?{text}"))


def test_a_word_is_one_of_a_few() -> None:
    """In any case."""
    assert word(request("/?mode=state"), "mode", ("STATE", "INTRINSIC")) == "STATE"
    assert word(request("/"), "mode", ("STATE",)) is None
    with pytest.raises(ApiError):
        word(request("/?mode=x"), "mode", ("STATE",))


def test_keys_are_shown_by_their_kind() -> None:
    ecdsa = EcdsaKey()
    assert key_row(None) is None
    assert key_row(ecdsa.public) == {"_type": "ECDSA_SECP256K1", "key": ecdsa.raw.hex()}
    assert key_row(public(OPERATOR)) == {"_type": "ED25519", "key": public(OPERATOR).ed25519.hex()}
    several = pb.Key(keyList={"keys": [ecdsa.public]})
    assert key_row(several) == {"_type": "ProtobufEncoded", "key": several.SerializeToString().hex()}


def test_rows_say_what_things_are() -> None:
    """Topics, messages, transactions and accounts, with ids and timestamps in the mirror's form."""
    topic = topic_row(Topic(1_002, 5 * NANOS, 6 * NANOS, memo="m", custom_fees=(CustomFee(7, 1_001),)))
    assert (topic["topic_id"], topic["created_timestamp"], topic["memo"]) == ("0.0.1002", "5.000000000", "m")
    assert topic["custom_fees"]["fixed_fees"][0]["amount"] == 7
    message = TopicMessage(1_002, KEY, 9 * NANOS, "é".encode(), Chunk(KEY, 1, 2), 3, b"hash")
    row = message_row(message, "utf-8")
    assert (row["message"], row["sequence_number"], row["chunk_info"]["total"]) == ("é", 3, 2)
    assert row["chunk_info"]["initial_transaction_id"]["transaction_valid_start"] == "900.000000007"
    assert message_row(message)["message"] == "w6k="
    one = handled(KEY, 9 * NANOS, transfers=((2, 5), (1_001, -5)))
    shown = transaction_row(one)
    assert (shown["transaction_id"], shown["result"], shown["node"]) == ("0.0.1001-900-000000007", "SUCCESS", "0.0.3")
    assert [entry["amount"] for entry in shown["transfers"]] == [5, -5]
    assert transaction_row(one._replace(nonce=1))["node"] is None
    assert "assessed_custom_fees" not in detailed_row(one)
    assert detailed_row(one._replace(assessed=(CustomFee(7, 5),)))["assessed_custom_fees"][0]["amount"] == 7
    account = account_row(Parts().state.accounts[1_001], (5, 6 * NANOS))
    assert (account["account"], account["balance"]["balance"]) == ("0.0.1001", 5)
    assert account["evm_address"] == "0x" + (1_001).to_bytes(20, "big").hex()


def test_a_snapshot_is_the_latest_that_the_filters_leave() -> None:
    """None before the network was there; none later than the mirror shows everything."""
    parts = Parts()
    begin = parts.store.history.moment(0)
    snapshots = Snapshots(parts.store, parts.importer.complete_ns)
    assert snapshots.latest(Times()) == 0
    assert snapshots.matching([Filter("timestamp", "lt", f"{begin // NANOS}")]) is None
    assert snapshots.matching([Filter("timestamp", "gte", f"{begin // NANOS}")]) == 0
    assert snapshots.matching([Filter("timestamp", "ne", f"{begin // NANOS}")]) is None


def test_transactions_are_found_by_their_hash() -> None:
    """All with the same, in order; what is forgotten is not found."""
    items: RollingList[Any] = RollingList()
    index = HashIndex(items)
    rows = [handled(KEY, n * NANOS, digest=b"%d" % (n % 2)) for n in range(6)]
    for row in rows[:4]:
        items.append(row)
    assert index.find(b"1") == [rows[1], rows[3]]
    for row in rows[4:]:
        items.append(row)
    items.forget(2)
    assert index.find(b"1") == [rows[3], rows[5]]
    assert index.find(b"2") == []
    items.forget(4)
    assert index.find(b"1") == []


def test_a_signal_wakes_all_who_wait() -> None:
    """Once; who gives up is not remembered."""

    async def main() -> None:
        signal = Signal()
        waiting = [asyncio.create_task(signal.wait()) for _ in range(3)]
        await asyncio.sleep(0)
        signal.fire()
        await asyncio.wait_for(asyncio.gather(*waiting), 5)
        await signal.wait(timeout=0.01)
        late = asyncio.create_task(signal.wait())
        await asyncio.sleep(0)
        late.cancel()
        await asyncio.gather(late, return_exceptions=True)
        assert signal._waiters == set()

    asyncio.run(main())


class Context:
    """Of a gRPC call, as far as the service asks: where it ends."""

    def __init__(self) -> None:
        self.ended: tuple[Any, str] | None = None

    async def abort(self, code: Any, details: str) -> None:
        self.ended = code, details
        raise asyncio.CancelledError


def subscribe(parts: Parts, **fields: Any) -> tuple[list[int], str]:
    """The numbers that a subscription brings, and the words that it ends with."""
    service = MirrorService(
        parts.store, parts.clock, [NodeEntry(3, 0, "127.0.0.1", 1)], parts.faults, parts.importer.complete_ns
    )
    context = Context()

    async def main() -> list[int]:
        raw = pb.ConsensusTopicQuery(**fields).SerializeToString()
        return [
            pb.ConsensusTopicResponse.FromString(one).sequenceNumber async for one in service._subscribe(raw, context)
        ]

    try:
        return asyncio.run(main()), ""
    except asyncio.CancelledError:
        assert context.ended is not None
        return [], context.ended[1]


def test_the_mirror_serves_two_methods() -> None:
    """Any other is unimplemented."""
    parts = Parts()
    service = MirrorService(parts.store, parts.clock, [], parts.faults, parts.importer.complete_ns)
    known = ("ConsensusService/subscribeTopic", "NetworkService/getNodes")
    for method in known:
        assert service.service(Namespace(method=f"/com.hedera.mirror.api.proto.{method}")) is not None
    assert service.service(Namespace(method="/com.hedera.mirror.api.proto.NetworkService/other")) is None


def test_a_subscription_brings_what_it_asks_for() -> None:
    """From its start to its end or its limit, in the order of consensus."""
    parts = Parts()
    body = parts.body(consensusCreateTopic={"autoRenewPeriod": {"seconds": 7_776_000}})
    assert parts.submit(body) == "OK"
    (number,) = parts.store.topics
    begin = int(parts.now_s)
    for _ in range(4):
        assert (
            parts.submit(parts.body(consensusSubmitMessage={"topicID": {"topicNum": number}, "message": b"x"})) == "OK"
        )
    parts.now_s += 10
    topic = {"topicID": {"topicNum": number}, "consensusStartTime": {"seconds": begin}}
    assert subscribe(parts, **topic, limit=2) == ([1, 2], "")
    assert subscribe(parts, **topic, consensusEndTime={"seconds": begin + 5}) == ([1, 2, 3, 4], "")
    assert subscribe(parts, **{**topic, "topicID": {"topicNum": 99}})[1] == "Topic 0.0.99 does not exist"
    assert "topicId: must not be null" in subscribe(parts)[1]
    assert "End time must be after" in subscribe(parts, **topic, consensusEndTime={"seconds": begin})[1]
    later = {**topic, "consensusStartTime": {"seconds": begin + 1_000}}
    assert "before the current time" in subscribe(parts, **later)[1]
    parts.fault(kind="mirror-outage")
    assert subscribe(parts, **topic)[1] == "the mirror is out"
