"""What all lists of the mirror take and refuse, blocks, and what is not there. Each test names its source.

MN is hiero-ledger/hiero-mirror-node; its JavaScript part is `rest/`, its Java part `rest-java/`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from tests.localnet.mirror import API, refusal, topic_with_messages

if TYPE_CHECKING:
    from tests.localnet.clients import Rest, Wire


@pytest.fixture
def topic(wire: Wire) -> str:
    """A topic with three messages."""
    return topic_with_messages(wire)


# All lists -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["DESC", "Desc", "desc"])
@pytest.mark.parametrize("name", ["order", "ORDER", "Order"])
def test_order_is_taken_in_any_case(rest: Rest, topic: str, name: str, order: str) -> None:
    """MN:rest/middleware/requestHandler.js: names in lower case, and the values of `order` and `result`."""
    rows = rest(f"{API}/topics/{topic}/messages?{name}={order}&LIMIT=2")[1]
    assert [row["sequence_number"] for row in rows["messages"]] == [3, 2]
    assert "order=desc" in rows["links"]["next"]
    for path, key in (("transactions", "consensus_timestamp"), ("blocks", "number"), ("accounts", "account")):
        found = [row[key] for row in rest(f"{API}/{path}?{name}={order}")[1][path]]
        assert len(found) < 2 or float(str(found[0]).removeprefix("0.0.")) > float(str(found[1]).removeprefix("0.0."))


def test_result_and_type_are_taken_in_any_case(rest: Rest) -> None:
    """MN:rest/utils.js filterValidityChecks: isValidValueIgnoreCase, TransactionType.isValid."""
    for query in ("result=FAIL", "result=Success", "type=CREDIT", "transactiontype=cryptoTransfer"):
        assert rest(f"{API}/transactions?{query}")[0] == 200


@pytest.mark.parametrize(
    ("limit", "rows"), [("101", 3), ("1", 1), ("eq:2", 2), ("1&limit=2", 2), ("9223372036854775807", 3)]
)
def test_limits(rest: Rest, topic: str, limit: str, rows: int) -> None:
    """MN:rest/utils.js getLimitParamValue, formatComparator: the last one counts, above 100 it is 100."""
    status, page = rest(f"{API}/topics/{topic}/messages?limit={limit}")
    assert (status, len(page["messages"])) == (200, rows)


@pytest.mark.parametrize("limit", ["0", "-1", "x", "", "1.5", "9223372036854775808", "1&limit=0"])
@pytest.mark.parametrize("path", ["/topics/0.0.5/messages", "/transactions", "/accounts", "/balances", "/blocks"])
def test_limits_that_are_none(rest: Rest, path: str, limit: str) -> None:
    """MN:rest/utils.js filterValidityChecks, LIMIT: isPositiveLong, of every value that is given."""
    assert rest(f"{API}{path}?limit={limit}") == refusal("Invalid parameter: limit")


def test_all_that_is_wrong_is_told(rest: Rest) -> None:
    """MN:rest/utils.js: buildAndValidateFilters names the malformed before the unknown; validateReq goes by order."""
    query = "colour=red&limit=0&order=up&shape=round&shape=square"
    assert rest(f"{API}/transactions?{query}") == refusal(
        "Invalid parameter: limit",
        "Invalid parameter: order",
        "Unknown query parameter: colour",
        "Unknown query parameter: shape",
        "Unknown query parameter: shape",
    )
    assert rest(f"{API}/accounts?{query}") == refusal(
        "Unknown query parameter: colour",
        "Invalid parameter: limit",
        "Invalid parameter: order",
        "Unknown query parameter: shape",
    )


@pytest.mark.parametrize("path", ["/topics/0.0.5/messages", "/transactions", "/accounts", "/balances", "/blocks"])
def test_a_parameter_has_a_hundred_values_at_most(rest: Rest, path: str) -> None:
    """MN:rest/middleware/requestHandler.js: `arrayLimit` with `throwOnLimitExceeded`, as qs 6.17 words it; names in
    different cases are counted together only afterwards (utils.js isRepeatedQueryParameterValidLength).
    """
    many = "&".join(f"limit={n}" for n in range(1, 101))
    assert rest(f"{API}{path}?{many}")[0] == 200
    too_many = "Array limit exceeded. Only 100 elements allowed in an array."
    assert rest(f"{API}{path}?{many}&limit=101") == refusal(too_many)
    counted = "Parameter values count exceeds maximum number allowed: limit count: 101 max: 100"
    assert rest(f"{API}{path}?{many}&Limit=101") == refusal(counted)
    parameters = "&".join(f"p{n}=1" for n in range(1_001))
    assert rest(f"{API}{path}?{parameters}") == refusal("Parameter limit exceeded. Only 1000 parameters allowed.")
    deep = "Input depth exceeded depth option of 1 and strictDepth is true"
    assert rest(f"{API}{path}?limit[a][b]=1") == refusal(deep)
    assert rest(f"{API}{path}?limit[]=1&limit[]=2")[0] == 200


def test_the_next_link_keeps_the_other_parameters(rest: Rest, topic: str) -> None:
    """MN:rest/utils.js getPaginationLink: in their order, those of the same name together."""
    first, _, last = (row["consensus_timestamp"] for row in rest(f"{API}/topics/{topic}/messages")[1]["messages"])
    query = f"timestamp=gte:{first}&limit=1&timestamp=lte:{last}&encoding=utf-8"
    link = rest(f"{API}/topics/{topic}/messages?{query}")[1]["links"]["next"]
    expected = f"timestamp=lte:{last}&timestamp=gt:{first}&limit=1&encoding=utf-8"
    assert link == f"{API}/topics/{topic}/messages?{expected}"


# Blocks --------------------------------------------------------------------------------------------------------------


def test_block_numbers(rest: Rest) -> None:
    """MN:rest/utils.js filterValidityChecks, BLOCK_NUMBER: decimal or 0x hex, no `ne`; timestamps take `ne`."""
    genesis = rest(f"{API}/blocks/0")[1]
    for query in ("block.number=0", "block.number=0x0", "block.number=lt:0x1", "block.number=lte:0&limit=1"):
        assert rest(f"{API}/blocks?{query}")[1]["blocks"] == [genesis]
    end = genesis["timestamp"]["to"]
    assert rest(f"{API}/blocks?block.number=0&timestamp=ne:{end}")[1]["blocks"] == []
    for value in ("ne:1", "x", "-1", "0x", "0xg", "1.5"):
        assert rest(f"{API}/blocks?block.number={value}") == refusal("Invalid parameter: block.number")
    assert rest(f"{API}/blocks/latest") == refusal("Invalid parameter: hashOrNumber")
    assert rest(f"{API}/blocks/0?limit=1") == refusal("Unknown query parameter: limit")
    assert genesis["receipts_root"] is None


# What is not there ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("contracts", "contracts"),
        ("contracts/results?timestamp=gte:1&timestamp=lte:2", "results"),
        ("contracts/results/logs", "logs"),
        ("contracts/0x" + "ab" * 20 + "/results", "results"),
        ("contracts/0.0.5/results/logs", "logs"),
        ("tokens", "tokens"),
        ("schedules", "schedules"),
        ("accounts/0.0.2/tokens", "tokens"),
        ("accounts/0.0.2/nfts", "nfts"),
        ("accounts/0.0.2/allowances/crypto", "allowances"),
        ("accounts/0.0.2/rewards", "rewards"),
    ],
)
def test_lists_of_what_is_not_there(rest: Rest, path: str, name: str) -> None:
    """MN:rest, contractController.js, tokens.js, schedules.js: an empty list. JSON-RPC relays ask for them."""
    assert rest(f"{API}/{path}") == (200, {name: [], "links": {"next": None}})


@pytest.mark.parametrize(
    "path",
    [
        "contracts/0.0.1001",
        "contracts/0x" + "ab" * 20,
        "contracts/results/0x" + "ab" * 32,
        "contracts/results/0.0.2-1700000000-000000001",
        "contracts/results/0x" + "ab" * 32 + "/actions",
        "contracts/results/0x" + "ab" * 32 + "/opcodes",
        "contracts/0.0.5/results/1700000000.000000001",
        "tokens/0.0.1001",
        "tokens/0x" + "0" * 39 + "1",
        "schedules/0.0.1001",
    ],
)
def test_things_that_are_not_there(rest: Rest, path: str) -> None:
    """MN:rest/errors/notFoundError.js."""
    assert rest(f"{API}/{path}") == (404, {"_status": {"messages": [{"message": "Not found"}]}})


@pytest.mark.parametrize(
    ("path", "name"), [("contracts/x", "contractid"), ("tokens/x", "tokenid"), ("schedules/x", "scheduleid")]
)
def test_ids_of_what_could_not_be_there(rest: Rest, path: str, name: str) -> None:
    """MN:rest/constants.js filterKeys CONTRACTID, TOKENID, SCHEDULEID."""
    assert rest(f"{API}/{path}") == refusal(f"Invalid parameter: {name}")


def test_pages_of_any_origin_may_read_the_mirror(rest: Rest) -> None:
    """MN:rest/server.js `cors()`, rest-java GenericControllerAdvice.java: any page may read answers and errors."""
    for path in ("/blocks", "/transactions?limit=0", "/topics/0.0.999999", "/network/nodes"):
        answer = requests.get(rest.base + API + path, headers={"Origin": "https://wallet.example"}, timeout=10)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    asked = {"Origin": "https://wallet.example", "Access-Control-Request-Method": "GET"}
    preflight = requests.options(f"{rest.base}{API}/blocks", headers=asked, timeout=10)
    assert (preflight.status_code, preflight.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert "GET" in preflight.headers["Access-Control-Allow-Methods"]
