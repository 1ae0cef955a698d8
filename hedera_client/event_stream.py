"""Reads a topic's messages from the mirror's gRPC API as an event-driven application does: live, over its breaks."""

from __future__ import annotations

import logging
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

import grpc

from config.networks import Network
from hedera_client.channels import open_mirror_channel
from hedera_client.errors import HederaError
from hedera_client.ids import NS_PER_S
from hedera_client.messages import TopicMessage
from hedera_client.mirror_rest import MirrorRest
from hedera_client.topic_subscription import subscribe, topic_message

log = logging.getLogger(__name__)

RESUBSCRIBE_S: Final = 0.5
"""Seconds before a stream that broke is opened again."""

SILENCE_S: Final = 3.0
"""Seconds without a message after which REST is asked whether there is one."""

MOST_MISSING: Final = 100_000
"""Sequence numbers that are remembered as passed over; one beyond them that comes later counts as repeated."""


MOST_BREAKS: Final = 100

REMEMBERED: Final = 32
"""Events by which it is known how long one usually takes."""


@dataclass(frozen=True, slots=True)
class Event:
    """A message as a subscriber gets it.

    Attributes:
        message: The message.
        shown_ns: When the stream brought it, nanoseconds since 1970 by this machine's clock.
        caught_up: Whether it would have come before the stream was opened that brought it, but for a break: it had
            reached consensus longer before than events usually take.
    """

    message: TopicMessage
    shown_ns: int
    caught_up: bool = False


@dataclass(slots=True)
class Break:
    """A time without messages, because the stream had ended or was silent, until there was one that brought some.

    Attributes:
        at: When it began, Unix time in seconds.
        lasted_s: Until the first message after it.
        caught_up: Messages that would have come meanwhile (see `Event`), and came then.
        catch_up_s: From when that stream was opened until the last of these had come.
    """

    at: float
    lasted_s: float
    caught_up: int = 0
    catch_up_s: float = 0.0


class EventCounts:
    """Statistics of a subscription.

    Attributes:
        delivered: Messages that came, each once.
        opened: Streams that were opened.
        ended: How many of them the mirror, or the way to it, ended.
        silent: How many were given up because REST had a message that they did not bring.
        skipped: Messages that were passed over: a later one came before.
        disordered: How many of these came later all the same.
        repeated: Messages that came again.
        after: The sequence number behind which the subscription begins.
        last_sequence: The highest sequence number that came.
        breaks: The first MOST_BREAKS breaks that are over.
    """

    __slots__ = (
        *("delivered", "opened", "ended", "silent", "skipped", "disordered"),
        *("repeated", "after", "last_sequence", "breaks"),
    )

    def __init__(self, after: int = 0) -> None:
        self.after = self.last_sequence = after
        self.delivered = self.opened = self.ended = self.silent = 0
        self.skipped = self.disordered = self.repeated = 0
        self.breaks: list[Break] = []

    def snapshot(self) -> dict[str, Any]:
        """All of them by name."""
        return {name: getattr(self, name) for name in self.__slots__} | {"breaks": [asdict(one) for one in self.breaks]}


