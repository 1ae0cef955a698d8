"""`/api/v1/topics`: topics (MN:rest-java, TopicController.java) and their messages (MN:rest/topicmessage.js)."""

from __future__ import annotations

import re
from typing import Final

from aiohttp import web

from localnet.clock import format_timestamp
from localnet.mirror.rest.entity import is_entity_id, parse_entity_id
from localnet.mirror.rest.errors import ApiError, invalid, java_error, not_found
from localnet.mirror.rest.filters import parse_number, parse_timestamp
from localnet.mirror.rest.links import next_link
from localnet.mirror.rest.query import QueryString
from localnet.mirror.rest.rows import message_row, topic_row
from localnet.mirror.store import MirrorStore
from localnet.protocol.ids import encode_entity, format_entity
from localnet.rolling_list import RollingList
from localnet.transactions.stages import TopicMessage, consensus_ns

_MESSAGE_PARAMETERS: Final = ("encoding", "limit", "order", "sequencenumber", "timestamp")
_ID: Final = re.compile(r"(?:([0-9]{1,4})\.)?(?:([0-9]{1,5})\.)?([0-9]{1,12})")


class Topics:
    """The handlers of the topic paths."""

    def __init__(self, store: MirrorStore) -> None:
        self._store = store

    def routes(self) -> list[web.RouteDef]:
        """What to serve where."""
        return [
            web.get("/api/v1/topics/messages/{timestamp}", self.message_at),
            web.get("/api/v1/topics/{id}", self.topic),
            web.get("/api/v1/topics/{id}/messages", self.messages),
            web.get("/api/v1/topics/{id}/messages/{sequence}", self.message),
        ]

    async def topic(self, request: web.Request) -> web.Response:
        """One topic. It takes no parameters, and passes over those that it is given."""
        parts = _ID.fullmatch(request.match_info["id"])
        if parts is None:
            raise java_error(400, "Invalid value for path variable 'id'")
        first, second, last = parts.groups()
        shard, realm = (int(first), int(second)) if second else (0, int(first or 0))
        number = encode_entity(shard, realm, int(last))
        if number is None:
            raise java_error(400, f"Invalid entity ID: {shard}.{realm}.{last}")
        known = self._store.topics.get(number)
        if known is None:
            raise java_error(404, f"Entity not found: {format_entity(number)}")
        return web.json_response(topic_row(known.topic))

    async def messages(self, request: web.Request) -> web.Response:
        """A page of a topic's messages, oldest first by default; of a topic that is not there, an empty one."""
        text = request.match_info["id"]
        if not is_entity_id(text, addresses=False):
            raise invalid("topic.id")
        query = QueryString(request, _MESSAGE_PARAMETERS)
        for one in (*query.filters("sequencenumber"), *query.filters("timestamp")):
            if one.operator == "ne":
                raise ApiError(400, f"Not equal (ne) operator is not supported for {one.name}")
        limit, descending = query.limit, query.descending("asc")
        sequence = query.interval("sequencenumber", parse_number)
        timestamp = query.interval("timestamp", parse_timestamp)
        messages = self._messages(text)
        # Sequence numbers and timestamps both grow along the list, so a filter is a span of it.
        start = max(
            messages.first_index(sequence.low, _sequence_number), messages.first_index(timestamp.low, consensus_ns)
        )
        stop = min(
            messages.first_index(sequence.high, _sequence_number), messages.first_index(timestamp.high, consensus_ns)
        )
        start, stop = (max(start, stop - limit), stop) if descending else (start, min(stop, start + limit))
        rows = list(messages.span(start, stop, descending=descending))
        link = None
        if len(rows) == limit:
            last_ns = rows[-1].consensus_ns
            link = next_link(query, "timestamp", format_timestamp(last_ns), timestamp, last_ns, descending=descending)
        encoding = (query.last("encoding") or "base64").lower()
        return web.json_response({"links": {"next": link}, "messages": [message_row(row, encoding) for row in rows]})

    async def message(self, request: web.Request) -> web.Response:
        """One message by its sequence number."""
        QueryString(request, (), in_order=True)
        text, sequence = request.match_info["id"], parse_number(request.match_info["sequence"])
        wrong = [] if is_entity_id(text, addresses=False) else ["topic.id"]
        if not sequence:
            raise invalid(*wrong, "sequencenumber")
        if wrong:
            raise invalid(*wrong)
        messages = self._messages(text)
        index = messages.first_index(sequence, _sequence_number)
        if index == messages.end or messages[index].sequence_number != sequence:
            raise not_found()
        return web.json_response(message_row(messages[index]))

    async def message_at(self, request: web.Request) -> web.Response:
        """One message, of any topic, by its consensus timestamp."""
        QueryString(request, (), in_order=True)
        timestamp = parse_timestamp(request.match_info["timestamp"])
        if timestamp is None:
            raise invalid("consensus_timestamp")
        transactions = self._store.transactions
        found = transactions.get(transactions.first_index(timestamp, consensus_ns))
        if found is None or found.message is None or found.consensus_ns != timestamp:
            raise not_found()
        return web.json_response(message_row(found.message))

    def _messages(self, text: str) -> RollingList[TopicMessage]:
        """The messages of a topic; none of one that is not there."""
        number = parse_entity_id(text)
        known = self._store.topics.get(number) if isinstance(number, int) else None
        return RollingList() if known is None else known.messages


def _sequence_number(message: TopicMessage) -> int:
    return message.sequence_number
