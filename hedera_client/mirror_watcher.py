"""Waits until the mirror shows a message: one subscription to a topic, many waiters."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import grpc
from hiero_sdk_python.hapi.mirror import consensus_service_pb2 as mirror

from config.networks import Network
from hedera_client.bodies import ChunkInfo
from hedera_client.channels import open_mirror_channel
from hedera_client.errors import Fate, MirrorTimeout
from hedera_client.ids import NS_PER_S, TransactionId, timestamp_ns, timestamp_proto, topic_proto
from hedera_client.messages import TopicMessage

log = logging.getLogger(__name__)

SUBSCRIBE: Final = "/com.hedera.mirror.api.proto.ConsensusService/subscribeTopic"
LOOK_BACK_NS: Final = 10 * NS_PER_S
"""How long before the watcher was made its view of the topic begins."""

_JOIN_TIMEOUT_S = 5.0


@dataclass(slots=True)
class _Waiter:
    """Somebody who waits for one sequence number."""

    done: threading.Event = field(default_factory=threading.Event)
    message: TopicMessage | None = None


class MirrorWatcher:
    """Watches one topic through the mirror's gRPC API.

    The subscription starts with the first wait, in the process that waits, and sees messages from LOOK_BACK_NS before
    the watcher was made. When the stream ends or breaks it is opened again, one nanosecond after the last message
    seen, until the watcher is closed: reading on is not a retry of an operation. Safe for threads and greenlets,
    usable after a fork.

    Args:
        network: Where the mirror is.
        topic_id: Which topic.
        keep: How many of the newest messages are kept for waiters who come after them; this bounds the memory.
        resubscribe_interval: Seconds before a broken stream is opened again.
        clock: Nanoseconds since 1970.
    """

    def __init__(
        self,
        network: Network,
        topic_id: str,
        *,
        keep: int = 16_384,
        resubscribe_interval: float = 0.5,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self.topic_id = topic_id
        self._network = network
        self._keep = keep
        self._resubscribe_interval = resubscribe_interval
        self._start_ns = clock() - LOOK_BACK_NS
        self._adopt()

    def wait_for(self, sequence_number: int, timeout: float) -> TopicMessage:
        """Return the message with this sequence number as soon as the mirror shows it.

        Args:
            sequence_number: From the receipt.
            timeout: Seconds.

        Raises:
            MirrorTimeout: it did not come; or it passed longer ago than the watcher remembers; or the watcher is
                closed.
        """
        self._start()
        waiter = _Waiter()
        with self._lock:
            if self._closed.is_set():
                raise self._timeout(sequence_number, "because the watcher is closed")
            kept = self._messages.get(sequence_number)
            if kept is not None:
                return kept
            if sequence_number <= self._forgotten:
                raise self._timeout(sequence_number, f"among the last {self._keep}, the only ones it keeps")
            self._waiters[sequence_number].append(waiter)
        try:
            waiter.done.wait(timeout)
        finally:
            self._leave(sequence_number, waiter)
        if waiter.message is None:
            closed = self._closed.is_set()
            raise self._timeout(sequence_number, "before the watcher was closed" if closed else f"within {timeout:g} s")
        return waiter.message

    def close(self) -> None:
        """End the subscription; those who still wait get a MirrorTimeout. May be called again."""
        if self._pid != os.getpid():
            return  # another process's subscription is not ours to end
        with self._lock:
            self._closed.set()
            call, thread, channel = self._call, self._thread, self._channel
            waiting = [waiter for waiters in self._waiters.values() for waiter in waiters]
        if call is not None:
            call.cancel()
        for waiter in waiting:
            waiter.done.set()
        if thread is not None:
            thread.join(_JOIN_TIMEOUT_S)
        if channel is not None:
            channel.close()

    def __repr__(self) -> str:
        return f"MirrorWatcher({self.topic_id}, last seen {self._last_sequence}, {len(self._messages)} kept)"

    def _adopt(self) -> None:
        """Start without a subscription, as the process that runs this."""
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._channel: grpc.Channel | None = None
        self._call: Any = None
        self._messages: OrderedDict[int, TopicMessage] = OrderedDict()
        self._waiters: defaultdict[int, list[_Waiter]] = defaultdict(list)
        self._forgotten = 0  # highest sequence number that was seen and dropped again
        self._last_sequence = 0
        self._next_ns = self._start_ns
        self._last_word = "the stream brought nothing"

    def _start(self) -> None:
        if self._pid != os.getpid():
            self._adopt()
        with self._lock:
            if self._thread is None and not self._closed.is_set():
                self._channel = open_mirror_channel(self._network.mirror_grpc, tls=self._network.mirror_tls)
                # A daemon: a process that forgets to close its watcher still ends.
                self._thread = threading.Thread(target=self._run, name=f"watch {self.topic_id}", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        assert self._channel is not None
        subscribe = self._channel.unary_stream(
            SUBSCRIBE,
            request_serializer=mirror.ConsensusTopicQuery.SerializeToString,
            response_deserializer=mirror.ConsensusTopicResponse.FromString,
        )
        while not self._closed.is_set():
            try:
                self._read(subscribe)
                self._last_word = "the mirror ended the stream"
            except grpc.RpcError as error:
                self._last_word = f"{error.code().name}: {error.details()}"
            log.debug("Stream of topic %s: %s", self.topic_id, self._last_word)
            self._closed.wait(self._resubscribe_interval)

    def _read(self, subscribe: Callable[[mirror.ConsensusTopicQuery], Any]) -> None:
        """Read one stream to its end."""
        query = mirror.ConsensusTopicQuery(
            topicID=topic_proto(self.topic_id), consensusStartTime=timestamp_proto(self._next_ns)
        )
        with self._lock:
            if self._closed.is_set():
                return
            self._call = subscribe(query)
        for response in self._call:
            self._see(_topic_message(self.topic_id, response))

    def _see(self, message: TopicMessage) -> None:
        """Keep a message and wake those who wait for it."""
        self._next_ns = message.consensus_timestamp + 1
        self._last_sequence = message.sequence_number
        with self._lock:
            self._messages[message.sequence_number] = message
            if len(self._messages) > self._keep:
                self._forgotten, _ = self._messages.popitem(last=False)
            waiters = self._waiters.pop(message.sequence_number, ())
        for waiter in waiters:
            waiter.message = message
            waiter.done.set()

    def _leave(self, sequence_number: int, waiter: _Waiter) -> None:
        with self._lock:
            waiters = self._waiters.get(sequence_number)
            if waiters is not None:
                waiters.remove(waiter)
                if not waiters:
                    del self._waiters[sequence_number]

    def _timeout(self, sequence_number: int, circumstance: str) -> MirrorTimeout:
        return MirrorTimeout(
            f"MIRROR_TIMEOUT: the mirror did not show message {sequence_number} of topic {self.topic_id} "
            f"{circumstance} (last seen: {self._last_sequence}; {self._last_word})",
            status="MIRROR_TIMEOUT",
            fate=Fate.UNKNOWN,
        )


def _topic_message(topic_id: str, response: mirror.ConsensusTopicResponse) -> TopicMessage:
    chunk = None
    if response.HasField("chunkInfo"):
        info = response.chunkInfo
        chunk = ChunkInfo(TransactionId.from_proto(info.initialTransactionID), total=info.total, number=info.number)
    return TopicMessage(
        topic_id=topic_id,
        sequence_number=response.sequenceNumber,
        consensus_timestamp=timestamp_ns(response.consensusTimestamp),
        message=response.message,
        running_hash=response.runningHash,
        running_hash_version=response.runningHashVersion,
        chunk_info=chunk,
    )
