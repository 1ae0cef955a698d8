"""A user that writes audit events in batches, as an application does that collects some and waits for all of them."""

from __future__ import annotations

from locust import task

from typing import ClassVar

from gevent.pool import Group

from hedera_users.arrivals import Turn
from hedera_users.base import HederaUser
from hedera_users.hcs_submitter import SUBMIT
from hedera_users.possible_operations import OF_RUN, declare


class BatchSubmitter(HederaUser):
    """Submits a batch of audit events at once, and the next one when all of this one have ended.

    Under `--arrival-rate` a batch starts when as many events are due as it holds; each counts from when it was due.

    Attributes:
        operation: What an event is called in the report.
        batch: How many events are submitted at once.
    """

    operations = declare({SUBMIT: OF_RUN})
    looks_at = frozenset({"confirm", "message_bytes"})
    by_name_only = True

    operation: ClassVar[str] = SUBMIT
    batch: ClassVar[int] = 5

    @task
    def submit_batch(self) -> None:
        """Submit one batch."""
        turns = [self.turn(self.operation) for _ in range(self.batch)]
        together = Group()
        try:
            for turn in turns:
                together.spawn(self._submit, turn)
            together.join(raise_error=True)
        except BaseException:  # this user is killed: so is what it began, and every operation is closed
            together.kill()
            raise

    def _submit(self, turn: Turn | None) -> None:
        self.submit_due_event(self.operation, turn)
