"""The search finds what a network keeps: networks are simulated here, with bursts, queues, noise and other limits."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.capacity_gates import Fault, Gates, StepSeen, faults
from scenarios.capacity_search import Found, Plan, Search, Step

TICK_S = 0.1
LEAD_S = 1.0
"""Seconds until a rate takes effect, which a step takes besides."""


class Throttled:
    """A network that turns away what is over its rate, once its burst is used up: a leaky bucket, in a fluid model.

    Args:
        rate: Operations per second that it takes.
        burst_s: Seconds' worth of them that it takes at once.
        noise: Spread of what comes in a tick, as a part of it: 0 for a constant rate.
        hiccup: Chance that a step has a p95 that is no sign of anything.
    """

    def __init__(self, rate: float, burst_s: float, noise: float = 0.0, hiccup: float = 0.0, seed: int = 1) -> None:
        self.rate = rate
        self.capacity = rate * burst_s
        self.used = 0.0
        self.noise = noise
        self.hiccup = hiccup
        self.random = random.Random(seed)

    def offer(self, rate: float, seconds: float) -> tuple[float, float]:
        """What it takes and what it turns away of a rate in a time."""
        taken = refused = 0.0
        for _ in range(max(1, round(seconds / TICK_S))):
            self.used = max(0.0, self.used - self.rate * TICK_S)
            coming = rate * TICK_S * max(0.0, self.random.gauss(1.0, self.noise))
            fits = min(coming, self.capacity - self.used)
            self.used += fits
            taken += fits
            refused += coming - fits
        return taken, refused

    def step(self, step: Step) -> StepSeen:
        """What a step shows."""
        if step.rest_s:
            self.offer(step.rest_rate, step.rest_s)
        self.offer(step.rate, LEAD_S + step.settle_s)
        taken, refused = self.offer(step.rate, step.seconds)
        slow = self.random.random() < self.hiccup
        return StepSeen(
            seconds=step.seconds,
            due=round(taken + refused),
            started=round(taken + refused),
            succeeded=round(taken),
            failed=round(refused / 3),
            turned_away=round(refused),
            p50_ms=5,
            p95_ms=500 if slow else 12,
            early_p95_ms=12,
            late_p95_ms=900 if slow else 13,
        )


class Queueing:
    """A network that turns nothing away: what is over its rate waits, and times grow until it is worked off."""

    def __init__(self, rate: float, base_ms: float) -> None:
        self.rate = rate
        self.base_ms = base_ms
        self.backlog = 0.0

    def pass_time(self, rate: float, seconds: float) -> float:
        """Take a rate for a time; returns how many ended in it."""
        waiting = self.backlog + rate * seconds
        done = min(waiting, self.rate * seconds)
        self.backlog = waiting - done
        return done

    @property
    def p95_ms(self) -> float:
        """How long who comes now will take."""
        return self.base_ms + 1000 * self.backlog / self.rate

    def step(self, step: Step) -> StepSeen:
        """What a step shows."""
        self.pass_time(step.rest_rate, step.rest_s)
        self.pass_time(step.rate, LEAD_S + step.settle_s)
        done = self.pass_time(step.rate, step.seconds / 2)
        early = self.p95_ms
        done += self.pass_time(step.rate, step.seconds / 2)
        late = self.p95_ms
        due = round(step.rate * step.seconds)
        return StepSeen(
            step.seconds, due, due, round(done), p50_ms=early, p95_ms=late, early_p95_ms=early, late_p95_ms=late
        )


@dataclass
class Weak:
    """A generator that can make so much and no more, before a network that could take anything."""

    rate: float

    def step(self, step: Step) -> StepSeen:
        """What a step shows: what is not made was due all the same, and a processor has nothing left."""
        due = round(step.rate * step.seconds)
        made = min(due, round(self.rate * step.seconds))
        cpu = min(100.0, 100 * step.rate / self.rate)
        return StepSeen(
            step.seconds, due, made, made, p50_ms=5, p95_ms=9, early_p95_ms=9, late_p95_ms=9, cpu_percent=cpu
        )


def search(system: Throttled | Queueing | Weak, plan: Plan) -> tuple[Found, float, Search]:
    """What a search finds, and how many seconds it takes."""
    one = Search(plan)
    passed = 0.0
    while (step := one.next_step()) is not None:
        one.observe(step, system.step(step))
        passed += step.takes_s + LEAD_S + (LEAD_S if step.rest_s else 0.0)
        assert len(one.tried) < 60, "it does not come to an end"
    return one.found, passed, one


@settings(max_examples=300)
@given(st.floats(40, 2_000), st.floats(0.2, 1.0), st.sampled_from([0.0, 0.05]), st.integers(0, 99))
def test_a_throttle_is_found_within_5_percent_in_under_4_minutes(
    rate: float, burst_s: float, noise: float, seed: int
) -> None:
    """Whatever the rate, with bursts of up to a second, evenly or with noise."""
    found, passed, _ = search(Throttled(rate, burst_s, noise, seed=seed), Plan())
    assert found.rate == pytest.approx(rate, rel=0.05)
    assert (found.by, found.confirmed) == ("network", True)
    assert found.below is not None
    assert found.rate < found.below <= 1.06 * found.rate
    assert found.operating == pytest.approx(0.8 * found.rate)
    assert passed < 240


@pytest.mark.parametrize("rate", [50, 200, 800])
def test_hiccups_are_tried_again(rate: float) -> None:
    """A step in ten that is slow for no reason does not end the climb; of 40 searches hardly one is led astray."""
    far = [
        found.rate
        for seed in range(40)
        for found in [search(Throttled(rate, 1.0, 0.05, hiccup=0.1, seed=seed), Plan())[0]]
        if found.rate != pytest.approx(rate, rel=0.05)
    ]
    assert len(far) <= 4, far


@settings(max_examples=200)
@given(st.floats(20, 2_000), st.floats(2, 300))
def test_a_network_that_queues_is_found_by_its_times(rate: float, base_ms: float) -> None:
    """It refuses nothing; the p95 that grows within a step tells, and what is left over is worked off."""
    found, passed, _ = search(Queueing(rate, base_ms), Plan())
    assert 0.9 * rate <= found.rate <= 1.03 * rate
    assert (found.by, found.confirmed) == ("network", True)
    assert "p95" in found.why
    assert passed < 300


@given(st.floats(30, 3_000))
def test_a_generator_at_its_end_is_named(rate: float) -> None:
    """The network might take more: that is said, with what the generator lacked."""
    found, _, _ = search(Weak(rate), Plan())
    assert found.by == "generator"
    assert "% of a core" in found.why
    assert 0.88 * rate <= found.rate <= 1.06 * rate


def test_the_highest_rate_that_may_be_tried_is_confirmed_and_not_exceeded() -> None:
    """Nobody was at a limit then."""
    found, _, one = search(Throttled(1_000, 1.0), Plan(most=300))
    assert (found.rate, found.below, found.by, found.confirmed, found.why) == (300, None, None, True, "")
    assert max(tried.step.rate for tried in one.tried) == 300


def test_a_network_that_keeps_nothing_ends_the_search() -> None:
    """It goes down until there is no point in it."""
    found, _, one = search(Throttled(0.01, 1.0), Plan())
    assert (found.rate, found.confirmed, found.by) == (0.0, False, "network")
    assert len(one.tried) < 10


def test_it_ends_in_time_and_says_so() -> None:
    """What it has found until then is told as not confirmed."""
    found, passed, _ = search(Throttled(200, 1.0), Plan(limit_s=60))
    assert passed < 80
    assert (found.confirmed, found.why) == (False, "the search may last 60 s")
    assert 100 < found.rate <= 205


GOOD = StepSeen(10, 1_000, 1_000, 1_000, p50_ms=5, p95_ms=20, early_p95_ms=20, late_p95_ms=21, cpu_percent=40)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (GOOD, []),
        (replace(GOOD, turned_away=30), [Fault("network", "2.91 % of the attempts were turned away", severe=True)]),
        (replace(GOOD, succeeded=985, failed=15), [Fault("network", "1.5 % of the operations did not succeed")]),
        (replace(GOOD, succeeded=985, rejected=15), [Fault("generator", "1.5 % of the operations did not succeed")]),
        (
            replace(GOOD, started=940, no_user=60),
            [Fault("generator", "94 % of the rate was kept, for no user was free")],
        ),
        (
            replace(GOOD, started=940, no_user=60, p95_ms=130),
            [
                Fault("network", "94 % of the rate was kept, for no user was free"),
                Fault("network", "p95 130 ms, more than 5 times the 20 ms of a good step"),
            ],
        ),
        (
            replace(GOOD, started=940, cpu_percent=99),
            [Fault("generator", "94 % of the rate was kept (a process of the generator used 99 % of a core)")],
        ),
        (replace(GOOD, succeeded=860), []),
        (
            replace(GOOD, succeeded=850),
            [Fault("network", "1,000 operations were started, and 850 ended")],
        ),
        (replace(GOOD, p95_ms=119, late_p95_ms=100), []),
        (
            replace(GOOD, p95_ms=300, early_p95_ms=300, late_p95_ms=300),
            [Fault("network", "p95 300 ms, more than 5 times the 20 ms of a good step")],
        ),
        (
            replace(GOOD, late_p95_ms=200),
            [Fault("network", "p95 grew from 20 to 200 ms within the step")],
        ),
        (
            replace(GOOD, late_p95_ms=200, late_starts=100),
            [
                Fault(
                    "generator",
                    "p95 grew from 20 to 200 ms within the step (10 % started late for want of processor time)",
                )
            ],
        ),
        (
            StepSeen(10, 0, 0, 0),
            [Fault("network", "nothing ended"), Fault("network", "0 % of the rate was kept", severe=True)],
        ),
    ],
)
def test_each_gate_says_what_did_not_hold_and_whose_it_was(seen: StepSeen, expected: list[Fault]) -> None:
    """With a usual p95 of 20 ms."""
    assert faults(seen, Gates(), 20.0) == expected


def test_a_longest_p95_is_a_gate_where_it_is_asked_for() -> None:
    """`--shape capacity:p95=15`."""
    assert faults(GOOD, Gates(p95_ms=15)) == [Fault("network", "p95 20 ms, over 15 ms")]
    assert faults(GOOD, Gates(p95_ms=20)) == []
