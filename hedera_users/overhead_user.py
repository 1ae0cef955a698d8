"""A user that does the same business operation without and with Hedera, as a pair: what the overhead is read from."""

from __future__ import annotations

from locust import tag, task

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from config.levels import APPLICATION, Confirm
from hedera_users.arrivals import Turn
from hedera_users.base import AUDIT_EVENT, HederaUser
from hedera_users.operation import Operation
from hedera_users.own_application import OwnApplication
from hedera_users.payloads import announcement, enclosed_model, model
from hedera_users.possible_operations import PAIRS, declare
from records.envelope import Envelope, digest
from records.operation import Arm

STORE_MODEL = "store-model"

Level = Confirm | Literal["application"]


@dataclass(frozen=True, slots=True)
class Business:
    """What both arms of a pair do: write `payload` to the baseline; the Hedera arm does `with_hedera` besides.

    Where `whole`, `with_hedera` is all that the Hedera arm does: the user's own application does its own work too.
    """

    payload: bytes
    with_hedera: Callable[[Operation], None]
    whole: bool = False


class OverheadUser(HederaUser):
    """Runs pairs. Both arms do the baseline with the same payload; the Hedera arm writes to Hedera besides.

    With `--with-hedera` the Hedera arm is the user's own application, which does all of it, as far as it goes before it
    answers. The payload is a message of this project's form in both arms, so that the audit finds it on the topic.

    At each confirmation level a user's pairs go in A-B-B-A order, so that neither arm always goes first, and a drift of
    the network cancels out over two pairs (docs/decisions/0042).
    """

    operations = declare({AUDIT_EVENT: PAIRS, STORE_MODEL: PAIRS})
    looks_at = frozenset({"confirm", "baseline", "with_hedera", "message_bytes", "model_bytes", "chunk_bytes"})

    weight = 3

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._versions = itertools.count(1)

    @tag("audit-event")
    @task(9)
    def audit_event(self) -> None:
        """One pair of `audit-event`: the event goes to the baseline, or to the baseline and a topic."""
        session = self.session
        topic = session.run.topics["events"]

        def begin(turn: Turn | None) -> Business:
            envelope, message = self.next_audit_event(turn)
            if session.application is not None:
                return by(session.application, envelope, message)

            def with_hedera(operation: Operation) -> None:
                operation.message(topic, self.stream, envelope.number, digest(message))
                session.hedera.submit_message(operation, topic, message)

            return Business(message, with_hedera)

        self._pair(AUDIT_EVENT, begin)

    @tag("store-model")
    @task(1)
    def store_model(self) -> None:
        """One pair of `store-model`: the model goes to the baseline, or to the baseline, a file and a topic."""
        session = self.session
        settings = session.run.settings
        topic = session.run.topics["models"]

        def begin(turn: Turn | None) -> Business:
            if session.application is not None:
                envelope = self.next_envelope(STORE_MODEL, turn)
                message = enclosed_model(envelope, settings.model_bytes, self.random)
                return by(session.application, envelope, message)
            stored = model(f"model-{self.stream}", next(self._versions), settings.model_bytes, self.random)

            def with_hedera(operation: Operation) -> None:
                file_id = session.hedera.store_file(operation, stored.chunks(settings.chunk_bytes))
                envelope = self.next_envelope(STORE_MODEL, turn)
                message = announcement(envelope, stored, file_id)
                operation.message(topic, self.stream, envelope.number, digest(message))
                session.hedera.submit_message(operation, topic, message)

            return Business(stored.contents, with_hedera)

        self._pair(STORE_MODEL, begin)

    def _pair(self, name: str, begin: Callable[[Turn | None], Business]) -> None:
        """Run both arms, one after the other; under `--arrival-rate` each when it is due.

        Args:
            name: The operation.
            begin: Makes what both arms do, when the first of them is due.
        """
        level, number = self._next_level(name)
        first, second = arms_of(number)
        turn = self.turn(name, first)
        business = begin(turn)
        pair = f"{self.stream}.{level}.{number}"
        self._arm(name, first, pair, level, turn, business)
        self._arm(name, second, pair, level, self.turn(name, second, hurry=True), business)

    def _next_level(self, name: str) -> tuple[Level, int]:
        """The level of this user's next pair, and a number for it: the application has one level, its own."""
        if self.session.application is None:
            return self.next_level(name)
        return APPLICATION, next(self._rounds[name])

    def _arm(self, name: str, arm: Arm, pair: str, level: Level, turn: Turn | None, business: Business) -> None:
        """Run one arm of a pair."""
        confirm: Level | Literal[""] = "" if arm is Arm.BASELINE else level
        size = len(business.payload)
        with self.session.operation(name, arm=arm, pair=pair, confirm=confirm, turn=turn, size_bytes=size) as operation:
            if arm is Arm.HEDERA and business.whole:
                business.with_hedera(operation)
                return
            with operation.watch.segment("baseline"):
                self.session.baseline.write(name, business.payload)
            if arm is Arm.HEDERA:
                self.session.hedera.perform(operation, partial(business.with_hedera, operation))


def by(application: OwnApplication, envelope: Envelope, payload: bytes) -> Business:
    """What an application of the user's own does."""
    return Business(payload, lambda operation: application.perform(operation, envelope, payload), whole=True)


def arms_of(number: int) -> tuple[Arm, Arm]:
    """The order of a pair's arms: baseline first in even pairs, Hedera first in odd ones, hence A-B-B-A."""
    return (Arm.HEDERA, Arm.BASELINE) if number % 2 else (Arm.BASELINE, Arm.HEDERA)
