"""A user that writes audit events to a topic."""

from __future__ import annotations

from locust import task

from hedera_users.base import HederaUser
from hedera_users.possible_operations import OF_RUN, declare

SUBMIT = "hcs.submit"


class HcsSubmitter(HederaUser):
    """Submits one audit event after another, each up to a confirmation level of the run."""

    looks_at = frozenset({"confirm", "message_bytes"})
    operations = declare({SUBMIT: OF_RUN})

    weight = 5

    @task
    def submit(self) -> None:
        """Submit one audit event (`hcs.submit`)."""
        self.submit_event(SUBMIT)
