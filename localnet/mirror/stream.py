"""The mirror's gRPC services: the stream of a topic's messages, and the address book."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc

from localnet import pb
from localnet.clock import NANOS, Clock
from localnet.faults import FaultEngine
from localnet.genesis import NodeEntry, node_address
from localnet.ids import entity_number
from localnet.mirror.store import MirrorStore
from localnet.running_hash import VERSION
from localnet.submission import Submission

_TOPIC_METHOD = "/com.hedera.mirror.api.proto.ConsensusService/subscribeTopic"
_NODES_METHOD = "/com.hedera.mirror.api.proto.NetworkService/getNodes"
# A message may be settled just before the end and shown later: so long a subscription waits for it.
_END_MARGIN_S = 5.0


class MirrorService(grpc.GenericRpcHandler):
    """Serves both mirror services on one port.

    A subscriber reads a topic's messages by index and waits when there are no more, so what was there before and what
    comes while it reads are the same list: nothing is left out and nothing is sent twice.
    """

    def __init__(self, store: MirrorStore, clock: Clock, nodes: list[NodeEntry], faults: FaultEngine) -> None:
        self._store = store
        self._clock = clock
        self._nodes = nodes
        self._faults = faults
        self._methods = {
            _TOPIC_METHOD: grpc.unary_stream_rpc_method_handler(
                self._subscribe, request_deserializer=pb.ConsensusTopicQuery.FromString
            ),
            _NODES_METHOD: grpc.unary_stream_rpc_method_handler(
                self._get_nodes,
                request_deserializer=pb.AddressBookQuery.FromString,
                response_serializer=pb.NodeAddress.SerializeToString,
            ),
        }

    def service(self, handler_call_details: Any) -> Any:
        """The handler of a method, or None for UNIMPLEMENTED."""
        return self._methods.get(handler_call_details.method)

    async def _get_nodes(self, request: Any, context: Any) -> AsyncIterator[Any]:
        await self._refuse_in_outage(context)
        limit = request.limit or len(self._nodes)
        for node in self._nodes[:limit]:
            yield node_address(node)

    async def _refuse_in_outage(self, context: Any) -> None:
        """End a call while the mirror is out."""
        if self._faults.at_mirror:
            outage = self._faults.of_kind(self._faults.at_mirror, "mirror-outage")
            if outage is not None:
                outage.hits += 1
                await context.abort(grpc.StatusCode.UNAVAILABLE, "the mirror is out")

    async def _subscribe(self, request: Any, context: Any) -> AsyncIterator[bytes]:
        if not request.HasField("topicID"):
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "subscribeTopic.filter.topicId: must not be null")
        start_ns = _nanoseconds(request.consensusStartTime) if request.HasField("consensusStartTime") else None
        end_ns = _nanoseconds(request.consensusEndTime) if request.HasField("consensusEndTime") else None
        start_ns = self._clock.now_ns() if start_ns is None else start_ns
        if end_ns is not None and end_ns <= start_ns:
            await context.abort(
                grpc.StatusCode.INVALID_ARGUMENT, "subscribeTopic.filter: End time must be after start time"
            )
        number = entity_number(request.topicID.topicNum, request.topicID)
        topic = self._store.topics.get(number)
        if topic is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"Topic 0.0.{number} does not exist")
        assert topic is not None
        left = request.limit or None
        index = topic.messages.first_index(start_ns, _consensus_ns)
        while left is None or left > 0:
            await self._refuse_in_outage(context)
            if index >= topic.messages.end:
                patience = None if end_ns is None else (end_ns - self._clock.now_ns()) / NANOS + _END_MARGIN_S
                if patience is not None and patience <= 0:
                    return
                await topic.arrived.wait(patience)
                continue
            index = max(index, topic.messages.forgotten)
            message = topic.messages[index]
            index += 1
            if message.consensus_ns < start_ns:
                continue
            if end_ns is not None and message.consensus_ns >= end_ns:
                return
            yield _response(message)
            left = None if left is None else left - 1


def _consensus_ns(submission: Submission) -> int:
    return submission.consensus_ns


def _nanoseconds(timestamp: Any) -> int:
    return int(timestamp.seconds) * NANOS + int(timestamp.nanos)


def _response(submission: Submission) -> bytes:
    response = pb.ConsensusTopicResponse(
        message=submission.message,
        runningHash=submission.running_hash,
        sequenceNumber=submission.sequence_number,
        runningHashVersion=VERSION,
    )
    seconds, nanos = divmod(submission.consensus_ns, NANOS)
    response.consensusTimestamp.seconds = seconds
    response.consensusTimestamp.nanos = nanos
    if submission.chunk is not None:
        response.chunkInfo.initialTransactionID.CopyFrom(submission.chunk.initial.to_proto())
        response.chunkInfo.number = submission.chunk.number
        response.chunkInfo.total = submission.chunk.total
    return bytes(response.SerializeToString())
