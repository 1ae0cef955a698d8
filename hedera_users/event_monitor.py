"""A user that is an event-driven application: it holds live subscriptions, and notes every event that it gets."""

from __future__ import annotations

from locust import task
from locust.exception import StopUser

from collections.abc import Sequence
from typing import Final

import gevent

from hedera_client.event_stream import Event, EventStream
from hedera_client.ids import NS_PER_S
from hedera_users.base import HederaUser
from hedera_users.operation import tell
from hedera_users.possible_operations import WITHOUT, declare
from records.operation import OperationRecord, Outcome
from records.statuses import SUCCESS

EVENT: Final = "mirror.event"

QUIET_S: Final = 6.0
"""Seconds without an event after which the users of a run that is being stopped have nothing on its way any more: what
they submitted last reaches consensus, and the mirror, within that time."""

LOOK_S: Final = 0.5
JOIN_S: Final = 5.0


class EventMonitor(HederaUser):
    """Holds one live subscription to each topic of the run, from its first message on.

    Each event is an operation `mirror.event`, which began at the consensus timestamp and ended when the event came: its
    latency is the lag of the mirror, by this machine's clock. There is one monitor, whatever the number of users. When
    the run is stopped it goes on until nothing has come for QUIET_S and the mirror's REST API has nothing more.
    """

    operations = declare({EVENT: WITHOUT})
    looks_at = frozenset()

    by_name_only = True
    fixed_count = 1

    @task
    def watch(self) -> None:
        """Note every event until the run is stopped."""
        streams = [self.session.event_stream(topic) for topic in sorted(set(self.session.run.topics.values()))]
        readers = [gevent.spawn(self._read, stream) for stream in streams]
        try:
            self._stop_asked.wait()
            _until_caught_up(streams)
        finally:
            for stream in streams:
                stream.close()
            gevent.joinall(readers, timeout=JOIN_S)
        for reader in readers:
            reader.get(block=False)  # raises what it ended in
        raise StopUser

    def _read(self, stream: EventStream) -> None:
        for event in stream.events():
            self._note(event)

    def _note(self, event: Event) -> None:
        """Count an event as an operation of its own: nobody asked for it, so it has no user that waits for it."""
        began_at = event.message.consensus_timestamp / NS_PER_S
        record = OperationRecord(EVENT, scheduled_at=began_at, started_at=began_at)
        record.latency_s = max(0.0, (event.shown_ns - event.message.consensus_timestamp) / NS_PER_S)
        record.outcome, record.status = Outcome.SUCCEEDED, SUCCESS
        record.size_bytes = len(event.message.message)
        self.session.operation_counts.opened(EVENT, None).in_flight -= 1
        tell(self.environment, record)


def _until_caught_up(streams: Sequence[EventStream]) -> None:
    """Wait until nothing is on its way any more; Locust ends the wait with `--stop-timeout`."""
    quiet_s, delivered = 0.0, -1
    while quiet_s < QUIET_S or any(stream.behind() is not False for stream in streams):
        gevent.sleep(LOOK_S)
        now = sum(stream.counts.delivered for stream in streams)
        quiet_s = quiet_s + LOOK_S if now == delivered else 0.0
        delivered = now
