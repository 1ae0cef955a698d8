"""The mirror's gRPC services: the stream of a topic's messages, and the address book."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Final

import grpc
from google.protobuf.message import DecodeError

from localnet import pb
from localnet.clock import NANOS, Clock
from localnet.faults import FaultEngine
from localnet.mirror.store import MirrorStore
from localnet.protocol.ids import entity_number
from localnet.protocol.running_hash import VERSION
from localnet.rolling_list import RollingList
from localnet.state.genesis import ADDRESS_BOOK_FILE, NODE_DETAILS_FILE, NodeEntry, node_address
from localnet.transactions.stages import TopicMessage, consensus_ns

MIRROR_OPTIONS: Final = (("grpc.max_concurrent_streams", 5),)
"""Calls at the same time on one connection (GrpcConfiguration.java); further calls wait at the client."""

PAGE: Final = 10
"""Nodes that the address book is read by at a time (AddressBookProperties.java); between pages PAGE_DELAY_S pass."""
PAGE_DELAY_S: Final = 0.25

_TOPIC_METHOD = "/com.hedera.mirror.api.proto.ConsensusService/subscribeTopic"
_NODES_METHOD = "/com.hedera.mirror.api.proto.NetworkService/getNodes"
_LIMIT_END = 1 << 63  # the mirror reads limits as signed numbers
_LOOK_AGAIN_S = 0.02


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A subscription's parameters: `start_ns` inclusive, `end_ns` exclusive or None for no end; limit 0 is no limit."""

    topic: int
    start_ns: int
    end_ns: int | None
    limit: int


