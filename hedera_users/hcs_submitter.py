"""A user that writes audit events to a topic."""

from __future__ import annotations

from locust import task

from hedera_users.base import HederaUser
from records.envelope import digest

SUBMIT = "hcs.submit"


class HcsSubmitter(HederaUser):
    """Submits one audit event after another, each up to a confirmation level of the run."""

    looks_at = frozenset({"confirm", "message_bytes"})

    weight = 5

    @task
    def submit(self) -> None:
        """Submit one audit event (`hcs.submit`)."""
        session = self.session
        topic = session.run.topics["events"]
        turn = self.turn(SUBMIT)
        level, _ = self.next_level(SUBMIT)
        envelope, message = self.next_audit_event(turn)
        with session.operation(SUBMIT, confirm=level, turn=turn, size_bytes=len(message)) as operation:
            operation.message(topic, self.stream, envelope.number, digest(message))
            hedera = session.hedera
            hedera.perform(operation, lambda: hedera.submit_message(operation, topic, message))
