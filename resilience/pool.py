"""The circuits of the interchangeable members of one service (its nodes), and who gets the next call.

Each member has a breaker of its own. While some members serve, those whose circuit is open are left alone, and a call
meets an open circuit only when no member serves.

**At most half are skipped on suspicion.** When more than half of the members (rounded down) have an open circuit, those
beyond the half that have been open longest are tried early: `early_trial` seconds after they opened instead of after
their recovery time. That also holds when nobody serves: what took all members at once, such as a moment without a
network, is over before a recovery time is. It is an ordinary trial, one at a time, so every transition stays legal, and
a failed one starts the wait anew: a dead member costs at most one attempt per `early_trial` seconds. A single member
has no half that may not be skipped; its recovery time always holds.

**One event is one failure.** A connection that breaks fails every call that it carried. A verdict may name the incident
(`Verdict.incident`); of the failures that one incident caused, a member's closed circuit counts the first. Its health
counts all of them: a member that cannot be reached is passed over soon, long before its circuit opens.

**Health.** A member's health is its share of recent successes (each result weighs a tenth, each failure twice that).
While every member is healthy they simply take turns; else a member's share of the calls follows its health, so one that
comes back is not given its full share at once. Trials that are due go first: nothing else would find a member alive.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Final, Literal

from resilience.breaker import CLOSED, OPEN, TRANSITIONS_KEPT, Breaker
from resilience.errors import CircuitOpenError
from resilience.incidents import Incidents
from resilience.policies import BreakerPolicy
from resilience.shared_breaker import SharedBreaker, SharedStorage

Balance = Literal["round-robin", "least-outstanding"]

EARLY_TRIAL_S: Final = 1.0
"""Longest wait before an early trial; the recovery time where that is shorter."""
_GAIN, _LOSS = 0.1, 0.2
_LEAST_HEALTH = 0.05  # a member of no health still gets a call now and then, or nobody would notice it is well again
_HEALTHY = 0.99


class Permit:
    """One call that was let in, to one member. Its holder calls `record_result` once, whatever happens to the call."""

    __slots__ = ("_breaker", "_index", "_period", "_pool", "member")

    def __init__(self, pool: Pool, index: int, breaker: Breaker, period: int) -> None:
        self.member = pool.members[index]
        """The member that the call goes to."""
        self._pool = pool
        self._index = index
        self._breaker = breaker
        self._period = period

    def counts(self, incident: str) -> bool:
        """Whether a failure that `incident` caused counts in the circuit: the first, and each of an unnamed incident.

        A trial's failure always counts: it was made to find out how the member is, and this is the answer. A failure
        that does not count tells of the member's health all the same: it gets fewer calls from here on.
        """
        if self._pool.incidents[self._index].is_new(incident) or self._breaker.state != CLOSED:
            return True
        self._pool.judge(self._index, success=False)
        return False

    def record_result(self, success: bool | None) -> None:
        """Hand it back with the result of the call: True, False, or None for one that says nothing of the member."""
        self._breaker.record_result(self._period, success)
        if success is not None:
            self._pool.judge(self._index, success=success)


class Pool:
    """The circuits of one service. Any number of greenlets may share it, and several guards.

    Args:
        name: The service, e.g. `worker-1/hcs`. Its breakers are called `{name}@{member}`, or just `name` for the one
            anonymous member.
        members: Names of the members, each once; at least one. The default is a single anonymous one.
        policy: When a member's circuit opens and how it is tried again.
        balance: `round-robin` takes turns; `least-outstanding` picks the member with the fewest calls under way.
        start: Index of the member that has the first turn; spread it over processes, or they all begin with the same.
        clock: Seconds of a clock that never goes back.
        now: Unix time in seconds; only dates the transitions.
        storage: Makes what keeps a circuit for several processes, given the breaker's name; None keeps all in this one.
    """

    def __init__(
        self,
        name: str,
        members: Sequence[str] = ("",),
        policy: BreakerPolicy | None = None,
        *,
        balance: Balance = "round-robin",
        start: int = 0,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        storage: Callable[[str], SharedStorage] | None = None,
    ) -> None:
        if not members or len(set(members)) != len(members):
            raise ValueError(f"a pool needs members, each of them once, not {list(members)}")
        self.name = name
        self.members = tuple(members)
        self.policy = policy or BreakerPolicy()
        self.balance = balance
        self.early_trial = min(self.policy.recovery, EARLY_TRIAL_S)
        self.incidents = tuple(Incidents() for _ in self.members)
        """What has befallen each member, in the order of `members`."""
        self._watchers: list[Callable[[], object]] = []
        self._health = [1.0] * len(self.members)
        self._turns = [0.0] * len(self.members)  # how far each is ahead of its share, see _by_health
        self._turn = start % len(self.members)
        self._weak: set[int] = set()  # members that are not healthy
        self._suspects: set[int] = set()  # members whose circuit is not closed
        names = [name if member == "" and len(self.members) == 1 else f"{name}@{member}" for member in self.members]

        def breaker(index: int, each: str) -> Breaker:
            keep = max(50, TRANSITIONS_KEPT // len(names))
            options: dict[str, Any] = {"clock": clock, "now": now, "keep": keep, "on_change": self._listener(index)}
            if storage is None:
                return Breaker(each, self.policy, **options)
            return SharedBreaker(each, self.policy, storage(each), **options)

        self.breakers = tuple(breaker(index, each) for index, each in enumerate(names))
        """One for each member, in the order of `members`."""
        self._suspects = {index for index, breaker in enumerate(self.breakers) if breaker.state != CLOSED}

    def admit(self, avoid: Collection[str] = ()) -> Permit:
        """Let one call in, to a member of the pool's choice.

        Args:
            avoid: Members that should rather not be chosen. A hint: if no other can be had, one of them is.

        Raises:
            CircuitOpenError: no member serves: all circuits are open, or half-open with all their trials under way.
        """
        if not self._suspects and not self._weak:
            index = self._next(avoid)
            breaker = self.breakers[index]
            period = breaker.try_admit()
            if period is not None:  # None: it is shared, and another process has just opened it
                return Permit(self, index, breaker, period)
        known = -1
        while known != len(self._suspects):  # again if a shared circuit turned out to be open
            known = len(self._suspects)
            overdue = self._overdue()
            for index in self._by_preference(avoid):
                breaker = self.breakers[index]
                period = breaker.try_admit(self.early_trial if index in overdue else None)
                if period is not None:
                    return Permit(self, index, breaker, period)
        raise self.refusal()

    def refusal(self) -> CircuitOpenError:
        """The refusal of a call that found no member serving; it is counted at the one that will be tried next."""
        waits = self._waits()
        first = min(range(len(waits)), key=waits.__getitem__)
        self.breakers[first].count_rejection()
        return CircuitOpenError(self.name, 0.0 if math.isinf(waits[first]) else waits[first])

    def retry_in(self) -> float:
        """Seconds until a call could be let in: 0.0 for now, infinity while it depends on trials that are under way."""
        if len(self._suspects) < len(self.breakers):
            return 0.0
        return min(self._waits())

    def watch(self, callback: Callable[[], object]) -> None:
        """Call `callback` whenever admission may have become possible. It must be cheap and let no greenlet run."""
        self._watchers.append(callback)

    @property
    def in_flight(self) -> int:
        """Calls that were let in and have not ended."""
        return sum(breaker.in_flight for breaker in self.breakers)

    def judge(self, index: int, *, success: bool) -> None:
        """The result of a call to a member, for its health; `Permit.record_result` says it."""
        if success and index not in self._weak:
            return
        health = self._health[index]
        health += (1.0 - health) * _GAIN if success else -health * _LOSS
        healthy = health >= _HEALTHY
        self._health[index] = 1.0 if healthy else health
        if healthy:
            self._weak.discard(index)
        else:
            self._weak.add(index)

    def snapshot(self) -> list[dict[str, Any]]:
        """The snapshots of its breakers."""
        return [breaker.snapshot() for breaker in self.breakers]

    def __repr__(self) -> str:
        return f"<Pool {self.name!r}: {'; '.join(map(repr, self.breakers))}>"

    def _listener(self, index: int) -> Callable[[], None]:
        def changed() -> None:
            if self.breakers[index].state == CLOSED:
                self._suspects.discard(index)
            else:
                self._suspects.add(index)
            for watcher in self._watchers:
                watcher()

        return changed

    def _next(self, avoid: Collection[str]) -> int:
        """Whose turn it is among equals that serve; somebody's of those who serve, if all of them are avoided."""
        turn, count = self._turn, len(self.members)
        if avoid or self._suspects or self.balance != "round-robin":
            serving = [index for index in (*range(turn, count), *range(turn)) if index not in self._suspects]
            if self.balance == "least-outstanding":
                serving.sort(key=lambda index: self.breakers[index].in_flight)
            turn = next((index for index in serving if self.members[index] not in avoid), serving[0])
        self._turn = (turn + 1) % count
        return turn

    def _by_preference(self, avoid: Collection[str]) -> Iterator[int]:
        """Members, best first: those that may be tried, one that serves by its health; then the avoided likewise."""
        for hinted in (False, True):
            yield from [index for index in sorted(self._suspects) if (self.members[index] in avoid) is hinted]
            serving = [
                index
                for index, member in enumerate(self.members)
                if index not in self._suspects and (member in avoid) is hinted
            ]
            if serving:
                yield self._next(avoid) if self._weak <= self._suspects else self._by_health(serving)

    def _by_health(self, group: list[int]) -> int:
        """Whose turn it is among members that serve. Each has turns in proportion to its health."""
        health = {index: max(self._health[index], _LEAST_HEALTH) for index in group}
        if self.balance == "least-outstanding":
            return min(group, key=lambda index: (self.breakers[index].in_flight + 1) / health[index])
        # Smooth weighted round robin, as nginx does it: everybody gains his weight, the first pays for all.
        for index in group:
            self._turns[index] += health[index]
        first = max(group, key=self._turns.__getitem__)
        self._turns[first] -= sum(health.values())
        return first

    def _waits(self) -> list[float]:
        """Seconds until each member could be called."""
        overdue = self._overdue()
        return [
            breaker.retry_in(self.early_trial if index in overdue else None)
            for index, breaker in enumerate(self.breakers)
        ]

    def _overdue(self) -> Collection[int]:
        """Members that are tried early, because more than half are skipped."""
        breakers = self.breakers
        if len(breakers) == 1 or len(self._suspects) <= len(breakers) // 2:
            return ()
        opened = [index for index in self._suspects if breakers[index].state == OPEN]
        excess = max(0, len(opened) - len(breakers) // 2)
        return sorted(opened, key=lambda index: breakers[index].opened_at)[:excess]
