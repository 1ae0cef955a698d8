"""The mirror's REST API: rows, paging, filters, errors."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from localnet.protocol import running_hash

if TYPE_CHECKING:
    from localnet_launcher import Localnet
    from tests.localnet.clients import Rest, Wire

MESSAGES = 30


@pytest.fixture(scope="module")
def topic(localnet: Localnet) -> str:
    """A topic with 30 messages, `message 1` to `message 30`."""
    from tests.localnet.clients import Wire

    wire = Wire(localnet)
    number = wire.create_topic(memo="thirty")
    for n in range(1, MESSAGES + 1):
        wire.carry_out(wire.message(number, f"message {n}".encode()))
    wire.close()
    return f"0.0.{number}"


def follow(rest: Rest, path: str, name: str) -> list[Any]:
    """All rows of all pages."""
    rows: list[Any] = []
    next_path: str | None = path
    while next_path:
        assert next_path.startswith("/api/v1/")
        page = rest(next_path)[1]
        rows += page[name]
        next_path = page["links"]["next"]
    return rows


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 7, 10, 30, 100])
def test_pages_give_every_message_once(rest: Rest, topic: str, limit: int, order: str) -> None:
    """Following links.next gives each message exactly once, in the order that was asked for."""
    rows = follow(rest, f"/api/v1/topics/{topic}/messages?limit={limit}&order={order}", "messages")
    expected = list(range(1, MESSAGES + 1))
    assert [row["sequence_number"] for row in rows] == (expected if order == "asc" else expected[::-1])


def test_a_page_has_25_rows_by_default_and_100_at_most(rest: Rest, topic: str) -> None:
    """Without a limit a page has 25 rows, and more than 100 are not given."""
    page = rest(f"/api/v1/topics/{topic}/messages")[1]
    assert len(page["messages"]) == 25
    last = page["messages"][-1]["consensus_timestamp"]
    assert page["links"]["next"] == f"/api/v1/topics/{topic}/messages?timestamp=gt:{last}"
    assert rest(f"/api/v1/topics/{topic}/messages?limit=1000")[1]["links"]["next"] is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sequencenumber=7", [7]),
        ("sequencenumber=eq:7", [7]),
        ("sequencenumber=gt:28", [29, 30]),
        ("sequencenumber=gte:28", [28, 29, 30]),
        ("sequencenumber=lt:3", [1, 2]),
        ("sequencenumber=lte:3", [1, 2, 3]),
        ("sequencenumber=gt:3&sequencenumber=lte:6", [4, 5, 6]),
        ("sequencenumber=gt:30", []),
        ("sequencenumber=lt:5&order=desc&limit=2", [4, 3]),
        ("sequencenumber=99", []),
    ],
)
def test_filter_by_sequence_number(rest: Rest, topic: str, query: str, expected: list[int]) -> None:
    """`op:value` filters select exactly the rows they say."""
    rows = rest(f"/api/v1/topics/{topic}/messages?{query}")[1]["messages"]
    assert [row["sequence_number"] for row in rows] == expected


def test_filter_by_timestamp(rest: Rest, topic: str) -> None:
    """Timestamps filter with all five operators, to the nanosecond."""
    rows = rest(f"/api/v1/topics/{topic}/messages?limit=100")[1]["messages"]
    moment = rows[9]["consensus_timestamp"]

    def numbers(query: str) -> list[int]:
        page = rest(f"/api/v1/topics/{topic}/messages?limit=100&{query}")[1]
        return [row["sequence_number"] for row in page["messages"]]

    assert numbers(f"timestamp={moment}") == [10]
    assert numbers(f"timestamp=gt:{moment}") == list(range(11, 31))
    assert numbers(f"timestamp=gte:{moment}") == list(range(10, 31))
    assert numbers(f"timestamp=lt:{moment}") == list(range(1, 10))
    assert numbers(f"timestamp=lte:{moment}") == list(range(1, 11))
    assert numbers("timestamp=lt:1700000000") == []


def test_a_message_row_has_what_a_verifier_needs(rest: Rest, topic: str) -> None:
    """From the rows alone the whole chain of running hashes can be computed again."""
    previous = running_hash.INITIAL
    for row in rest(f"/api/v1/topics/{topic}/messages?limit=100")[1]["messages"]:
        seconds, nanos = map(int, row["consensus_timestamp"].split("."))
        previous = running_hash.advance(
            previous,
            payer=int(row["payer_account_id"].split(".")[2]),
            topic=int(row["topic_id"].split(".")[2]),
            seconds=seconds,
            nanos=nanos,
            sequence_number=row["sequence_number"],
            message=base64.b64decode(row["message"]),
        )
        assert row["running_hash"] == base64.b64encode(previous).decode()
        assert row["running_hash_version"] == 3
        assert row["chunk_info"] is None


def test_one_message(rest: Rest, topic: str) -> None:
    """A message is found by its sequence number and by its timestamp, and it is the same row."""
    status, row = rest(f"/api/v1/topics/{topic}/messages/12")
    assert status == 200
    assert base64.b64decode(row["message"]) == b"message 12"
    assert rest(f"/api/v1/topics/messages/{row['consensus_timestamp']}") == (200, row)
    text = rest(f"/api/v1/topics/{topic}/messages?sequencenumber=12&encoding=utf-8")[1]["messages"][0]
    assert text["message"] == "message 12"


def test_topic(rest: Rest, wire: Wire) -> None:
    """A topic's row has its keys, memo and times, and follows updates and deletion."""
    admin = Ed25519PrivateKey.from_private_bytes(b"m" * 32)
    number = wire.create_topic(wire.key, admin, adminKey=wire.public(admin), memo="before")
    status, row = rest(f"/api/v1/topics/0.0.{number}")
    assert status == 200
    assert row["admin_key"] == {"_type": "ED25519", "key": admin.public_key().public_bytes_raw().hex()}
    assert (row["memo"], row["deleted"], row["submit_key"]) == ("before", False, None)
    assert row["timestamp"]["from"] == row["created_timestamp"]
    update = wire.body(consensusUpdateTopic={"topicID": {"topicNum": number}, "memo": {"value": "after"}})
    assert wire.status(update, wire.key, admin) == "SUCCESS"
    assert wire.status(wire.body(consensusDeleteTopic={"topicID": {"topicNum": number}}), wire.key, admin) == "SUCCESS"
    changed = rest(f"/api/v1/topics/0.0.{number}")[1]
    assert (changed["memo"], changed["deleted"]) == ("after", True)
    assert changed["timestamp"]["from"] > changed["created_timestamp"] == row["created_timestamp"]


