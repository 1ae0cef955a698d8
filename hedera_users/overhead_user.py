"""A user that does the same business operation without and with Hedera, as a pair: what the overhead is read from."""

from __future__ import annotations

from locust import task

import itertools
from collections.abc import Callable
from functools import partial

from hedera_users.base import AUDIT_EVENT, HederaUser
from hedera_users.operation import Operation
from hedera_users.payloads import announcement, model
from reports.envelope import digest
from reports.records import Arm

STORE_MODEL = "store-model"


class OverheadUser(HederaUser):
    """Runs pairs. Both arms do the baseline with the same payload; the Hedera arm writes to Hedera besides.

    Which arm goes first is drawn for each pair, so that neither always finds the caches warm.
    """

    weight = 3

    def on_start(self) -> None:
        """Join the session and start counting pairs."""
        super().on_start()
        self._pairs = itertools.count(1)

    @task(9)
    def audit_event(self) -> None:
        """One pair of `audit-event`: the event goes to the baseline, or to the baseline and a topic."""
        session = self.session
        topic = session.run.topics["events"]
        envelope, message = self.next_audit_event()

        def with_hedera(operation: Operation) -> None:
            operation.message(topic, self.stream, envelope.number, digest(message))
            session.hedera.submit_message(operation, topic, message)

        self._pair(AUDIT_EVENT, message, with_hedera)

    @task(1)
    def store_model(self) -> None:
        """One pair of `store-model`: the model goes to the baseline, or to the baseline, a file and a topic."""
        session = self.session
        settings = session.run.settings
        topic = session.run.topics["models"]
        stored = model(f"model-{self.stream}", next(self._pairs), settings.model_bytes, self.random)

        def with_hedera(operation: Operation) -> None:
            file_id = session.hedera.store_file(operation, stored.chunks(settings.chunk_bytes))
            envelope = self.next_envelope(STORE_MODEL)
            message = announcement(envelope, stored, file_id)
            operation.message(topic, self.stream, envelope.number, digest(message))
            session.hedera.submit_message(operation, topic, message)

        self._pair(STORE_MODEL, stored.contents, with_hedera)

    def _pair(self, name: str, payload: bytes, with_hedera: Callable[[Operation], None]) -> None:
        """Run both arms one after the other, in an order drawn by lot."""
        pair = f"{self.stream}.{name}.{next(self._pairs)}"
        arms = [Arm.BASELINE, Arm.HEDERA]
        self.random.shuffle(arms)
        for arm in arms:
            with self.session.operation(name, arm=arm, pair=pair, size_bytes=len(payload)) as operation:
                with operation.watch.segment("baseline"):
                    self.session.baseline.write(name, payload)
                if arm is Arm.HEDERA:
                    self.session.hedera.perform(operation, partial(with_hedera, operation))
