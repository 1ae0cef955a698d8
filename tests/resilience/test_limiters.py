"""How many calls a second, how many at once, and as many as the service bears."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resilience import AdaptiveConcurrency, ConcurrencyLimit, Limits, RateLimitedError, RetryPolicy, TokenBucket


def test_a_bucket_gives_its_burst_and_then_its_rate(clock):
    """Ten at once, and from then on one every tenth of a second, as the bucket itself says."""
    bucket = TokenBucket(10, burst=10, clock=clock)
    assert [bucket.acquire() for _ in range(10)] == [0.0] * 10
    for _ in range(50):
        wait = bucket.acquire()
        assert wait == pytest.approx(0.1)
        assert bucket.delay() == wait
        clock.sleep(wait)
        assert bucket.acquire() == 0.0
    snapshot = bucket.snapshot()
    assert snapshot == {"kind": "token-bucket", "limit": 10, "limit_min": 10, "limit_max": 10, "waits": 50, "busy": 0}


def test_a_bucket_that_rested_for_long_holds_no_more_than_its_burst(clock):
    bucket = TokenBucket(100, burst=3, clock=clock)
    clock.sleep(3_600)
    assert [bucket.acquire() for _ in range(4)] == [0.0, 0.0, 0.0, pytest.approx(0.01)]


@given(
    rate=st.floats(0.1, 5_000),
    burst=st.floats(1, 500),
    gaps=st.lists(st.floats(0, 2), min_size=1, max_size=200),
)
def test_a_bucket_never_exceeds_burst_plus_rate_times_time(rate, burst, gaps):
    """However callers come, what is taken up to any moment is at most the burst and what came in since."""
    now = taken = 0.0
    bucket = TokenBucket(rate, burst, clock=lambda: now)
    for gap in gaps:
        now += gap
        while taken < 2_000 and bucket.acquire() == 0.0:
            taken += 1
        assert taken <= burst + rate * now + 1e-6 * max(1.0, taken)


def test_a_concurrency_limit_is_a_number_of_places(clock):
    """Two at once; the third waits until a place is free, whatever became of its holder."""
    limit = ConcurrencyLimit(2)
    assert [limit.acquire(), limit.acquire()] == [0.0, 0.0]
    assert limit.acquire() > 0
    limit.release("busy")
    assert limit.acquire() == 0.0
    assert limit.acquire() > 0
    snapshot = limit.snapshot()
    assert snapshot == {"kind": "concurrency", "limit": 2, "limit_min": 2, "limit_max": 2, "waits": 2, "busy": 1}


def use(limit: AdaptiveConcurrency, calls: int, outcome: Any) -> None:
    """So many calls at once, all of which end like this."""
    taken = sum(limit.acquire() == 0.0 for _ in range(calls))
    for _ in range(taken):
        limit.release(outcome)


def test_an_adaptive_limit_grows_by_one_per_round_of_successes():
    """A full round of successes adds about 1; five rounds from 10 make 14 or 15."""
    limit = AdaptiveConcurrency(10)
    for _ in range(5):
        use(limit, int(limit.limit), "success")
    assert 12 <= int(limit.limit) <= 15


def test_an_adaptive_limit_that_is_not_used_does_not_grow():
    """Successes of a load that needs less than half of the limit say nothing about what the service bears."""
    limit = AdaptiveConcurrency(20)
    for _ in range(1_000):
        use(limit, 9, "success")
    assert limit.limit == 20
    use(limit, 10, "success")
    assert limit.limit > 20


def test_an_adaptive_limit_shrinks_once_per_round():
    """Twenty BUSY of one round are one cut to nine tenths; the next round is the next cut."""
    limit = AdaptiveConcurrency(20)
    use(limit, 20, "busy")
    assert limit.limit == pytest.approx(18)
    use(limit, 18, "busy")
    assert limit.limit == pytest.approx(16.2)
    assert limit.snapshot() == {
        "kind": "adaptive", "limit": 16, "limit_min": 16, "limit_max": 20, "waits": 0, "busy": 38,
    }  # fmt: skip


@pytest.mark.parametrize("outcome", ["failure", "neutral"])
def test_failures_and_refusals_do_not_move_an_adaptive_limit(outcome):
    """A fault is the circuit's business, a considered no is nobody's."""
    limit = AdaptiveConcurrency(20)
    use(limit, 20, outcome)
    assert limit.limit == 20


def test_an_adaptive_limit_finds_what_a_service_bears():
    """A service that says BUSY above 40 calls at once: from 5 and from 500 the limit comes to swing around 40."""
    for start in (5, 500):
        limit = AdaptiveConcurrency(start)
        for _ in range(400):
            taken = sum(limit.acquire() == 0.0 for _ in range(int(limit.limit)))
            for place in range(taken):
                limit.release("success" if place < 40 else "busy")
        assert 34 <= limit.limit <= 43


@given(st.lists(st.sampled_from(["take", "success", "busy", "failure", "neutral"]), max_size=300))
def test_an_adaptive_limit_stays_in_its_bounds(steps):
    """Whatever happens: from lowest to highest, and never more under way than the limit was when they were let in."""
    limit = AdaptiveConcurrency(4, lowest=2, highest=6)
    under_way = 0
    for step in steps:
        if step == "take":
            wait = limit.delay()
            assert (limit.acquire() == 0.0) == (wait == 0.0) == (under_way < int(limit.limit))
            under_way += wait == 0.0
        elif under_way:
            limit.release(step)
            under_way -= 1
        assert limit.in_flight == under_way <= 6
        assert 2 <= limit.limit <= 6
    snapshot = limit.snapshot()
    assert 2 <= snapshot["limit_min"] <= snapshot["limit"] <= snapshot["limit_max"] <= 6


def test_all_of_several_take_from_all_or_from_none(clock):
    """The tightest decides; a call that one of them delays takes nothing from the others."""
    bucket, places = TokenBucket(1, burst=3, clock=clock), ConcurrencyLimit(2)
    both = Limits([bucket, places])
    assert [both.acquire(), both.acquire()] == [0.0, 0.0]
    assert both.acquire() == places.delay() > 0
    both.release("success")
    assert both.acquire() == 0.0  # the third token was not lost
    both.release("busy")
    assert both.acquire() == pytest.approx(1.0)
    assert places.in_flight == 1
    snapshot = both.snapshot()
    assert [part["kind"] for part in snapshot["limits"]] == ["token-bucket", "concurrency"]
    assert (snapshot["waits"], snapshot["busy"]) == (2, 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TokenBucket(0), "TokenBucket: rate_per_s=0 must be more than 0"),
        (lambda: TokenBucket(1, burst=0.5), "TokenBucket: burst=0.5 must be at least 1"),
        (lambda: ConcurrencyLimit(0), "ConcurrencyLimit: limit=0 must be at least 1"),
        (lambda: AdaptiveConcurrency(5, lowest=6), "AdaptiveConcurrency: initial=5 must be from lowest to highest"),
        (lambda: AdaptiveConcurrency(backoff=1), "AdaptiveConcurrency: backoff=1 must be more than 0 and less than 1"),
        (lambda: Limits([]), "Limits needs at least one limiter"),
    ],
)
def test_impossible_limits_are_refused(make, message):
    with pytest.raises(ValueError) as raised:
        make()
    assert str(raised.value) == message


def test_without_a_queue_a_new_operation_is_refused_and_a_retry_waits(make_guard, script, errors, clock):
    """RateLimitedError at once for a new one, with the time to come back; who was admitted sleeps until then."""
    guard = make_guard(limiter=TokenBucket(1, burst=1, clock=clock), retry=RetryPolicy(backoff=0.25))
    waited: list[tuple[str, float]] = []
    service = script(errors.throttled, "done")
    assert guard.run(service, on_wait=lambda what, seconds: waited.append((what, seconds))) == "done"
    assert waited == [("retry", pytest.approx(0.25)), ("limiter", pytest.approx(0.75))]
    with pytest.raises(RateLimitedError, match=r"limiter 'svc' says wait 1\.000 s") as raised:
        guard.run(script("never reached"))
    assert raised.value.retry_after == pytest.approx(1.0)
    assert guard.run(script("done"), continuing=True) == "done"
    assert clock.slept == pytest.approx([0.25, 0.75, 1.0])
    snapshot = guard.stats.snapshot()
    assert snapshot["rejected"] == {"RATE_LIMITED": 1}
    assert snapshot["waits"]["limiter"] == {"count": 2, "seconds": pytest.approx(1.75), "max_s": pytest.approx(1.0)}
    assert [limiter["name"] for limiter in snapshot["limiters"]] == ["svc"]


@pytest.mark.parametrize(
    ("ends", "outcome"),
    [("done", "success"), ("unavailable", "failure"), ("throttled", "busy"), ("slow", "busy"), ("refused", "neutral")],
)
def test_a_limiter_is_told_how_each_call_ended(make_guard, script, errors, ends, outcome):
    """Success, BUSY and a timeout, a failure, a considered no: each is its own word to the limiter."""
    told: list[str] = []

    class Listening(ConcurrencyLimit):
        def release(self, outcome: Any) -> None:
            told.append(outcome)
            super().release(outcome)

    guard = make_guard(limiter=Listening(1), retry=RetryPolicy(attempts=1))
    if ends == "done":
        guard.run(script("done"))
    else:
        with pytest.raises(getattr(errors, ends)):
            guard.run(script(getattr(errors, ends)))
    assert told == [outcome]


def test_a_refusing_circuit_takes_nothing_from_the_limiter(make_guard, script, trip, clock):
    """While the circuit is open no token is spent on asking."""
    guard = make_guard(limiter=TokenBucket(1, burst=5, clock=clock))
    trip(guard)
    clock.sleep(5)
    for _ in range(20):
        with pytest.raises(Exception, match="circuit 'svc' is open"):
            guard.run(script("never reached"))
    clock.sleep(55)
    assert guard.run(script("done")) == "done"
    assert guard.breaker.snapshot()["rejected"] == 20