def mirror_id(body: Any) -> str:
    start = body.transactionID.transactionValidStart
    return f"0.0.{body.transactionID.accountID.accountNum}-{start.seconds}-{start.nanos:09d}"


def test_transaction(rest: Rest, wire: Wire) -> None:
    """A transaction is found by its id, with result, fee and transfers that sum to zero."""
    number = wire.create_topic()
    body = wire.message(number)
    body.memo = "what for"
    wire.carry_out(body)
    status, page = rest(f"/api/v1/transactions/{mirror_id(body)}")
    (row,) = page["transactions"]
    assert status == 200
    assert (row["name"], row["result"], row["entity_id"]) == ("CONSENSUSSUBMITMESSAGE", "SUCCESS", f"0.0.{number}")
    assert (row["node"], row["transaction_id"], row["valid_duration_seconds"]) == ("0.0.3", mirror_id(body), "120")
    assert base64.b64decode(row["memo_base64"]) == b"what for"
    assert len(base64.b64decode(row["transaction_hash"])) == 48
    assert sum(entry["amount"] for entry in row["transfers"]) == 0
    payer = next(entry for entry in row["transfers"] if entry["account"] == "0.0.1001")
    assert -payer["amount"] == row["charged_tx_fee"] > 0
    failed = wire.message(999_999)
    wire.carry_out(failed)
    assert rest(f"/api/v1/transactions/{mirror_id(failed)}")[1]["transactions"][0]["result"] == "INVALID_TOPIC_ID"


def test_transaction_list(rest: Rest, wire: Wire) -> None:
    """Transactions are listed newest first and filtered by account, result, type and direction."""
    key = wire.public(Ed25519PrivateKey.from_private_bytes(b"l" * 32))
    account = {"key": key, "initialBalance": 5, "autoRenewPeriod": {"seconds": 7_776_000}}
    number = wire.carry_out(wire.body(cryptoCreateAccount=account)).accountID.accountNum
    failed = wire.message(999_999)
    wire.carry_out(failed)
    newest = rest("/api/v1/transactions?limit=2")[1]["transactions"]
    assert newest[0]["transaction_id"] == mirror_id(failed)
    mine = follow(rest, f"/api/v1/transactions?account.id=0.0.{number}", "transactions")
    assert [row["name"] for row in mine] == ["CRYPTOCREATEACCOUNT"]
    assert rest(f"/api/v1/transactions?account.id=0.0.{number}&type=debit")[1]["transactions"] == []
    failures = rest("/api/v1/transactions?result=fail&limit=1")[1]["transactions"]
    assert failures[0]["transaction_id"] == mirror_id(failed)
    created = rest("/api/v1/transactions?transactiontype=CRYPTOCREATEACCOUNT&limit=1")[1]["transactions"]
    assert created[0]["entity_id"] == f"0.0.{number}"
    moment = newest[0]["consensus_timestamp"]
    assert rest(f"/api/v1/transactions?timestamp={moment}")[1]["transactions"] == [newest[0]]


