"""A mirror's stream that is dead, frozen or leaves messages out is noticed, passed by, repaired and told."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedera_client import MirrorRest, MirrorTimeoutError, MirrorWatcher
from hedera_client.overdue_messages import GRACE_S, LONGEST_REPAIR_WAIT_S, PATIENCE_S, Suspicion
from localnet_launcher import Localnet
from tests.hedera_client.mirror_front import MirrorFront, Submit

PATIENT_S = 60.0
"""What an application would wait at most; nobody has to."""

MUCH_LESS_S = 20.0

Watch = Callable[..., MirrorWatcher]


@pytest.fixture
def watch(localnet: Localnet, topic_id: str) -> Iterator[Watch]:
    """Watch the topic through the gRPC port of somebody, with the real mirror's REST as the second opinion."""
    made: list[MirrorWatcher] = []

    def make(address: str, *, opinion: bool = True) -> MirrorWatcher:
        network = localnet.network.model_copy(update={"mirror_grpc": address})
        rest = MirrorRest(network.mirror_rest) if opinion else None
        made.append(MirrorWatcher(network, topic_id, rest=rest))
        return made[-1]

    yield make
    for watcher in made:
        watcher.close()


def test_a_stream_that_is_well_is_believed(front: MirrorFront, watch: Watch, submit: Submit) -> None:
    watcher = watch(front.address)
    assert [watcher.wait_for(submit(), PATIENT_S).late_s for _ in range(5)] == [0.0] * 5
    assert (watcher.counts.opened, watcher.counts.waits, watcher.counts.late) == (1, 5, 0)
    assert watcher.counts.ended == watcher.counts.silent == watcher.counts.skipped == 0


def test_a_stream_that_cannot_be_opened(watch: Watch, submit: Submit) -> None:
    """As with `grpc_proxy=http://127.0.0.1:9`: nothing listens there."""
    watcher = watch("127.0.0.1:9")
    shown = watcher.wait_for(submit(), PATIENT_S)
    assert shown.message.message == b"hello"
    assert 0 < shown.late_s < MUCH_LESS_S, "the bound is ours, not the time-out"
    assert watcher.counts.ended >= 1
    assert watcher.counts.late == 1
    assert watcher.counts.late_s == pytest.approx(shown.late_s)


def test_a_frozen_stream_is_opened_again_on_another_connection(
    front: MirrorFront, watch: Watch, submit: Submit
) -> None:
    watcher = watch(front.address)
    before = watcher.wait_for(submit(), PATIENT_S)
    front.freeze_after = before.message.sequence_number
    assert 0 < watcher.wait_for(submit(), PATIENT_S).late_s < MUCH_LESS_S
    for _ in range(100):
        if watcher.wait_for(submit(), PATIENT_S).late_s == 0.0:
            break
    else:
        pytest.fail("the stream was not repaired")
    assert watcher.counts.silent >= 1
    assert len(front.subscriptions) >= 2
    assert len(set(front.subscriptions)) == len(front.subscriptions), "each on a connection of its own"


def test_what_a_stream_leaves_out_comes_from_rest(front: MirrorFront, watch: Watch, submit: Submit) -> None:
    watcher = watch(front.address)
    first = watcher.wait_for(submit(), PATIENT_S).message.sequence_number
    front.leave_out = {first + 1}
    left_out, following = submit(), submit()
    assert watcher.wait_for(following, PATIENT_S).late_s == 0.0
    assert watcher.wait_for(left_out, PATIENT_S).message.sequence_number == first + 1
    assert watcher.counts.skipped == 1
    assert watcher.counts.silent == 0, "it went on"


def test_a_stream_that_ends_goes_on_behind_the_last_message(front: MirrorFront, watch: Watch, submit: Submit) -> None:
    watcher = watch(front.address)
    first = watcher.wait_for(submit(), PATIENT_S).message.sequence_number
    front.end_after = first + 1
    numbers = [submit() for _ in range(4)]
    assert [watcher.wait_for(n, PATIENT_S).message.sequence_number for n in numbers] == numbers
    for _ in range(100):  # REST may have shown all of them before the stream was there again
        if watcher.counts.opened >= 2:
            break
        watcher.wait_for(submit(), PATIENT_S)
    assert watcher.counts.ended == 1


