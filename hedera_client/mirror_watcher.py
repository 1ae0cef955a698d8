"""Waits until the mirror shows a message: one subscription to a topic, many waiters."""

from __future__ import annotations

import itertools
import logging
import os
import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import grpc

from config.networks import Network
from hedera_client.channels import open_mirror_channel
from hedera_client.errors import Fate, HederaError, MirrorTimeoutError
from hedera_client.ids import NS_PER_S
from hedera_client.messages import TopicMessage
from hedera_client.mirror_rest import PAGE_ROWS, MirrorRest
from hedera_client.overdue_messages import LOOK_INTERVAL_S, StreamCounts, Suspicion
from hedera_client.topic_subscription import subscribe, topic_message

log = logging.getLogger(__name__)

LOOK_BACK_NS: Final = 10 * NS_PER_S
"""How long before the watcher was made its view of the topic begins."""

_JOIN_TIMEOUT_S = 5.0


@dataclass(slots=True)
class _Waiter:
    """One waiter for a sequence number; until `not_yet` it was known to be missing, or had not been asked for."""

    since: float
    not_yet: float
    done: threading.Event = field(default_factory=threading.Event)
    shown: Shown | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A message that the mirror shows.

    Attributes:
        message: The message.
        late_s: Upper bound of the seconds by which it was noticed late, because the stream failed and REST was asked,
            or the stream was opened again; 0 where the stream brought it normally.
    """

    message: TopicMessage
    late_s: float = 0.0


class MirrorWatcher:
    """Watches one topic through the mirror's gRPC API.

    The subscription starts with the first wait, in the process that waits, and sees messages from LOOK_BACK_NS before
    the watcher was made. When the stream ends or breaks it is opened again, one nanosecond after the last message
    seen, until the watcher is closed: reading on is not a retry of an operation. Safe for threads and greenlets,
    usable after a fork.

    A stream can also fall silent without an end, or leave messages out. With `rest`, overdue messages are asked for
    there (`overdue_messages`), one page for all waiters, oldest first; a stream that does not show what REST shows is
    opened again, on a connection of its own. gRPC's keepalive would not find it: servers written with grpc-java allow
    one ping in five minutes (io.grpc.netty.NettyServerBuilder), and a proxy answers pings for a mirror that is gone.

    Each watcher has a connection of its own: a mirror takes 5 calls on one (MN:grpc/config/NettyProperties.java,
    maxConcurrentCallsPerConnection).

    Args:
        network: Where the mirror is.
        topic_id: Which topic.
        keep: How many of the newest messages are kept for waiters who come after them; this bounds the memory.
        resubscribe_interval: Seconds before a broken stream is opened again.
        clock: Nanoseconds since 1970.
        rest: Is asked for overdue messages; None: only the stream is used.
        look_interval: Seconds between two requests to it while the stream brings nothing. All clients of a mirror at
            one address share its rate limit (`pacing`).

    Attributes:
        counts: Statistics of the subscription.
    """

    def __init__(
        self,
        network: Network,
        topic_id: str,
        *,
        keep: int = 16_384,
        resubscribe_interval: float = 0.5,
        clock: Callable[[], int] = time.time_ns,
        rest: MirrorRest | None = None,
        look_interval: float = LOOK_INTERVAL_S,
    ) -> None:
        self.topic_id = topic_id
        self._network = network
        self._keep = keep
        self._resubscribe_interval = resubscribe_interval
        self._start_ns = clock() - LOOK_BACK_NS
        self._rest = rest
        self._look_interval = look_interval
        self._adopt()

    def wait_for(self, sequence_number: int, timeout: float) -> Shown:
        """Return the message with this sequence number as soon as the mirror shows it.

        Args:
            sequence_number: From the receipt.
            timeout: Seconds.

        Raises:
            MirrorTimeoutError: it did not come; or it passed longer ago than the watcher remembers; or the watcher is
                closed.
        """
        self._start()
        now = time.monotonic()
        waiter = _Waiter(now, now)
        with self._lock:
            if self._closed.is_set():
                raise self._timeout(sequence_number, "because the watcher is closed")
            kept = self._messages.get(sequence_number)
            if kept is not None:
                self.counts.waits += 1
                return Shown(kept)
            if sequence_number <= self._forgotten:
                raise self._timeout(sequence_number, f"among the last {self._keep}, the only ones it keeps")
            self._waiters[sequence_number].append(waiter)
        self._wake.set()
        try:
            waiter.done.wait(timeout)
        finally:
            self._leave(sequence_number, waiter)
        if waiter.shown is None:
            closed = self._closed.is_set()
            raise self._timeout(sequence_number, "before the watcher was closed" if closed else f"within {timeout:g} s")
        return waiter.shown

    def close(self) -> None:
        """End the subscription; remaining waiters get a MirrorTimeoutError. May be called again."""
        if self._pid != os.getpid():
            return  # another process's subscription is not ours to end
        with self._lock:
            self._closed.set()
            call, threads, channel = self._call, self._threads, self._channel
            waiting = [waiter for waiters in self._waiters.values() for waiter in waiters]
        if call is not None:
            call.cancel()
        for waiter in waiting:
            waiter.done.set()
        self._wake.set()
        for thread in threads:
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
        self._threads: tuple[threading.Thread, ...] = ()
        self._wake = threading.Event()  # there are waiters, or the stream has changed: check for overdue messages
        self._suspicion = Suspicion(self._look_interval)
        self._opened_at = 0.0
        self._renew = False
        self.counts = StreamCounts()
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
            if self._threads or self._closed.is_set():
                return
            # Daemons: a process that forgets to close its watcher still ends.
            tasks = [self._run] if self._rest is None else [self._run, self._watch_over]
            self._threads = tuple(
                threading.Thread(target=task, name=f"{task.__name__} {self.topic_id}", daemon=True) for task in tasks
            )
            for thread in self._threads:
                thread.start()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                self._read()
                self._last_word = "the mirror ended the stream"
            except grpc.RpcError as error:
                self._last_word = f"{error.code().name}: {error.details()}"
            log.debug("Stream of topic %s: %s", self.topic_id, self._last_word)
            with self._lock:
                renew, self._renew = self._renew, False
                if not renew and not self._closed.is_set():
                    self.counts.ended += 1
                self._suspicion.broke()
            self._wake.set()
            if renew:
                self._last_word = "the stream fell silent and was opened again"
                self._drop_channel()
            else:
                self._closed.wait(self._resubscribe_interval)

    def _read(self) -> None:
        """Read one stream to its end."""
        with self._lock:
            if self._closed.is_set():
                return
            if self._channel is None:
                self._channel = open_mirror_channel(self._network.mirror_grpc, tls=self._network.mirror_tls)
            self.counts.opened += 1
            self._opened_at = time.monotonic()
            self._suspicion.opened(self._opened_at)
            self._call = call = subscribe(self._channel, self.topic_id, self._next_ns)
        for response in call:
            self._see(topic_message(self.topic_id, response))

    def _drop_channel(self) -> None:
        """Discard a connection: one that has silently died would also lose the next subscription."""
        with self._lock:
            channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()

    def _see(self, message: TopicMessage) -> None:
        """Note a message of the stream, and wake its waiters."""
        number = message.sequence_number
        with self._lock:
            self._next_ns = message.consensus_timestamp + 1
            if self._last_sequence and number > self._last_sequence + 1:
                self.counts.skipped += number - self._last_sequence - 1
                self._wake.set()
            self._last_sequence = number
            self._suspicion.brought()
            opened_again_at = self._opened_at if self.counts.opened > 1 else 0.0
            self._show(message, lambda waiter: waiter.since < opened_again_at)

    def _show(self, message: TopicMessage, late: Callable[[_Waiter], bool]) -> None:
        """Keep a message and wake its waiters. The caller holds the lock."""
        number, now = message.sequence_number, time.monotonic()
        self._messages[number] = message
        if len(self._messages) > self._keep:
            self._forgotten, _ = self._messages.popitem(last=False)
        for waiter in self._waiters.pop(number, ()):
            waiter.shown = Shown(message, now - waiter.not_yet if late(waiter) else 0.0)
            self.counts.waits += 1
            if waiter.shown.late_s:
                self.counts.late += 1
                self.counts.late_s += waiter.shown.late_s
            else:
                self._suspicion.waited(now - waiter.since)
            waiter.done.set()

    def _watch_over(self) -> None:
        """Ask REST for what is overdue, and open a stream again that does not show it."""
        while not self._closed.is_set():
            self._wake.clear()
            with self._lock:
                now = time.monotonic()
                silent = self._suspicion.judge(self._last_sequence, now)
                if silent:
                    self.counts.silent += 1
                    self._renew = True
                call = self._call
                overdue, next_at = self._overdue(now)
            if silent and call is not None:
                call.cancel()
            if overdue:
                self._look(overdue)
            else:
                self._wake.wait(None if next_at == float("inf") else max(0.0, next_at - now))

    def _overdue(self, now: float) -> tuple[list[int], float]:
        """The overdue sequence numbers, ascending, and when to check again. The caller holds the lock."""
        due: list[int] = []
        next_at = self._suspicion.judged_at()
        for number, waiters in self._waiters.items():
            passed_over = number <= self._last_sequence
            at = min(self._suspicion.next_look(waiter.since, passed_over=passed_over) for waiter in waiters)
            if at <= now:
                due.append(number)
            next_at = min(next_at, at)
        return sorted(due), next_at

    def _look(self, numbers: list[int]) -> None:
        """Ask REST for one page of messages, from the oldest of these on, and wake their waiters."""
        assert self._rest is not None
        began = time.monotonic()
        page: list[TopicMessage] = []
        failed = False
        try:
            messages = self._rest.topic_messages(self.topic_id, after=numbers[0] - 1, until=numbers[-1])
            page = list(itertools.islice(messages, PAGE_ROWS))
        except HederaError as error:
            failed = True
            log.debug("Second opinion on topic %s: %s", self.topic_id, error)
        with self._lock:
            self.counts.looks += 1
            self.counts.unanswered += failed
            self._suspicion.looked(time.monotonic(), answered=not failed)
            for message in page:
                self._show(message, lambda _: True)
                if message.sequence_number > self._last_sequence:
                    self._suspicion.shown_elsewhere(message.sequence_number, time.monotonic())
            if not failed:
                covered = page[-1].sequence_number if len(page) == PAGE_ROWS else numbers[-1]
                for number in [one for one in numbers if one <= covered]:
                    for waiter in self._waiters.get(number, ()):
                        waiter.not_yet = max(waiter.not_yet, began)

    def _leave(self, sequence_number: int, waiter: _Waiter) -> None:
        with self._lock:
            waiters = self._waiters.get(sequence_number)
            if waiters is not None:
                waiters.remove(waiter)
                if not waiters:
                    del self._waiters[sequence_number]

    def _timeout(self, sequence_number: int, circumstance: str) -> MirrorTimeoutError:
        return MirrorTimeoutError(
            f"MIRROR_TIMEOUT: the mirror did not show message {sequence_number} of topic {self.topic_id} "
            f"{circumstance} (last seen: {self._last_sequence}; {self._last_word})",
            status="MIRROR_TIMEOUT",
            fate=Fate.UNKNOWN,
        )
