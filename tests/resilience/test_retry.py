"""Which errors are retried, how long the waits are, and what comes out when nothing helps."""

from __future__ import annotations

import gevent
import pytest

from resilience import (
    TRANSIENT,
    Attempt,
    BreakerPolicy,
    CircuitOpenError,
    Guard,
    RejectedError,
    RetryPolicy,
    cut_short_by,
)

NEVER_OPENS = BreakerPolicy(failures=1_000, failure_ratio=None)


def test_success_at_once_makes_one_attempt(make_guard, script, clock):
    """A call that succeeds is made once, gets number 1, and nothing waits."""
    service = script("done")
    assert make_guard().run(service) == "done"
    assert service.numbers == [1]
    assert clock.slept == []


def test_attempts_are_numbered_from_one(make_guard, script, errors):
    """The attempt is told the how-manieth it is, so that it can count and choose another node."""
    service = script(errors.unavailable, errors.throttled, "done")
    assert make_guard().run(service) == "done"
    assert service.numbers == [1, 2, 3]


def test_default_policy_is_five_attempts_with_doubling_waits(make_guard, script, errors, clock):
    """By default: 5 attempts, waits of 0.25, 0.5, 1 and 2 s between them."""
    service = script(*[errors.unavailable] * 5)
    with pytest.raises(errors.unavailable):
        make_guard(breaker=NEVER_OPENS).run(service)
    assert service.numbers == [1, 2, 3, 4, 5]
    assert clock.slept == pytest.approx([0.25, 0.5, 1.0, 2.0])


def test_last_real_error_is_raised_as_it_is(make_guard, script, errors):
    """When attempts run out, the caller gets the last attempt's own error object, with its own cause."""
    cause = OSError("reset")
    last = errors.unavailable("third")
    last.__cause__ = cause
    service = script(errors.unavailable("first"), errors.unavailable("second"), last)
    with pytest.raises(errors.unavailable) as raised:
        make_guard(retry=RetryPolicy(attempts=3)).run(service)
    assert raised.value is last
    assert raised.value.__cause__ is cause
    assert cut_short_by(raised.value) is None


@pytest.mark.parametrize("kind", ["refused", "lost"])
def test_errors_that_must_not_be_sent_again_are_raised_at_once(make_guard, script, errors, clock, kind):
    """A considered refusal, and an error after which sending again would be wrong, end the operation."""
    service = script(getattr(errors, kind), "never reached")
    with pytest.raises(getattr(errors, kind)):
        make_guard().run(service)
    assert service.numbers == [1]
    assert clock.slept == []


def test_an_error_the_second_attempt_ends_in_is_judged_anew(make_guard, script, errors):
    """After a transient error a final one still ends the operation, whatever came before."""
    service = script(errors.unavailable, errors.refused, "never reached")
    with pytest.raises(errors.refused):
        make_guard().run(service)
    assert service.numbers == [1, 2]


def test_waits_stop_growing_at_the_cap_and_survive_many_attempts(make_guard, script, errors, clock):
    """Doubling 1,100 times does not overflow; no wait exceeds the cap."""
    policy = RetryPolicy(attempts=1_100, jitter=0.0)
    with pytest.raises(errors.unavailable):
        make_guard(retry=policy, breaker=BreakerPolicy(failures=10_000, failure_ratio=None)).run(
            script(*[errors.unavailable] * 1_100)
        )
    assert clock.slept[:6] == pytest.approx([0.25, 0.5, 1.0, 2.0, 4.0, 8.0])
    assert max(clock.slept) == 8.0


@pytest.mark.parametrize(("chance", "factor"), [(0.0, 0.9), (0.5, 1.0), (1.0, 1.1)])
def test_jitter_spreads_a_wait_to_both_sides(make_guard, script, errors, clock, chance, factor):
    """10 % jitter: a wait of 0.25 s becomes 0.225 to 0.275 s, as the source of chance says."""
    make_guard(random=lambda: chance).run(script(errors.unavailable, errors.unavailable, "done"))
    assert clock.slept == pytest.approx([0.25 * factor, 0.5 * factor])


@pytest.mark.parametrize("chance", [0.0, 0.999999])
def test_jitter_never_exceeds_the_cap_and_still_spreads_there(make_guard, script, errors, clock, chance):
    """Waits at the cap are spread below it instead of being all exactly 8 s."""
    retry = RetryPolicy(attempts=12)
    with pytest.raises(errors.unavailable):
        make_guard(retry=retry, breaker=NEVER_OPENS, random=lambda: chance).run(script(*[errors.unavailable] * 12))
    assert clock.slept[-1] == pytest.approx(8.0 / 1.1 * (0.9 if chance == 0.0 else 1.1), rel=1e-4)
    assert max(clock.slept) <= 8.0


