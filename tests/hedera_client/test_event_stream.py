"""A live subscription brings every message once, in order, whatever happens to its stream; and tells what happened."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from hedera_client import MirrorRest, TopicMessage
from hedera_client.event_stream import Event, EventStream
from localnet_launcher import Localnet
from tests.hedera_client.mirror_front import MirrorFront, Submit

WAIT_S: Final = 30.0
BASE_NS: Final = 1_700_000_000_000_000_000


class Application:
    """Reads a subscription on a thread of its own, as an application does."""

    def __init__(self, stream: EventStream) -> None:
        self.stream = stream
        self._came: queue.Queue[Event] = queue.Queue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for event in self.stream.events():
            self._came.put(event)

    def next(self, count: int = 1) -> list[Event]:
        """The next events."""
        return [self._came.get(timeout=WAIT_S) for _ in range(count)]

    def stop(self) -> None:
        """End it; its thread ends too."""
        self.stream.close()
        self._thread.join(10)
        assert not self._thread.is_alive()


@pytest.fixture
def listen(localnet: Localnet, topic_id: str) -> Iterator[Callable[..., Application]]:
    """Subscribe to the topic by the gRPC port of somebody, with the real mirror's REST."""
    made: list[Application] = []

    def start(address: str) -> Application:
        network = localnet.network.model_copy(update={"mirror_grpc": address})
        rest = MirrorRest(network.mirror_rest)
        made.append(Application(EventStream(network, topic_id, rest, resubscribe_s=0.2, silence_s=0.5)))
        return made[-1]

    yield start
    for one in made:
        one.stop()


def numbers(events: list[Event]) -> list[int]:
    return [event.message.sequence_number for event in events]


def test_what_was_there_and_what_comes(front: MirrorFront, listen: Callable[..., Application], submit: Submit) -> None:
    """From the first message of the topic on, each with the moment at which it came."""
    before = [submit() for _ in range(3)]
    application = listen(front.address)
    after = [submit() for _ in range(2)]
    events = application.next(5)
    assert numbers(events) == before + after == [1, 2, 3, 4, 5]
    assert all(event.shown_ns > event.message.consensus_timestamp for event in events)
    assert not any(event.caught_up for event in events)
    counts = application.stream.counts
    assert (counts.delivered, counts.opened, counts.ended, counts.silent, counts.breaks) == (5, 1, 0, 0, [])
    assert application.stream.behind() is False


def test_a_stream_that_ends_is_opened_again(
    front: MirrorFront, listen: Callable[..., Application], submit: Submit
) -> None:
    """Nothing is missed, nothing comes twice, and the break is told."""
    front.end_after = 2
    application = listen(front.address)
    sent = [submit() for _ in range(2)]
    application.next(2)
    for _ in range(100):  # until the stream has ended, and before it is opened again
        if application.stream.counts.ended:
            break
        threading.Event().wait(0.005)
    sent += [submit() for _ in range(3)]
    events = application.next(3)
    assert numbers(events) == sent[2:]
    counts = application.stream.counts
    assert (counts.delivered, counts.opened, counts.ended, counts.repeated, counts.skipped) == (5, 2, 1, 0, 0)
    (break_,) = counts.breaks
    assert 0.0 < break_.lasted_s < WAIT_S
    assert break_.caught_up == sum(event.caught_up for event in events)


def test_a_silent_stream_is_given_up(front: MirrorFront, listen: Callable[..., Application], submit: Submit) -> None:
    """REST has what it does not bring; another connection does."""
    front.freeze_after = 1
    application = listen(front.address)
    sent = [submit() for _ in range(3)]
    assert numbers(application.next(3)) == sent
    counts = application.stream.counts
    assert counts.silent >= 1
    assert counts.ended == 0
    assert len(set(front.subscriptions)) == len(front.subscriptions) >= 2
    assert counts.breaks[0].lasted_s >= 0.4, "it began when the last message had come"


def test_silence_without_a_message_is_left_alone(front: MirrorFront, listen: Callable[..., Application]) -> None:
    """A topic may be quiet for ever."""
    application = listen(front.address)
    threading.Event().wait(1.5)
    assert (application.stream.counts.opened, application.stream.counts.silent) == (1, 0)
    assert application.stream.counts.breaks == []


def test_what_is_passed_over_is_counted(front: MirrorFront, listen: Callable[..., Application], submit: Submit) -> None:
    """It is not asked for elsewhere: that is what an application would miss."""
    front.leave_out = {2}
    application = listen(front.address)
    for _ in range(3):
        submit()
    assert numbers(application.next(2)) == [1, 3]
    counts = application.stream.counts
    assert (counts.delivered, counts.skipped, counts.disordered, counts.last_sequence) == (2, 1, 0, 3)


def test_a_mirror_that_is_not_there(listen: Callable[..., Application], submit: Submit) -> None:
    """It is tried again and again; before anything has come, nothing has been interrupted."""
    application = listen("127.0.0.1:9")
    submit()
    for _ in range(200):
        if application.stream.counts.ended >= 2:
            break
        threading.Event().wait(0.05)
    assert application.stream.counts.ended >= 2
    assert application.stream.counts.breaks == []
    assert application.stream.behind() is True


def taken(*sequence_numbers: int) -> EventStream:
    """A subscription that was brought messages of these numbers."""
    stream = EventStream.__new__(EventStream)
    EventStream.__init__(stream, None, "0.0.9", None)  # type: ignore[arg-type]
    for number in sequence_numbers:
        stream._take(TopicMessage("0.0.9", number, BASE_NS + number, b"x", b"", 3))
    return stream


@pytest.mark.parametrize(
    ("came", "delivered", "skipped", "disordered", "repeated"),
    [
        ((1, 2, 3), 3, 0, 0, 0),
        ((1, 3, 2), 3, 1, 1, 0),
        ((1, 2, 2), 2, 0, 0, 1),
        ((2, 2), 1, 1, 0, 1),
        ((1, 4, 3, 3), 3, 2, 1, 1),
        ((3, 1, 2, 4), 4, 2, 2, 0),
    ],
)
def test_order_and_copies(came: tuple[int, ...], delivered: int, skipped: int, disordered: int, repeated: int) -> None:
    """One that comes behind a later one is out of order; one that comes again is no event."""
    counts = taken(*came).counts
    assert (counts.delivered, counts.skipped, counts.disordered, counts.repeated) == (
        *(delivered, skipped, disordered),
        repeated,
    )
    assert counts.last_sequence == max(came)
    assert counts.snapshot()["breaks"] == []
