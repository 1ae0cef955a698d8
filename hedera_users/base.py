"""The base class of all user classes."""

from __future__ import annotations

from locust import User
from locust.exception import StopUser
from locust.user.task import LOCUST_STATE_STOPPING, LOCUST_STATE_WAITING

import itertools
import random
import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, ClassVar

from gevent import GreenletExit
from gevent.event import AsyncResult, Event

from config.levels import Confirm
from hedera_users.arrivals import Turn
from hedera_users.payloads import audit_event
from hedera_users.possible_operations import Reach
from hedera_users.session import Session, session_of
from records.envelope import Envelope, digest
from records.operation import Arm

AUDIT_EVENT = "audit-event"


class HederaUser(User):
    """A user of the application under load; each has a stream of messages of its own, numbered from 1.

    Attributes:
        session: The process's session of the run.
        number: The user's number in its process.
        stream: `<worker>.<number>`, unique in the run.
        random: The user's own source of randomness, repeatable from the run's seed.
        by_name_only: The class takes part in a run only where it is asked for by name.
        needs_relay: The class calls the network's JSON-RPC relay.
        operations: Which operations the class does, and up to which levels (`possible_operations`); None where it does
            not say. What a class inherits does not count, for it may do other things besides.
        looks_at: Those of `user_classes.OF_CLASSES` that have an effect on it; None where the class does not say.
    """

    abstract = True
    by_name_only: ClassVar[bool] = False
    needs_relay: ClassVar[bool] = False
    looks_at: ClassVar[frozenset[str] | None] = None
    operations: ClassVar[Mapping[str, Reach] | None] = None

    session: Session
    number: int
    stream: str
    random: random.Random

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stop_asked = Event()
        self._numbers = itertools.count(1)
        # Users begin with different levels and numbers, so that a short run has its share of each, and of each order.
        self._rounds: defaultdict[str, itertools.count[int]] = defaultdict(lambda: itertools.count(self.number))
        self._place: AsyncResult | None = None

    def on_start(self) -> None:
        """Join the process's session; a user without a run (it could not be set up) leaves at once."""
        session = session_of(self.environment)
        if session is None:
            raise GreenletExit  # Locust prints a traceback for StopUser here
        self.session = session
        self.number = session.next_user_number()
        self.stream = f"{session.worker}.{self.number}"
        self.random = session.random_of(self.stream)

    def wait_time(self) -> float:
        """Think, for half to one and a half times the configured time, or until asked to stop.

        Under `--arrival-rate` there is no think time: the schedule says when the next operation is due.

        Returns:
            0: Locust need not wait any longer.
        """
        think_time = self.session.run.settings.think_time
        if self.session.arrivals is None and think_time:  # even a wait for nothing costs a timer and two switches
            self._stop_asked.wait(think_time * self.random.uniform(0.5, 1.5))
        return 0.0

    def stop(self, force: bool = False) -> bool:
        """Stop this user between two tasks; with `force`, at once.

        Locust kills a user that is thinking. The kill arrives one turn of the event loop later, when the user may have
        begun an operation, which would then end with an unknown outcome. So the user is asked, and leaves by itself.
        """
        if force:
            return bool(super().stop(force=True))
        self._stop_asked.set()
        if self._place is not None and self.session.arrivals is not None:
            self.session.arrivals.leave(self._place)
        if self._state == LOCUST_STATE_WAITING:
            self._state = LOCUST_STATE_STOPPING
            return False
        return bool(super().stop(force=False))

    def turn(self, name: str, arm: Arm | None = None, *, hurry: bool = False) -> Turn | None:
        """Wait until this user's next operation is due, for `Session.operation`; None without `--arrival-rate`.

        Args:
            name: The operation that it is for.
            arm: Its side of a pair.
            hurry: Be served before others, because what the user has begun is not done yet.

        Raises:
            StopUser: the user was asked to stop.
        """
        arrivals = self.session.arrivals
        if arrivals is None:
            return None
        turn = None
        if not self._stop_asked.is_set():
            self._place = AsyncResult()
            turn = arrivals.wait(f"{name}|{arm or ''}", self._place, hurry)
        if turn is None:
            raise StopUser
        return turn

    def next_level(self, name: str) -> tuple[Confirm, int]:
        """Return the confirmation level of this user's next operation of this name, and a number for it.

        A user goes through the run's levels in turn; at each of them the numbers are consecutive.
        """
        levels = self.session.run.settings.confirm
        number = next(self._rounds[name])
        return levels[number % len(levels)], number // len(levels)

    def next_envelope(self, kind: str, turn: Turn | None = None) -> Envelope:
        """Return the identity of this user's next message, intended for when its operation is due, or for now."""
        due_at = turn.due_at if turn else time.time()
        return Envelope(self.session.run.run_id, self.stream, next(self._numbers), kind, due_at)

    def next_audit_event(self, turn: Turn | None = None) -> tuple[Envelope, bytes]:
        """Return this user's next audit event, of the configured size."""
        envelope = self.next_envelope(AUDIT_EVENT, turn)
        return envelope, audit_event(envelope, self.session.run.settings.message_bytes, self.random)

    def submit_event(self, name: str) -> None:
        """Do one operation that is this user's next audit event, written to the run's topic.

        It goes up to the user's next confirmation level, at its turn under `--arrival-rate`, and is audited.

        Args:
            name: What the operation is called in the report: `service.verb`, or the application's own word.
        """
        self.submit_due_event(name, self.turn(name))

    def submit_due_event(self, name: str, turn: Turn | None) -> None:
        """Do the same at a turn that this user has been given already; several may be under way at once."""
        session = self.session
        topic = session.run.topics["events"]
        level, _ = self.next_level(name)
        envelope, message = self.next_audit_event(turn)
        with session.operation(name, confirm=level, turn=turn, size_bytes=len(message)) as operation:
            operation.message(topic, self.stream, envelope.number, digest(message))
            hedera = session.hedera
            hedera.perform(operation, lambda: hedera.submit_message(operation, topic, message))
