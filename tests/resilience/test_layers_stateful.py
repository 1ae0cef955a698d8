"""All layers together, driven by whatever comes: the promises that hold at every moment."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import gevent
from gevent.event import AsyncResult
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from resilience import (
    BUSY,
    FINAL,
    TIMED_OUT,
    TRANSIENT,
    AdaptiveConcurrency,
    Attempt,
    BoundedQueue,
    BreakerPolicy,
    Guard,
    Limits,
    Pool,
    RejectedError,
    RetryBudget,
    RetryPolicy,
    TokenBucket,
    cut_short_by,
)

LEGAL = {("closed", "open"), ("open", "half-open"), ("half-open", "open"), ("half-open", "closed")}
CAPACITY = 4
VERDICTS = {"down": TRANSIENT, "slow": TIMED_OUT, "busy": BUSY, "no": FINAL}
EARLY_S = 1.0


class AnswerError(Exception):
    """What the service said, by its word in VERDICTS."""


class Operation:
    """One operation in a greenlet of its own, and what was seen of it."""

    def __init__(self, machine: LayersMachine, number: int, options: dict[str, Any]) -> None:
        self.number = number
        self.machine = machine
        self.new = not options.get("continuing")
        self.told: list[Attempt] = []
        self.answer: AsyncResult | None = None
        self.trial: tuple[str, int] | None = None
        """The circuit that the attempt under way is a trial of, and the how-manieth period of it that is."""
        self.greenlet = gevent.spawn(self._run, options)

    def _run(self, options: dict[str, Any]) -> str:
        try:
            return self.machine.guard.run(self._attempt, **options)
        except (AnswerError, RejectedError) as error:
            return type(error).__name__ if cut_short_by(error) is None else "cut short"

    def _attempt(self, attempt: Attempt) -> str:
        self.told.append(attempt)
        self.machine.sent(self, attempt)
        self.answer = AsyncResult()
        try:
            word = self.answer.get()
        finally:
            self.answer = None
        if word in VERDICTS:
            raise AnswerError(word)
        return word


class LayersMachine(RuleBasedStateMachine):
    """Submit, answer, kill, let time pass, and close, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000.0
        self.operations: list[Operation] = []
        self.first_sends: list[int] = []  # new operations in the order in which they were first sent
        self.sleepers: list[tuple[float, AsyncResult]] = []

    @initialize(limited=st.booleans(), trials=st.integers(1, 2), members=st.integers(1, 4))
    def build(self, limited: bool, trials: int, members: int) -> None:
        """Put the layers together."""
        self.members = tuple(str(3 + index) for index in range(members))
        policy = BreakerPolicy(failures=1, recovery=8.0, trials=trials, failure_ratio=None)
        self.pool = Pool("svc", self.members, policy, clock=lambda: self.now, now=lambda: self.now)
        self.bucket = TokenBucket(2, burst=4, clock=lambda: self.now)
        self.places = AdaptiveConcurrency(3, highest=6)
        self.queue = BoundedQueue(CAPACITY, 20.0, clock=lambda: self.now)
        self.guard = Guard(
            "svc",
            lambda error: VERDICTS[str(error)] if isinstance(error, AnswerError) else FINAL,
            RetryPolicy(attempts=4, backoff=0.5),
            self.pool,
            limiter=Limits([self.bucket, self.places]) if limited else None,
            budget=RetryBudget(30),
            queue=self.queue,
            sleep=self._sleep,
            clock=lambda: self.now,
            random=lambda: 0.5,
        )
        self.limited = limited

    def _sleep(self, seconds: float) -> None:
        done = AsyncResult()
        self.sleepers.append((self.now + seconds, done))
        done.get()

    def sent(self, operation: Operation, attempt: Attempt) -> None:
        """An attempt reached the service."""
        breaker = self.pool.breakers[self.members.index(attempt.member)]
        assert breaker.state != "open"
        operation.trial = (breaker.name, len(breaker.snapshot()["transitions"])) if breaker.state != "closed" else None
        if attempt.number == 1 and operation.new:
            assert "continuing=0" in repr(self.queue), "a new one overtook one that was admitted before"
            self.first_sends.append(operation.number)

    @rule(continuing=st.booleans(), deadline=st.sampled_from([None, None, 0.0, 3.0, 30.0]))
    def submit(self, continuing: bool, deadline: float | None) -> None:
        """A caller comes, with or without limited time."""
        options: dict[str, Any] = {"continuing": continuing}
        if deadline is not None:
            options["deadline"] = self.now + deadline
        self.operations.append(Operation(self, len(self.operations), options))
        self._settle()

    @rule(callers=st.integers(2, 8))
    def burst(self, callers: int) -> None:
        """Many come at once."""
        for _ in range(callers):
            self.operations.append(Operation(self, len(self.operations), {}))
        self._settle()

    @rule(answers=st.lists(st.sampled_from(["ok", "ok", "down", "slow", "busy", "no"]), min_size=1, max_size=6))
    def answer(self, answers: list[str]) -> None:
        """The service answers those that have waited longest."""
        for word in answers:
            waiting = [operation.answer for operation in self.operations if operation.answer is not None]
            if waiting:
                waiting[0].set(word)
                self._settle()

    @rule(word=st.sampled_from(["ok", "down", "slow", "busy"]))
    def answer_all(self, word: str) -> None:
        """The service answers everybody who waits in the same way."""
        for answer in [operation.answer for operation in self.operations if operation.answer is not None]:
            answer.set(word)
        self._settle()

    @rule(which=st.integers(0, 20))
    def kill(self, which: int) -> None:
        """A caller is killed, wherever it is."""
        alive = [operation for operation in self.operations if not operation.greenlet.dead]
        if alive:
            alive[which % len(alive)].greenlet.kill(timeout=1)
            self._settle()

    @rule(seconds=st.sampled_from([0.1, 0.5, 1.0, 4.0, 8.0, 21.0]))
    def tick(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds
        due = [sleeper for sleeper in self.sleepers if sleeper[0] <= self.now]
        self.sleepers = [sleeper for sleeper in self.sleepers if sleeper[0] > self.now]
        for _, done in due:
            done.set()
        self.queue.wake()
        self._settle()

    def _settle(self) -> None:
        for _ in range(40):
            gevent.sleep(0)

    @invariant()
    def the_promises_hold(self) -> None:
        """Nothing leaks, nothing is lost, nobody overtakes, and every transition is a legal one."""
        if not hasattr(self, "guard"):
            return
        assert [one.greenlet.exception for one in self.operations if one.greenlet.exception is not None] == []
        sending = [operation for operation in self.operations if operation.answer is not None]
        assert self.pool.in_flight == len(sending)
        if self.limited:
            assert self.places.in_flight == len(sending)
        self._line_accounts_for_everybody(len(sending))
        assert 0 <= self.guard.budget.left <= 30
        assert self.first_sends == sorted(self.first_sends)
        for breaker in self.pool.breakers:
            moves = [(move["from"], move["to"]) for move in breaker.snapshot()["transitions"]]
            assert set(moves) <= LEGAL
            if breaker.state == "half-open":
                trials = [one for one in sending if one.trial == (breaker.name, len(moves))]
                assert len(trials) <= breaker.policy.trials
            self._is_tried_at_most_once_a_second(breaker.snapshot()["transitions"])

    def _is_tried_at_most_once_a_second(self, transitions: list[dict[str, Any]]) -> None:
        for opened, tried in pairwise(transitions):
            if tried["to"] == "half-open":
                assert tried["time"] - opened["time"] >= EARLY_S

    def _line_accounts_for_everybody(self, sending: int) -> None:
        counts = self.queue.snapshot()
        assert counts["enqueued"] == sum(counts[key] for key in ("drained", "expired", "left", "withdrawn", "depth"))
        assert counts["max_depth"] <= CAPACITY
        alive = sum(not operation.greenlet.dead for operation in self.operations)
        backing_off = sum(not done.ready() for _, done in self.sleepers)
        assert counts["depth"] <= alive - sending
        assert alive - sending <= counts["depth"] + backing_off
        if counts["depth"]:
            assert self.guard.delay() > 0, "somebody waits although the gate is open"

    def teardown(self) -> None:
        """Killing everybody frees everything, and changes no circuit."""
        if not hasattr(self, "guard"):
            return
        before = [breaker.state for breaker in self.pool.breakers]
        self.queue.close()
        gevent.killall([operation.greenlet for operation in self.operations], timeout=1)
        self._settle()
        assert self.pool.in_flight == self.places.in_flight == self.queue.depth == 0
        assert [breaker.state for breaker in self.pool.breakers] == before
        assert self.queue.busy is False
        counts = self.queue.snapshot()
        assert counts["enqueued"] == sum(counts[key] for key in ("drained", "expired", "left", "withdrawn"))
        for operation in self.operations:
            assert [attempt.number for attempt in operation.told] == list(range(1, len(operation.told) + 1))


TestLayersMachine = LayersMachine.TestCase
TestLayersMachine.settings = settings(
    max_examples=200, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)