def test_many_who_wait_cost_one_question(watch: Watch, submit: Submit) -> None:
    """A page of messages for all of them; public mirrors allow 50 requests a second to everybody behind an address."""
    watcher = watch("127.0.0.1:9")
    numbers = [submit() for _ in range(30)]
    found: list[int] = []
    together = threading.Barrier(30)

    def wait(number: int) -> None:
        together.wait()
        found.append(watcher.wait_for(number, PATIENT_S).message.sequence_number)

    waiting = [threading.Thread(target=wait, args=(number,)) for number in numbers]
    for one in waiting:
        one.start()
    for one in waiting:
        one.join()
    assert sorted(found) == numbers
    assert watcher.counts.waits == 30
    assert watcher.counts.looks < 15


def test_without_a_second_opinion_it_waits_as_long_as_it_was_told(watch: Watch, submit: Submit) -> None:
    with pytest.raises(MirrorTimeoutError, match=r"within 0\.3 s"):
        watch("127.0.0.1:9", opinion=False).wait_for(submit(), 0.3)


def test_what_nobody_shows_is_a_time_out(front: MirrorFront, watch: Watch, submit: Submit) -> None:
    watcher = watch(front.address)
    with pytest.raises(MirrorTimeoutError):
        watcher.wait_for(submit() + 1, 0.3)


def test_closing_ends_a_wait(watch: Watch, submit: Submit) -> None:
    watcher = watch("127.0.0.1:9")
    number = submit() + 1
    ended = threading.Event()

    def wait() -> None:
        with pytest.raises(MirrorTimeoutError, match="closed"):
            watcher.wait_for(number, PATIENT_S)
        ended.set()

    threading.Thread(target=wait).start()
    while not watcher._waiters:
        pass
    watcher.close()
    assert ended.wait(MUCH_LESS_S)


def test_a_message_is_overdue_about_a_second_after_the_usual_time() -> None:
    """At first nothing is known to be usual; a mirror that takes 3 s is not doubted after 1 s for long."""
    suspicion = Suspicion()
    assert suspicion.next_look(100.0, passed_over=False) == 100.0 + PATIENCE_S
    for _ in range(10):
        suspicion.waited(3.0)
    assert suspicion.next_look(100.0, passed_over=False) == pytest.approx(103.0 + PATIENCE_S)


def test_what_was_passed_over_or_waits_at_a_broken_stream_is_overdue_at_once() -> None:
    suspicion = Suspicion()
    assert suspicion.next_look(100.0, passed_over=True) == 100.0
    suspicion.broke()
    assert suspicion.next_look(100.0, passed_over=False) == 100.0
    suspicion.brought()
    assert suspicion.next_look(100.0, passed_over=False) > 100.0


def test_a_stream_has_time_to_show_what_rest_shows() -> None:
    suspicion = Suspicion()
    suspicion.shown_elsewhere(7, 50.0)
    assert not suspicion.judge(6, 50.0 + GRACE_S / 2)
    assert not suspicion.judge(7, 50.0 + GRACE_S)
    suspicion.shown_elsewhere(8, 60.0)
    assert suspicion.judge(7, 60.0 + GRACE_S)
    assert suspicion.down


def test_repairs_that_do_not_help_become_rare() -> None:
    """A mirror whose streams show nothing is not asked for a new one every second."""
    suspicion = Suspicion()
    now, repairs = 0.0, 0
    while now < 600:
        suspicion.shown_elsewhere(1, now)
        now += 0.25
        if suspicion.judge(0, now):
            repairs += 1
            suspicion.opened(now)
    assert 600 / LONGEST_REPAIR_WAIT_S <= repairs < 40


@given(st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=60), st.floats(0.05, 2))
def test_questions_are_never_closer_than_they_may_be(steps: list[tuple[float, bool]], interval: float) -> None:
    """Whatever happens to the stream, and however many wait."""
    suspicion = Suspicion(interval)
    now, last = 0.0, None
    for passed, down in steps:
        now += passed
        if down:
            suspicion.broke()
        if suspicion.next_look(now, passed_over=True) <= now:
            assert last is None or now - last >= interval * 0.999
            suspicion.looked(now, answered=True)
            last = now


def test_a_watcher_is_usable_after_a_fork(watch: Watch, submit: Submit) -> None:
    """It has adopted nothing of its parent's, and its counts start anew."""
    watcher = watch("127.0.0.1:9")
    assert watcher._pid == os.getpid()
    watcher._pid = -1
    watcher.counts.opened = 99
    assert watcher.wait_for(submit(), PATIENT_S).message.message == b"hello"
    assert watcher.counts.opened < 99
