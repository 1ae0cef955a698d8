"""Transactions on the mirror, rule by rule. Each test names the source that the rule is from.

MN is hiero-ledger/hiero-mirror-node; its JavaScript part is `rest/`, its Java part `rest-java/`.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from localnet import pb
from localnet.mirror.rest.filters import Filter
from localnet.mirror.rest.times import DAY_NS, Times, Window
from tests.localnet.mirror import API, RENEWAL, refusal, the_transaction

if TYPE_CHECKING:
    from tests.localnet.clients import Rest, Wire

NO_ID = (
    'Invalid Transaction id. Please use "shard.realm.num-sss-nnn" format where sss are seconds and nnn are nanoseconds'
)


def test_a_transaction_is_found_by_its_hash(rest: Rest, wire: Wire) -> None:
    """MN:rest/transactionHash.js and transactions.js: hex with or without 0x, base64 and base64url."""
    rows = []
    for n in range(20):  # so many that the hashes in base64 have all characters that URLs must do without
        body = wire.message(wire.create_topic(), b"%d" % n)
        wire.carry_out(body)
        rows.append(the_transaction(rest, body))
    assert any(set("+/") & set(row["transaction_hash"]) for row in rows)
    for row in rows:
        text = row["transaction_hash"]
        hexadecimal = base64.b64decode(text).hex()
        url_safe = text.replace("+", "-").replace("/", "_")
        for name in (hexadecimal, "0x" + hexadecimal, hexadecimal.upper(), url_safe, quote(text, safe="")):
            assert rest(f"{API}/transactions/{name}") == (200, {"transactions": [row]})
    assert rest(f"{API}/transactions/{hexadecimal}?nonce=1")[0] == 404
    assert rest(f"{API}/transactions/{hexadecimal}?scheduled=true")[0] == 404
    unknown = {"_status": {"messages": [{"message": "Not found"}]}}
    assert rest(f"{API}/transactions/{'ab' * 48}") == (404, unknown)
    assert rest(f"{API}/transactions/{'A' * 64}") == (404, unknown)


@pytest.mark.parametrize(
    "text",
    ["0.0.2@1700000000.1", "0.0.2@1700000000.000000001", "0.0.2-1-2-3", "2-1-2", "0.0.2-1700000000", "x", "ab" * 47],
)
def test_what_is_neither_id_nor_hash(rest: Rest, text: str) -> None:
    """MN:rest/transactionId.js fromString."""
    assert rest(f"{API}/transactions/{text}") == refusal(NO_ID)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("nonce=x", "Invalid parameter: nonce"),
        ("nonce=-1", "Invalid parameter: nonce"),
        ("nonce=2147483648", "Invalid parameter: nonce"),
        ("nonce=gt:1", "Invalid parameter: nonce"),
        ("scheduled=maybe", "Invalid parameter: scheduled"),
        ("limit=1", "Unknown query parameter: limit"),
    ],
)
def test_parameters_of_one_transaction(rest: Rest, query: str, message: str) -> None:
    """MN:rest/utils.js filterValidityChecks, NONCE and SCHEDULED; they are looked at before the id."""
    assert rest(f"{API}/transactions/x?{query}") == refusal(message)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("timestamp=gt:1&timestamp=gt:2", "Multiple gt or gte operators not permitted for timestamp param"),
        ("timestamp=gt:1&timestamp=gte:1", "Multiple gt or gte operators not permitted for timestamp param"),
        ("timestamp=lt:1&timestamp=lte:2", "Multiple lt or lte operators not permitted for timestamp param"),
        ("timestamp=1&timestamp=gt:1", "Cannot combine eq with ne, gt, gte, lt, or lte for timestamp param"),
        ("timestamp=1&timestamp=ne:1", "Cannot combine eq with ne, gt, gte, lt, or lte for timestamp param"),
        ("timestamp=12345678901", "Invalid parameter: timestamp"),
        ("timestamp=1.1234567890", "Invalid parameter: timestamp"),
        ("timestamp=near:1", "Invalid parameter: timestamp"),
        ("timestamp[gt]=1", "Invalid parameter: timestamp"),
    ],
)
@pytest.mark.parametrize("path", ["/transactions", "/accounts/0.0.2"])
def test_timestamps_that_do_not_go_together(rest: Rest, path: str, query: str, message: str) -> None:
    """MN:rest/utils.js parseTimestampFilters, for lists of transactions and for an account with its transactions."""
    assert rest(f"{API}{path}?{query}") == refusal(message)


def test_timestamps_that_do(rest: Rest, wire: Wire) -> None:
    """MN:rest/transactions.js: `ne` excludes; the same `eq` twice is one; two different ones are none."""
    body = wire.message(wire.create_topic())
    wire.carry_out(body)
    at = the_transaction(rest, body)["consensus_timestamp"]

    def found(query: str) -> list[str]:
        status, page = rest(f"{API}/transactions?{query}&limit=1")
        assert status == 200
        return [row["consensus_timestamp"] for row in page["transactions"]]

    assert found(f"timestamp=ne:{at}&timestamp=lte:{at}") != [at]
    assert found(f"timestamp=ne:1&timestamp=lte:{at}") == [at]
    assert found(f"timestamp={at}&timestamp=eq:{at}") == [at]
    assert found(f"timestamp={at}&timestamp=1") == []
    assert found(f"timestamp=gt:{at}&timestamp=lt:{at}") == []
    nothing = {"_status": {"messages": [{"message": "Timestamp range is empty"}]}}
    assert rest(f"{API}/accounts/0.0.2?timestamp=gt:{at}&timestamp=lt:{at}") == (404, nothing)


def test_who_is_excluded(rest: Rest, wire: Wire) -> None:
    """MN:rest/transactions.js extractSqlFromTransactionsRequest: `account.id=ne:` is a condition like the others."""
    body = wire.message(wire.create_topic())
    wire.carry_out(body)
    at = the_transaction(rest, body)["consensus_timestamp"]
    query = f"{API}/transactions?timestamp={at}&type=debit"
    assert len(rest(f"{query}&account.id=ne:0.0.5")[1]["transactions"]) == 1
    assert rest(f"{query}&account.id=ne:0.0.{wire.operator}")[1]["transactions"] == []


def test_an_address_that_is_no_number_is_not_looked_up(rest: Rest, wire: Wire) -> None:
    """MN:rest/entityId.js getEncodedId: null for it, and nothing is equal to null; the long-zero form is a number."""
    status, page = rest(f"{API}/transactions?account.id=0x{'ab' * 20}")
    assert (status, page["transactions"]) == (200, [])
    wire.create_topic()
    assert rest(f"{API}/transactions?account.id={wire.operator:040x}&limit=1")[1]["transactions"]
    assert rest(f"{API}/transactions?account.id=1.0.{wire.operator}")[1]["transactions"] == []


@pytest.mark.parametrize("order", ["desc", "asc"])
def test_a_list_of_transactions_looks_at_sixty_days(rest: Rest, wire: Wire, order: str) -> None:
    """MN:rest/timestampRange.js bindTimestampRange, which public mirrors use: the page is short or empty, and there is
    a next one all the same; whoever goes on until there is none finds everything once.
    """
    account = {"key": wire.public(wire.key), "initialBalance": 5, "autoRenewPeriod": RENEWAL}
    number = wire.carry_out(wire.body(cryptoCreateAccount=account)).accountID.accountNum
    path: str | None = f"{API}/transactions?account.id=0.0.{number}&order={order}"
    link = f"{API}/accounts/0.0.{number}?order={order}"
    wire.carry_out(wire.body(cryptoTransfer=transfer(wire, number)))
    assert rest(link)[1]["links"]["next"] is not None
    pages = []
    while path is not None:
        page = rest(path)[1]
        pages.append([row["name"] for row in page["transactions"]])
        path = page["links"]["next"]
    both = ["CRYPTOCREATEACCOUNT", "CRYPTOTRANSFER"]
    assert pages == ([both[::-1], []] if order == "desc" else [[], both])


def transfer(wire: Wire, number: int) -> dict[str, Any]:
    amounts = [
        pb.AccountAmount(accountID=pb.AccountID(accountNum=account), amount=amount)
        for account, amount in ((wire.operator, -1), (number, 1))
    ]
    return {"transfers": {"accountAmounts": amounts}}


@pytest.mark.parametrize(
    ("filters", "descending", "looked_at", "following"),
    [
        ([], True, (940, 1_000), 940),
        ([], False, (100, 160), 160),
        (["lt:500"], True, (440, 500), 440),
        (["gte:500"], False, (500, 560), 560),
        (["gte:940"], True, (940, 1_000), None),
        (["gte:939"], True, (940, 1_000), 940),
        (["gte:200", "lt:300"], True, (240, 300), 240),
        (["gte:200", "lt:260"], False, (200, 260), None),
        (["500"], True, (0, None), None),
    ],
)
def test_sixty_days_of_a_thousand(
    filters: list[str], descending: bool, looked_at: tuple[int, int | None], following: int | None
) -> None:
    """MN:rest/timestampRange.js bindTimestampRange, on day 1,000 of a mirror whose first transaction is of day 100. The
    numbers are days; the last is excluded.
    """
    window = Window(lambda: 1_000 * DAY_NS - 1, 100 * DAY_NS)
    seconds = [re.sub(r"\d+", lambda day: str(int(day[0]) * 86_400), text) for text in filters]
    times = Times.of([Filter.of("timestamp", text) for text in seconds])
    bound, place = window.bind(times, descending=descending)
    if looked_at[1] is not None:
        assert (bound.first, bound.last) == (looked_at[0] * DAY_NS, looked_at[1] * DAY_NS - 1)
    expected = None if following is None else following * DAY_NS - (0 if descending else 1)
    assert place == expected
    assert Window(lambda: 1_000 * DAY_NS, None).bind(times, descending=descending) == (times, None)


def test_a_short_span_is_looked_at_at_once(rest: Rest, wire: Wire) -> None:
    """MN:rest/timestampRange.js: no next page where the filters leave 60 days or less, or one moment."""
    body = wire.message(wire.create_topic())
    wire.carry_out(body)
    at = the_transaction(rest, body)["consensus_timestamp"]
    for query in (f"timestamp=gte:{at}", f"timestamp={at}", f"timestamp=gte:{at}&timestamp=lte:{at}"):
        assert rest(f"{API}/transactions?{query}&account.id=0.0.{wire.operator}")[1]["links"]["next"] is None
    assert rest(f"{API}/transactions?timestamp=gte:0&result=fail")[1]["links"]["next"] is not None


@pytest.mark.parametrize(
    ("data", "entity"),
    [
        ({"consensusSubmitMessage": {"topicID": {"topicNum": 999_999}, "message": b"x"}}, "0.0.999999"),
        ({"consensusSubmitMessage": {"topicID": {"shardNum": 1, "topicNum": 100}, "message": b"x"}}, "1.0.100"),
        ({"consensusUpdateTopic": {"topicID": {"topicNum": 999_999}}}, "0.0.999999"),
        ({"consensusDeleteTopic": {"topicID": {"realmNum": 3, "topicNum": 5}}}, "0.3.5"),
        ({"fileAppend": {"fileID": {"fileNum": 999_998}, "contents": b"x"}}, "0.0.999998"),
        ({"fileDelete": {"fileID": {"fileNum": 999_998}}}, "0.0.999998"),
        ({"cryptoUpdateAccount": {"accountIDToUpdate": {"accountNum": 999_997}}}, "0.0.999997"),
        ({"consensusCreateTopic": {"memo": "x" * 200, "autoRenewPeriod": RENEWAL}}, None),
        ({"consensusCreateTopic": {"autoRenewPeriod": {"seconds": 1}}}, None),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_a_failed_transaction_names_what_its_body_names(
    rest: Rest, wire: Wire, data: dict[str, Any], entity: str | None
) -> None:
    """MN:importer, ConsensusSubmitMessageTransactionHandler.getEntity and the others': the id in the body, whatever the
    result and wherever it points to; what was to be created has none.
    """
    body = wire.body(**data)
    assert wire.precheck(body) == "OK"
    row = the_transaction(rest, body)
    assert row["result"] != "SUCCESS"
    assert row["entity_id"] == entity
