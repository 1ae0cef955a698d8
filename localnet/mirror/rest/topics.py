"""`/api/v1/topics`: topics and their messages."""

from __future__ import annotations

from aiohttp import web

from localnet.mirror.rest.errors import invalid, not_found
from localnet.mirror.rest.query import QueryString, parse_number, parse_timestamp, path_entity
from localnet.mirror.rest.rows import message_row, topic_row
from localnet.mirror.store import MirrorStore, MirrorTopic
from localnet.submission import Submission, consensus_ns

_MESSAGE_PARAMETERS = {"limit", "order", "sequencenumber", "timestamp", "encoding"}


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
        """One topic."""
        QueryString(request, set())
        return web.json_response(topic_row(self._known(request).topic))

    async def messages(self, request: web.Request) -> web.Response:
        """A page of a topic's messages, oldest first by default."""
        query = QueryString(request, _MESSAGE_PARAMETERS)
        limit, descending = query.limit, query.descending("asc")
        sequence = query.interval("sequencenumber", parse_number)
        timestamp = query.interval("timestamp", parse_timestamp)
        encoding = _encoding(query)
        journal = self._known(request).messages
        # Sequence numbers and timestamps both grow along the journal, so a filter is a span of it.
        start = max(
            journal.first_index(sequence.low, _sequence_number), journal.first_index(timestamp.low, consensus_ns)
        )
        stop = min(
            journal.first_index(sequence.high, _sequence_number), journal.first_index(timestamp.high, consensus_ns)
        )
        start, stop = (max(start, stop - limit), stop) if descending else (start, min(stop, start + limit))
        rows = list(journal.span(start, stop, descending=descending))
        link = query.next_link(rows, consensus_ns, timestamp, limit=limit, descending=descending)
        return web.json_response({"links": {"next": link}, "messages": [message_row(row, encoding) for row in rows]})

    async def message(self, request: web.Request) -> web.Response:
        """One message by its sequence number."""
        QueryString(request, set())
        sequence = parse_number(request.match_info["sequence"])
        if not sequence:
            raise invalid("sequenceNumber")
        journal = self._known(request).messages
        index = journal.first_index(sequence, _sequence_number)
        if index == journal.end or journal[index].sequence_number != sequence:
            raise not_found()
        return web.json_response(message_row(journal[index]))

    async def message_at(self, request: web.Request) -> web.Response:
        """One message, of any topic, by its consensus timestamp."""
        QueryString(request, set())
        timestamp = parse_timestamp(request.match_info["timestamp"])
        if timestamp is None:
            raise invalid("timestamp")
        journal = self._store.transactions
        index = journal.first_index(timestamp, consensus_ns)
        if index == journal.end or journal[index].consensus_ns != timestamp or not journal[index].sequence_number:
            raise not_found()
        return web.json_response(message_row(journal[index]))

    def _known(self, request: web.Request) -> MirrorTopic:
        topic = self._store.topics.get(path_entity(request, "topicId"))
        if topic is None:
            raise not_found()
        return topic


def _encoding(query: QueryString) -> str:
    encoding = (query.last("encoding") or "base64").lower()
    if encoding not in ("base64", "utf-8", "utf8"):
        raise invalid("encoding")
    return encoding


def _sequence_number(submission: Submission) -> int:
    return submission.sequence_number