def test_open_circuit_before_the_first_attempt_is_a_rejection(make_guard, script, trip):
    """Nothing is sent while the circuit is open; the refusal names the circuit and when to come back."""
    guard = make_guard()
    trip(guard)
    service = script("never reached")
    with pytest.raises(RejectedError) as raised:
        guard.run(service)
    assert isinstance(raised.value, CircuitOpenError)
    assert (raised.value.name, raised.value.retry_after) == ("svc", 60.0)
    assert str(raised.value) == "circuit 'svc' is open, next trial in 60.0 s"
    assert service.numbers == []


def test_circuit_that_opens_between_attempts_leaves_the_real_error(make_guard, script, errors, clock):
    """The operation was sent, so it is not a rejection: its own error comes out and says why it was not retried."""
    service = script(*[errors.unavailable("node down")] * 5)
    with pytest.raises(errors.unavailable, match="node down") as raised:
        make_guard(breaker=BreakerPolicy(failures=2)).run(service)
    assert service.numbers == [1, 2]
    assert clock.slept == pytest.approx([0.25, 0.5])
    refusal = cut_short_by(raised.value)
    assert isinstance(refusal, CircuitOpenError)
    assert refusal.retry_after == pytest.approx(59.5)
    assert raised.value.__notes__ == ["not retried after attempt 2: circuit 'svc' is open, next trial in 59.5 s"]
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


def test_notes_do_not_pile_up_on_an_error_that_is_raised_again(make_guard, script, errors, clock):
    """One error object raised by many operations carries one note, and the newest refusal."""
    same = errors.unavailable()
    guard = make_guard(breaker=BreakerPolicy(failures=1))
    for _ in range(3):
        with pytest.raises(errors.unavailable):
            guard.run(script(same, "never reached"))
        clock.sleep(60)
    assert len(same.__notes__) == 1


def test_refusal_of_another_guard_inside_the_attempt_is_the_attempts_error(make_guard, script, trip):
    """A guard within a guard: the inner refusal is judged by the outer classifier like any error."""
    inner = make_guard()
    trip(inner)
    outer_attempts: list[int] = []

    def attempt(told: Attempt) -> object:
        outer_attempts.append(told.number)
        return inner.run(script("never reached"))

    outer = Guard("outer", lambda error: TRANSIENT, RetryPolicy(attempts=3), sleep=lambda seconds: None)
    with pytest.raises(CircuitOpenError, match="svc"):
        outer.run(attempt)
    assert outer_attempts == [1, 2, 3]
    assert outer.breaker.failures == 3


@pytest.mark.parametrize("kill", [gevent.GreenletExit, gevent.Timeout, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("before", [0, 1])
def test_what_is_no_exception_is_never_retried(script, errors, kill, before, clock):
    """A kill passes at once, at the first attempt or a later one, even with a classifier that retries everything."""
    guard = Guard("svc", lambda error: TRANSIENT, sleep=clock.sleep)
    service = script(*[errors.unavailable] * before, kill, "never reached")
    with pytest.raises(kill):
        guard.run(service)
    assert service.numbers == list(range(1, before + 2))
    assert guard.breaker.failures == before
    assert guard.breaker.in_flight == 0


def test_a_fault_in_the_classifier_frees_the_permit(script, errors):
    """A classifier that raises ends the operation with its own error and leaves nothing taken."""

    def broken(error: Exception) -> object:
        raise LookupError("no verdict")

    guard = Guard("svc", broken)
    with pytest.raises(LookupError):
        guard.run(script(errors.unavailable, "never reached"))
    assert guard.breaker.in_flight == 0
    assert guard.breaker.failures == 0


def test_greenlets_that_share_a_guard_do_not_mix_their_attempts(errors):
    """Each of 40 operations that interleave on one guard sees its own numbers and its own number of retries."""
    guard = Guard(
        "svc",
        lambda error: TRANSIENT,
        RetryPolicy(attempts=8, backoff=0.001),
        BreakerPolicy(10_000, failure_ratio=None),
    )

    def operation(failures: int) -> list[int]:
        numbers: list[int] = []

        def attempt(told: Attempt) -> list[int]:
            numbers.append(told.number)
            gevent.sleep(0)
            if told.number <= failures:
                raise errors.unavailable
            return numbers

        return guard.run(attempt)

    greenlets = [gevent.spawn(operation, index % 8) for index in range(40)]
    gevent.joinall(greenlets, timeout=10, raise_error=True)
    assert [greenlet.value for greenlet in greenlets] == [list(range(1, index % 8 + 2)) for index in range(40)]
    assert guard.stats.attempts == 5 * sum(range(8))
