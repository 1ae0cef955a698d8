"""The project's submitter, and one that forgets to let go: it keeps 1 KB of every operation for ever."""

from __future__ import annotations

from locust import events, runners

from typing import ClassVar

import hedera_load
from hedera_users.hcs_submitter import HcsSubmitter

__all__ = ["LeakingSubmitter", "TidySubmitter"]

LEAKED_BYTES = 1_000

runners.HEARTBEAT_LIVENESS = 60  # a busy machine makes workers late, and the run is to last

hedera_load.install(events)


class TidySubmitter(HcsSubmitter):
    """As the project's own; it takes part where it is named."""

    by_name_only = True


class LeakingSubmitter(HcsSubmitter):
    """Leaks."""

    by_name_only = True

    kept: ClassVar[list[bytearray]] = []

    def submit_event(self, name: str) -> None:
        """Submit one audit event, and keep 1 KB that nobody will ask for again."""
        super().submit_event(name)
        self.kept.append(bytearray(LEAKED_BYTES))
