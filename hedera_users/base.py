"""What all user classes have in common."""

from __future__ import annotations

from locust import User
from locust.user.task import LOCUST_STATE_STOPPING, LOCUST_STATE_WAITING

import itertools
import random
import time
from typing import Any

from gevent import GreenletExit
from gevent.event import Event

from hedera_users.payloads import audit_event
from hedera_users.session import Session, session_of
from reports.envelope import Envelope

AUDIT_EVENT = "audit-event"


class HederaUser(User):
    """A user of the application under load; each has a stream of messages of its own, numbered from 1.

    Attributes:
        session: What the users of this process share.
        stream: `<worker>.<user>`, unique in the run.
        random: The user's own source of randomness, repeatable from the run's seed.
    """

    abstract = True

    session: Session
    stream: str
    random: random.Random

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stop_asked = Event()

    def on_start(self) -> None:
        """Join the process's session; a user without a run (it could not be set up) leaves at once."""
        session = session_of(self.environment)
        if session is None:
            raise GreenletExit  # Locust prints a traceback for StopUser here
        self.session = session
        self.stream = f"{session.worker}.{session.next_user_number()}"
        self.random = session.random_of(self.stream)
        self._numbers = itertools.count(1)

    def wait_time(self) -> float:
        """Think, for half to one and a half times the configured time, or until asked to stop.

        Returns:
            0: Locust need not wait any longer.
        """
        self._stop_asked.wait(self.session.run.settings.think_time * self.random.uniform(0.5, 1.5))
        return 0.0

    def stop(self, force: bool = False) -> bool:
        """Stop this user between two tasks; with `force`, at once.

        Locust kills a user that is thinking. The kill arrives one turn of the event loop later, when the user may have
        begun an operation, which would then end with an unknown outcome. So the user is asked, and leaves by itself.
        """
        if not force and self._state == LOCUST_STATE_WAITING:
            self._state = LOCUST_STATE_STOPPING
            self._stop_asked.set()
            return False
        return bool(super().stop(force=force))

    def next_envelope(self, kind: str) -> Envelope:
        """Return the identity of this user's next message."""
        return Envelope(self.session.run.run_id, self.stream, next(self._numbers), kind, time.time())

    def next_audit_event(self) -> tuple[Envelope, bytes]:
        """Return this user's next audit event, of the configured size."""
        envelope = self.next_envelope(AUDIT_EVENT)
        return envelope, audit_event(envelope, self.session.run.settings.message_bytes, self.random)
