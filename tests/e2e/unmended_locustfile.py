"""The scenarios' users, but that a live subscription which was interrupted is not opened again."""

from __future__ import annotations

from locust import events

from typing import Any

import hedera_load
from hedera_client.event_stream import EventStream
from hedera_users import HederaUser

hedera_load.install(events)

_broke = EventStream._broke


def _broke_for_good(self: Any, why: str) -> None:
    if self.counts.delivered:
        self._closed.set()
    _broke(self, why)


EventStream._broke = _broke_for_good  # type: ignore[method-assign]


class Nobody(HederaUser):
    """Locust asks for a class; the scenario's users take its place."""

    by_name_only = True