class EventStream:
    """One live subscription to a topic, from its first message on, or from a later one.

    When the stream ends or breaks it is opened again, one nanosecond after the newest message that came, until it is
    closed. A stream can fall silent without an end: after SILENCE_S without a message REST is asked for the next one,
    and a stream that does not bring what is there is given up, with its connection. What is passed over is counted,
    and not asked for elsewhere: it is what an application without a second source would miss.

    For one thread or greenlet that reads (`events`); any other may call `close`.

    Args:
        network: Where the mirror is.
        topic_id: Which topic.
        rest: Is asked in silence.
        after: A sequence number; only messages behind it are events.
        since_ns: Of a topic with a past: a moment before the first of these reached consensus, nanoseconds since 1970.
        resubscribe_s: Seconds before a broken stream is opened again.
        silence_s: Seconds without a message before REST is asked, and again between two questions.
        clock: Nanoseconds since 1970.

    Attributes:
        counts: Statistics of the subscription.
    """

    def __init__(
        self,
        network: Network,
        topic_id: str,
        rest: MirrorRest,
        *,
        after: int = 0,
        since_ns: int = 0,
        resubscribe_s: float = RESUBSCRIBE_S,
        silence_s: float = SILENCE_S,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self.topic_id = topic_id
        self.counts = EventCounts(after)
        self._network = network
        self._rest = rest
        self._resubscribe_s = resubscribe_s
        self._silence_s = silence_s
        self._clock = clock
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._channel: grpc.Channel | None = None
        self._call: Any = None
        self._next_ns = since_ns
        self._missing: set[int] = set()
        self._opened_ns = 0
        self._opened_at = self._heard_at = time.monotonic()
        self._broken_at: float | None = None  # seconds of the monotonic clock
        self._took_ns: deque[int] = deque(maxlen=REMEMBERED)
        self._break: Break | None = None  # the last one that is over, while it is caught up
        self._renew = False

    def events(self) -> Iterator[Event]:
        """Yield every message once as it comes, until `close` is called."""
        guard = threading.Thread(target=self._watch_over, name=f"events {self.topic_id}", daemon=True)
        guard.start()
        try:
            while not self._closed.is_set():
                try:
                    yield from self._read()
                    why = "the mirror ended the stream"
                except grpc.RpcError as error:
                    why = f"{error.code().name}: {error.details()}"
                self._broke(why)
        finally:
            self.close()
            guard.join(self._silence_s)
            self._drop_channel()

    def behind(self) -> bool | None:
        """Whether REST has a message that has not come; None where it cannot be asked."""
        try:
            return next(self._rest.topic_messages(self.topic_id, after=self.counts.last_sequence), None) is not None
        except HederaError as error:
            log.debug("Second opinion on topic %s: %s", self.topic_id, error)
            return None

    def close(self) -> None:
        """End the subscription; `events` then ends. May be called again."""
        self._closed.set()
        call = self._call
        if call is not None:
            call.cancel()

    def _read(self) -> Iterator[Event]:
        """Yield the messages of one stream, to its end."""
        with self._lock:
            if self._channel is None:
                self._channel = open_mirror_channel(self._network.mirror_grpc, tls=self._network.mirror_tls)
            channel = self._channel
        self.counts.opened += 1
        self._opened_ns = self._clock()
        self._opened_at = self._heard_at = time.monotonic()
        self._call = call = subscribe(channel, self.topic_id, self._next_ns)
        if self._closed.is_set():
            call.cancel()
        for response in call:
            event = self._take(topic_message(self.topic_id, response))
            if event is not None:
                yield event

    def _take(self, message: TopicMessage) -> Event | None:
        """Count a message; None for one that came before."""
        counts, number, now = self.counts, message.sequence_number, time.monotonic()
        self._heard_at = now
        self._next_ns = max(self._next_ns, message.consensus_timestamp + 1)
        if number <= counts.after:
            return None
        if number > counts.last_sequence:
            passed_over = range(counts.last_sequence + 1, number)
            counts.skipped += len(passed_over)
            self._missing.update(passed_over[: MOST_MISSING - len(self._missing)])
            counts.last_sequence = number
        elif number in self._missing:
            self._missing.discard(number)
            counts.disordered += 1
        else:
            counts.repeated += 1
            return None
        counts.delivered += 1
        shown_ns = self._clock()
        caught_up = counts.opened > 1 and message.consensus_timestamp + self._usual_ns() < self._opened_ns
        if not caught_up:
            self._took_ns.append(shown_ns - message.consensus_timestamp)
        self._mend(now, shown_ns, caught_up=caught_up)
        return Event(message, shown_ns, caught_up)

    def _usual_ns(self) -> int:
        """How long an event usually takes from its consensus timestamp; 0 where that is not known."""
        return int(statistics.median(self._took_ns)) if self._took_ns else 0

    def _mend(self, now: float, now_ns: int, *, caught_up: bool) -> None:
        """Note that a message has come, for the break that it ends or that is caught up."""
        if self._broken_at is not None:
            lasted_s = now - self._broken_at
            self._broken_at = None
            self._break = Break(now_ns / NS_PER_S - lasted_s, lasted_s)
            if len(self.counts.breaks) < MOST_BREAKS:
                self.counts.breaks.append(self._break)
        if self._break is not None and caught_up:
            self._break.caught_up += 1
            self._break.catch_up_s = now - self._opened_at

    def _broke(self, why: str) -> None:
        """Note that a stream has ended, and wait before the next one."""
        log.debug("Stream of topic %s: %s", self.topic_id, why)
        if self._closed.is_set():
            return
        if self._broken_at is None and self.counts.delivered:  # before there is a message nothing is missed
            self._broken_at = time.monotonic()
        renew, self._renew = self._renew, False
        if renew:
            self._drop_channel()
            return
        self.counts.ended += 1
        self._closed.wait(self._resubscribe_s)

    def _watch_over(self) -> None:
        """Give up a stream that does not bring what REST has."""
        while not self._closed.wait(max(0.05, self._heard_at + self._silence_s - time.monotonic())):
            heard_at = self._heard_at
            if time.monotonic() < heard_at + self._silence_s:
                continue
            behind = self.behind()
            if self._heard_at != heard_at:
                continue
            self._heard_at = time.monotonic()
            if behind and self._call is not None:
                self.counts.silent += 1
                self._broken_at, self._renew = self._broken_at or heard_at, True
                self._call.cancel()

    def _drop_channel(self) -> None:
        """Discard a connection: one that has silently died would also lose the next subscription."""
        with self._lock:
            channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()