def test_account(rest: Rest, wire: Wire) -> None:
    """An account shows key, balance and its own transactions; balances agree with the nodes'."""
    secret = Ed25519PrivateKey.from_private_bytes(b"r" * 32)
    account = {"key": wire.public(secret), "initialBalance": 77, "autoRenewPeriod": {"seconds": 7_776_000}}
    number = wire.carry_out(wire.body(cryptoCreateAccount={**account, "memo": "mine"})).accountID.accountNum
    status, row = rest(f"/api/v1/accounts/0.0.{number}")
    assert status == 200
    assert row["key"] == {"_type": "ED25519", "key": secret.public_key().public_bytes_raw().hex()}
    assert (row["balance"]["balance"], row["memo"], row["deleted"]) == (77, "mine", False)
    assert [entry["name"] for entry in row["transactions"]] == ["CRYPTOCREATEACCOUNT"]
    for query, names in {"transactiontype=FILECREATE": [], "transactions=false": []}.items():
        assert rest(f"/api/v1/accounts/0.0.{number}?{query}")[1]["transactions"] == names
    assert rest(f"/api/v1/accounts/{row['evm_address']}")[1]["account"] == f"0.0.{number}"
    page = rest(f"/api/v1/balances?account.id=0.0.{number}")[1]
    assert page["balances"] == [{"account": f"0.0.{number}", "balance": 77, "tokens": []}]
    reply = wire.query(cryptogetAccountBalance={"accountID": {"accountNum": wire.operator}})
    mirrored = rest(f"/api/v1/balances?account.id=0.0.{wire.operator}")[1]["balances"][0]["balance"]
    assert mirrored == reply.cryptogetAccountBalance.balance


def test_network_pages(rest: Rest, localnet: Localnet) -> None:
    """The address book names the nodes as the ready line does; the exchange rate is the one of the receipts."""
    status, page = rest("/api/v1/network/nodes")
    assert status == 200
    listed = {
        f"{node['service_endpoints'][0]['ip_address_v4']}:{node['service_endpoints'][0]['port']}": node[
            "node_account_id"
        ]
        for node in page["nodes"]
    }
    assert listed == localnet.network.nodes
    ids = [node["node_id"] for node in follow(rest, "/api/v1/network/nodes?limit=3&order=desc", "nodes")]
    assert ids == [3, 2, 1, 0]
    rate = rest("/api/v1/network/exchangerate")[1]
    assert rate["current_rate"]["cent_equivalent"] / rate["current_rate"]["hbar_equivalent"] == pytest.approx(
        19.9, 0.01
    )


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/topics/{topic}/messages/31", 404, "Not found"),
        ("/topics/messages/1700000000.000000001", 404, "Not found"),
        ("/transactions/0.0.2-1700000000-000000001", 404, "Not found"),
        ("/accounts/0.0.999999", 404, "Not found"),
        ("/nothing", 404, "Not found"),
        ("/topics/abc/messages", 400, "Invalid parameter: topic.id"),
        ("/topics/1.2.3.4/messages", 400, "Invalid parameter: topic.id"),
        ("/topics/{topic}/messages/0", 400, "Invalid parameter: sequencenumber"),
        ("/topics/messages/soon", 400, "Invalid parameter: consensus_timestamp"),
        ("/topics/{topic}/messages?limit=0", 400, "Invalid parameter: limit"),
        ("/topics/{topic}/messages?limit=x", 400, "Invalid parameter: limit"),
        ("/topics/{topic}/messages?order=up", 400, "Invalid parameter: order"),
        ("/topics/{topic}/messages?sequencenumber=near:3", 400, "Invalid parameter: sequencenumber"),
        ("/topics/{topic}/messages?sequencenumber=gt:x", 400, "Invalid parameter: sequencenumber"),
        ("/topics/{topic}/messages?timestamp=1.2.3", 400, "Invalid parameter: timestamp"),
        ("/topics/{topic}/messages?encoding=hex", 400, "Invalid parameter: encoding"),
        ("/topics/{topic}/messages?colour=red", 400, "Unknown query parameter: colour"),
        ("/transactions?result=maybe", 400, "Invalid parameter: result"),
        ("/transactions?account.id=x", 400, "Invalid parameter: account.id"),
        ("/transactions?transactiontype=NOTHING", 400, "Invalid parameter: transactiontype"),
        ("/transactions?type=sideways", 400, "Invalid parameter: type"),
        ("/accounts/0xzz", 400, "Invalid parameter: idOrAliasOrEvmAddress"),
        ("/balances?account.id=x", 400, "Invalid parameter: account.id"),
    ],
)
def test_errors_have_the_mirrors_shape(rest: Rest, topic: str, path: str, status: int, message: str) -> None:
    """Whatever is wrong, the body is `_status.messages` and says what."""
    answered, body = rest("/api/v1" + path.replace("{topic}", topic))
    assert (answered, body) == (status, {"_status": {"messages": [{"message": message}]}})


def test_the_mirror_lags_behind_consensus(
    start: Callable[..., Localnet], open_wire: Callable[[Localnet], Wire], open_rest: Callable[[Localnet], Rest]
) -> None:
    """With a lag, the receipt is there before the mirror knows the topic; later the mirror has it."""
    running = start("--consensus-delay", "0", "--mirror-lag", "0.5")
    wire, rest = open_wire(running), open_rest(running)
    topic = wire.create_topic()
    assert rest(f"/api/v1/topics/0.0.{topic}")[0] == 404
    deadline = time.monotonic() + 10
    while rest(f"/api/v1/topics/0.0.{topic}")[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