class MirrorService(grpc.GenericRpcHandler):
    """Serves both mirror services on one port.

    A subscriber reads a topic's messages by index and waits when there are no more. Earlier and new messages are in the
    same list, so none is left out and none is sent twice.

    Args:
        store: The mirror's data.
        clock: The start of a subscription that does not give one is now.
        nodes: The address book.
        faults: The injected faults.
        complete_ns: Tells until which consensus time the mirror shows everything; a subscription with an end is
            complete when this has passed it.
    """

    def __init__(
        self,
        store: MirrorStore,
        clock: Clock,
        nodes: list[NodeEntry],
        faults: FaultEngine,
        complete_ns: Callable[[], int],
    ) -> None:
        self._store = store
        self._clock = clock
        self._nodes = nodes
        self._faults = faults
        self._complete_ns = complete_ns
        self._methods = {
            _TOPIC_METHOD: grpc.unary_stream_rpc_method_handler(self._subscribe),
            _NODES_METHOD: grpc.unary_stream_rpc_method_handler(
                self._get_nodes,
                response_serializer=pb.NodeAddress.SerializeToString,
            ),
        }

    def service(self, handler_call_details: Any) -> Any:
        """The handler of a method, or None for UNIMPLEMENTED."""
        return self._methods.get(handler_call_details.method)

    async def _get_nodes(self, raw: bytes, context: Any) -> AsyncIterator[Any]:
        request = await _parse(pb.AddressBookQuery, raw, context)
        await self._refuse_in_outage(context)
        if request.limit < 0:
            await context.abort(
                grpc.StatusCode.INVALID_ARGUMENT, "getNodes.filter.limit: must be greater than or equal to 0"
            )
        if request.HasField("file_id"):
            file = entity_number(request.file_id.fileNum, request.file_id)
            if file not in (ADDRESS_BOOK_FILE, NODE_DETAILS_FILE):
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "Not a valid address book file")
        for position, node in enumerate(self._nodes[: request.limit or None]):
            if position and position % PAGE == 0:
                await asyncio.sleep(PAGE_DELAY_S)
            yield node_address(node)

    async def _refuse_in_outage(self, context: Any) -> None:
        """End a call while the mirror is out."""
        if self._faults.at_mirror:
            outage = self._faults.of_kind(self._faults.at_mirror, "mirror-outage")
            if outage is not None:
                outage.hits += 1
                await context.abort(grpc.StatusCode.UNAVAILABLE, "the mirror is out")

    async def _fall_silent(self, opened_ns: int) -> None:
        """Bring nothing any more, and do not end, where a fault says so of streams that were open when it began."""
        for fault in self._faults.at_mirror:
            began = fault.started
            if fault.spec.kind == "mirror-silent" and began is not None and opened_ns < began * NANOS:
                fault.hits += 1
                await asyncio.Event().wait()

    async def _subscribe(self, raw: bytes, context: Any) -> AsyncIterator[bytes]:
        wanted = await self._read(await _parse(pb.ConsensusTopicQuery, raw, context), context)
        topic = self._store.topics.get(wanted.topic)
        if topic is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"Topic 0.0.{wanted.topic} does not exist")
        assert topic is not None
        opened = self._clock.now_ns()
        messages, left = topic.messages, wanted.limit
        index = messages.first_index(wanted.start_ns, consensus_ns)
        last: TopicMessage | None = None
        while True:
            await self._refuse_in_outage(context)
            await self._fall_silent(opened)
            index = _after(messages, index, last)
            if index >= messages.end:
                if wanted.end_ns is not None and self._complete_ns() >= wanted.end_ns:
                    return
                await topic.arrived.wait(self._patience(wanted.end_ns))
                continue
            last = messages[index]
            index += 1
            if last.consensus_ns < wanted.start_ns:
                continue
            if wanted.end_ns is not None and last.consensus_ns >= wanted.end_ns:
                return
            yield _response(last)
            left -= 1
            if left == 0:
                return

    async def _read(self, request: Any, context: Any) -> _Wanted:
        """Check a subscription; invalid ones are refused (TopicMessageFilter.java)."""
        now_ns = self._clock.now_ns()
        start_ns = _nanoseconds(request.consensusStartTime) if request.HasField("consensusStartTime") else now_ns
        end_ns = _nanoseconds(request.consensusEndTime) if request.HasField("consensusEndTime") else None
        fault = ""
        if not request.HasField("topicID"):
            fault = ".topicId: must not be null"
        elif start_ns < 0:
            fault = ".startTime: must be greater than or equal to 0"
        elif request.limit >= _LIMIT_END:
            fault = ".limit: must be greater than or equal to 0"
        elif end_ns is not None and end_ns <= start_ns:
            fault = ": End time must be after start time"
        elif start_ns > now_ns:
            fault = ": Start time must be before the current time"
        if fault:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"subscribeTopic.filter{fault}")
        return _Wanted(entity_number(request.topicID.topicNum, request.topicID), start_ns, end_ns, request.limit)

    def _patience(self, end_ns: int | None) -> float | None:
        """How long to wait for the next message before the end is looked at again; None for no end."""
        return None if end_ns is None else max(_LOOK_AGAIN_S, (end_ns - self._complete_ns()) / NANOS)


def _after(messages: RollingList[TopicMessage], index: int, last: TopicMessage | None) -> int:
    """The index after the last message sent, or of the oldest one that is left.

    It is `index`, unless a message came late and took its place among those sent before. A stream goes on in
    consensus order and leaves such a message out.
    """
    index = max(index, messages.forgotten)
    while last is not None and messages.forgotten < index < messages.end and messages[index - 1] is not last:
        index += 1
    return index


async def _parse(message_type: Any, raw: bytes, context: Any) -> Any:
    """Parse the request; invalid bytes end the call with INVALID_ARGUMENT (gRPC's own parsing would say UNKNOWN)."""
    try:
        return message_type.FromString(raw)
    except DecodeError:
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the request cannot be parsed")


def _nanoseconds(timestamp: Any) -> int:
    return int(timestamp.seconds) * NANOS + int(timestamp.nanos)


def _response(message: TopicMessage) -> bytes:
    response = pb.ConsensusTopicResponse(
        message=message.contents,
        runningHash=message.running_hash,
        sequenceNumber=message.sequence_number,
        runningHashVersion=VERSION,
    )
    seconds, nanos = divmod(message.consensus_ns, NANOS)
    response.consensusTimestamp.seconds = seconds
    response.consensusTimestamp.nanos = nanos
    if message.chunk is not None:
        response.chunkInfo.initialTransactionID.CopyFrom(message.chunk.initial.to_proto())
        response.chunkInfo.number = message.chunk.number
        response.chunkInfo.total = message.chunk.total
    return bytes(response.SerializeToString())
