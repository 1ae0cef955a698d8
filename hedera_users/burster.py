"""A user that does much at one moment: many operations begin together, at moments that a scenario plans."""

from __future__ import annotations

from locust import task

import time
from collections.abc import Callable
from functools import partial
from typing import Final

from gevent.pool import Group

from config.levels import RECEIPT
from hedera_users.base import HederaUser
from hedera_users.possible_operations import OF_RUN, TO_RECEIPT, declare
from records.envelope import digest

TOGETHER: Final = "together"
"""A moment at which CONCURRENT audit events are submitted (`hcs.together`)."""
FILES: Final = "files"
"""A moment at which FILES_AT_ONCE files are created (`hfs.burst`)."""

CONCURRENT: Final = 10
FILES_AT_ONCE: Final = 1_200
"""More than the default queue holds, and far more than the network's 10 file writes per second."""
FILE_BYTES: Final = 100


class Burster(HederaUser):
    """Waits for the moments of its run (`Run.moments`), and then does many operations at once, each in its greenlet.

    It takes no turns: what it does comes on top of an arrival rate. There is one of it, in whichever process.
    """

    by_name_only = True
    fixed_count = 1
    operations = declare({"hcs.together": OF_RUN, "hfs.burst": TO_RECEIPT})
    looks_at = frozenset({"confirm", "message_bytes"})

    def on_start(self) -> None:
        """Join the session, and note what is to be done when."""
        super().on_start()
        run = self.session.run
        known = {TOGETHER: self._submit_together, FILES: self._create_files}
        self._plan: list[tuple[float, Callable[[], None]]] = sorted(
            ((run.started_at + after, known[name]) for name, after in run.moments.items() if name in known),
            key=lambda moment: moment[0],
        )

    @task
    def burst(self) -> None:
        """Do the next burst at its moment; when none is left, wait to be stopped."""
        if not self._plan:
            self._stop_asked.wait()
            return
        at, work = self._plan[0]
        if not self._stop_asked.wait(max(0.0, at - time.time())):
            del self._plan[0]
            work()

    def _submit_together(self) -> None:
        self._at_once([self._submit] * CONCURRENT)

    def _create_files(self) -> None:
        contents = [self.random.randbytes(FILE_BYTES) for _ in range(FILES_AT_ONCE)]
        self._at_once([partial(self._create, one) for one in contents])

    def _at_once(self, works: list[Callable[[], None]]) -> None:
        """Begin all of it in the given order, and wait for its end; a user that is killed takes it along."""
        group = Group()
        try:
            for work in works:
                group.spawn(work)
            group.join()
        finally:
            group.kill()

    def _submit(self) -> None:
        session = self.session
        topic = session.run.topics["events"]
        level, _ = self.next_level("hcs.together")
        envelope, message = self.next_audit_event()
        with session.operation("hcs.together", confirm=level, size_bytes=len(message)) as operation:
            operation.message(topic, self.stream, envelope.number, digest(message))
            session.hedera.perform(operation, lambda: session.hedera.submit_message(operation, topic, message))

    def _create(self, contents: bytes) -> None:
        with self.session.operation("hfs.burst", confirm=RECEIPT, size_bytes=len(contents)) as operation:
            self.session.hedera.store_file(operation, [contents])
