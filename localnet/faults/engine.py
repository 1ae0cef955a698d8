"""Begins and ends faults, and decides for each call or message whether one of them hits it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any, Protocol

from localnet.faults.kinds import KINDS, Point
from localnet.faults.spec import FaultSpec

KEPT = 1_000
"""Ended faults that are remembered."""


class Scheduler(Protocol):
    """The timers of an asyncio event loop."""

    def call_later(self, delay: float, callback: Callable[[Fault], None], fault: Fault) -> asyncio.TimerHandle:
        """Call back after `delay` seconds."""


class Fault:
    """One fault, from the moment it was requested.

    Attributes:
        id: Its name, `f1`, `f2`, …
        spec: Its parameters.
        started: When it began, Unix seconds; None while it is scheduled.
        ended: When it was over, Unix seconds; None before.
        hits: Calls or messages it hit.
        over: Set when it has ended; calls that it holds up wait for this.
    """

    def __init__(self, number: int, spec: FaultSpec) -> None:
        self.id = f"f{number}"
        self.spec = spec
        self.started: float | None = None
        self.ended: float | None = None
        self.hits = 0
        self.over = asyncio.Event()
        self.timer: asyncio.TimerHandle | None = None

    def concerns(self, node: str, operation: str) -> bool:
        """Whether a call on a node is in its scope."""
        spec = self.spec
        return (not spec.nodes or node in spec.nodes) and (not spec.operations or operation in spec.operations)

    def concerns_message(self, topic: str, sequence_number: int) -> bool:
        """Whether a message is in its scope."""
        spec = self.spec
        return (not spec.topics or topic in spec.topics) and (
            not spec.sequence_numbers or sequence_number in spec.sequence_numbers
        )

    def to_json(self) -> dict[str, Any]:
        """Everything about it; times are Unix seconds."""
        state = "over" if self.ended is not None else "scheduled" if self.started is None else "active"
        return {
            "id": self.id,
            **self.spec.told(),
            "state": state,
            "started": self.started,
            "ended": self.ended,
            "hits": self.hits,
        }


class FaultEngine:
    """All faults of a network.

    `at_node`, `at_clock`, … are the active faults by point. They are plain lists, so that a network without faults only
    checks whether a list is empty.

    Args:
        now: Unix time in seconds.
        scheduler: Starts and ends them in time.
        random: Decides which calls a share hits.
    """

    def __init__(self, now: Callable[[], float], scheduler: Scheduler, random: Random) -> None:
        self._now = now
        self._scheduler = scheduler
        self._random = random
        self._made = 0
        self._waiting: dict[str, Fault] = {}
        self._past: deque[Fault] = deque(maxlen=KEPT)
        self._listeners: list[Callable[[Fault], None]] = []
        self.at_node: list[Fault] = []
        self.at_clock: list[Fault] = []
        self.at_consensus: list[Fault] = []
        self.at_mirror: list[Fault] = []
        self.at_message: list[Fault] = []
        self.at_relay: list[Fault] = []
        self._at = {
            Point.NODE: self.at_node,
            Point.CLOCK: self.at_clock,
            Point.CONSENSUS: self.at_consensus,
            Point.MIRROR: self.at_mirror,
            Point.MESSAGE: self.at_message,
            Point.RELAY: self.at_relay,
        }

    def listen(self, listener: Callable[[Fault], None]) -> None:
        """Call `listener` whenever a fault has begun or is over."""
        self._listeners.append(listener)

    def add(self, specs: list[FaultSpec]) -> list[Fault]:
        """Begin faults, or schedule those that start later."""
        added = []
        for spec in specs:
            self._made += 1
            fault = Fault(self._made, spec)
            added.append(fault)
            if spec.start:
                self._waiting[fault.id] = fault
                fault.timer = self._scheduler.call_later(spec.start, self._begin, fault)
            else:
                self._begin(fault)
        return added

    def remove(self, fault_id: str) -> Fault | None:
        """End a fault, or cancel one that has not begun; returns it, or None when there is none of this id."""
        for fault in (*self._waiting.values(), *self.active()):
            if fault.id == fault_id:
                self._end(fault)
                return fault
        return None

    def clear(self) -> list[Fault]:
        """End all faults and cancel those that have not begun; returns them."""
        removed = [*self._waiting.values(), *self.active()]
        for fault in removed:
            self._end(fault)
        return removed

    def active(self) -> list[Fault]:
        """The faults in force."""
        return [fault for faults in self._at.values() for fault in faults]

    def all(self) -> list[Fault]:
        """Ended, active and scheduled faults, in the order in which they were requested."""
        return sorted((*self._past, *self.active(), *self._waiting.values()), key=lambda fault: int(fault.id[1:]))

    def hit(self, faults: list[Fault], node: str, operation: str) -> Fault | None:
        """The first of some active faults that hits this call, or None."""
        for fault in faults:
            if fault.concerns(node, operation) and self._strikes(fault):
                return fault
        return None

    def hit_message(self, topic: str, sequence_number: int) -> Fault | None:
        """The first active fault that hits this message, or None."""
        for fault in self.at_message:
            if fault.concerns_message(topic, sequence_number) and self._strikes(fault):
                return fault
        return None

    def of_kind(self, faults: list[Fault], kind: str) -> Fault | None:
        """The first of some active faults that is of a kind, or None."""
        return next((fault for fault in faults if fault.spec.kind == kind), None)

    def skew_ns(self, node: str) -> int:
        """How far a node's clock is ahead, in nanoseconds."""
        return sum(int(fault.spec.delay * 1e9) for fault in self.at_clock if fault.concerns(node, ""))

    def delay_of(self, fault: Fault) -> float:
        """The seconds that a hit is delayed: `delay`, give or take up to `jitter`."""
        spec = fault.spec
        return max(0.0, spec.delay + (self._random.uniform(-spec.jitter, spec.jitter) if spec.jitter else 0.0))

    def _strikes(self, fault: Fault) -> bool:
        """Draw for one call in scope; count the hit, and end a fault that has reached its count."""
        if fault.spec.share < 1.0 and self._random.random() >= fault.spec.share:
            return False
        fault.hits += 1
        if fault.hits == fault.spec.count:
            self._end(fault, release=fault.spec.kind not in ("node-hang", "ack-lost"))
        return True

    def _begin(self, fault: Fault) -> None:
        self._waiting.pop(fault.id, None)
        fault.started = self._now()
        self._at[KINDS[fault.spec.kind].point].append(fault)
        if fault.spec.duration is not None:
            fault.timer = self._scheduler.call_later(fault.spec.duration, self._end, fault)
        self._tell(fault)

    def _end(self, fault: Fault, *, release: bool = True) -> None:
        """End it; `release` also lets held-up calls go on (a fault with one hit holds it for the whole duration)."""
        if fault.ended is None:
            at = self._at[KINDS[fault.spec.kind].point]
            if fault in at:
                at.remove(fault)
            self._waiting.pop(fault.id, None)
            fault.ended = self._now()
            self._past.append(fault)
            self._tell(fault)
        if release:
            if fault.timer is not None:
                fault.timer.cancel()
            fault.over.set()

    def _tell(self, fault: Fault) -> None:
        for listener in self._listeners:
            listener(fault)
