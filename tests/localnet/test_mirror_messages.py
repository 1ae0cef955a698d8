"""Topics and their messages on the mirror, rule by rule. Each test names the source that the rule is from.

MN is hiero-ledger/hiero-mirror-node; its JavaScript part is `rest/`, its Java part `rest-java/`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.localnet.mirror import API, refusal, topic_with_messages

if TYPE_CHECKING:
    from tests.localnet.clients import Rest, Wire


@pytest.fixture
def topic(wire: Wire) -> str:
    """A topic with three messages."""
    return topic_with_messages(wire)


# Messages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["0", "gt:0", "gte:0", "lt:0", "eq:0", "-1", "gt:", "9223372036854775808", "1e3"])
def test_sequence_numbers_start_at_one(rest: Rest, topic: str, value: str) -> None:
    """MN:rest/utils.js filterValidityChecks: `isPositiveLong(val)`, whatever the operator."""
    answer = rest(f"{API}/topics/{topic}/messages?sequencenumber={value}")
    assert answer == refusal("Invalid parameter: sequencenumber")


def test_all_messages_are_asked_for_from_one(rest: Rest, topic: str) -> None:
    """MN:rest/utils.js isPositiveLong: 1 and the largest long are taken."""
    rows = rest(f"{API}/topics/{topic}/messages?sequencenumber=gte:1&sequencenumber=lte:9223372036854775807")[1]
    assert [row["sequence_number"] for row in rows["messages"]] == [1, 2, 3]


@pytest.mark.parametrize("topic_id", ["0.0.999999", "999999", "1.0.100", "5.1001", "0.0.1001"])
def test_an_unknown_topic_has_no_messages(rest: Rest, topic_id: str) -> None:
    """MN:rest/topicmessage.js getTopicMessages: no look at the topic itself; never 404, also for other entities."""
    expected = (200, {"links": {"next": None}, "messages": []})
    assert rest(f"{API}/topics/{topic_id}/messages") == expected
    assert rest(f"{API}/topics/{topic_id}/messages?sequencenumber=gte:1&limit=1&order=desc") == expected


@pytest.mark.parametrize("topic_id", ["abc", "1.2.3.4", "0x" + "0" * 40, "0.0.1.", "1025.99999"])
def test_the_id_of_a_topic_in_the_path_of_messages(rest: Rest, topic_id: str) -> None:
    """MN:rest/topicmessage.js validateGetTopicMessagesParams; entityId.js for what is too large for an id."""
    answer = rest(f"{API}/topics/{topic_id}/messages?limit=0")
    large = topic_id == "1025.99999"
    wrong = "Invalid parameter: limit" if large else "Invalid parameter: topic.id"
    assert answer == refusal(wrong)
    if large:
        assert rest(f"{API}/topics/{topic_id}/messages") == (200, {"links": {"next": None}, "messages": []})
        assert rest(f"{API}/topics/65536.5/messages") == refusal('Invalid entity ID "0.65536.5"')


def test_messages_take_no_ne(rest: Rest, topic: str) -> None:
    """MN:rest/topicmessage.js getRangeFromFilters."""
    for name, value in (("sequencenumber", "ne:2"), ("timestamp", "ne:1")):
        message = f"Not equal (ne) operator is not supported for {name}"
        assert rest(f"{API}/topics/{topic}/messages?{name}={value}") == refusal(message)


def test_both_parts_of_a_messages_path_are_checked(rest: Rest) -> None:
    """MN:rest/topicmessage.js validateGetSequenceMessageParams."""
    expected = refusal("Invalid parameter: topic.id", "Invalid parameter: sequencenumber")
    assert rest(f"{API}/topics/x/messages/0") == expected
    assert rest(f"{API}/topics/0.0.1/messages/1?limit=1") == refusal("Unknown query parameter: limit")


def test_a_message_has_all_fields(rest: Rest, topic: str) -> None:
    """MN:rest/viewmodel/topicMessageViewModel.js: these fields, `chunk_info` null where there is one part only."""
    row = rest(f"{API}/topics/{topic}/messages/1")[1]
    assert sorted(row) == [
        "chunk_info",
        "consensus_timestamp",
        "message",
        "payer_account_id",
        "running_hash",
        "running_hash_version",
        "sequence_number",
        "topic_id",
    ]
    assert row["chunk_info"] is None


# Topics --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic_id", "status", "message", "detail"),
    [
        ("0.0.999999", 404, "Not Found", "Entity not found: 0.0.999999"),
        ("999999", 404, "Not Found", "Entity not found: 0.0.999999"),
        ("0.0.2", 404, "Not Found", "Entity not found: 0.0.2"),
        ("1.0.100", 404, "Not Found", "Entity not found: 1.0.100"),
        ("7.100", 404, "Not Found", "Entity not found: 0.7.100"),
        ("a.b.c", 400, "Bad Request", "Invalid value for path variable 'id'"),
        ("0.0.0.2", 400, "Bad Request", "Invalid value for path variable 'id'"),
        ("9223372036854775807", 400, "Bad Request", "Invalid value for path variable 'id'"),
    ],
)
def test_a_topic_that_is_not_there(rest: Rest, topic_id: str, status: int, message: str, detail: str) -> None:
    """MN:rest-java TopicControllerTest.java (invalidId, invalidType, entityNotFound)."""
    expected = {"_status": {"messages": [{"message": message, "detail": detail}]}}
    assert rest(f"{API}/topics/{topic_id}") == (status, expected)
