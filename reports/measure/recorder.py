"""Listens to Locust's request event and turns every operation record into measurements and rows for the audit."""

from __future__ import annotations

from typing import Any

from reports.measure.keys import OperationKey
from reports.measure.measurements import Measurements
from reports.measure.pairs import PairMatcher
from reports.records import OperationRecord

MessageRow = list[Any]
"""One sent message, in the order of `reports.collect.journal.COLUMNS`."""


class Recorder:
    """Records what happens in this process until it is taken away, slice by slice.

    Recording one operation costs a few microseconds: values wait in lists and are folded into histograms by the
    thousand. Everything between two calls of `take` is bounded, except for the rows of sent messages (about 300 bytes
    each), which are taken every few seconds.

    Args:
        origin: Unix time in seconds of the run's start.
    """

    def __init__(self, origin: float) -> None:
        self._origin = origin
        self._matcher = PairMatcher()
        self._measurements = Measurements(origin)
        self._messages: list[MessageRow] = []

    def on_request(self, context: Any = None, **_: Any) -> None:
        """Listen to Locust's `request`; events that carry no record are somebody else's and are left alone."""
        record = context.get("record") if isinstance(context, dict) else None
        if isinstance(record, OperationRecord):
            self.record(record)

    def record(self, record: OperationRecord) -> None:
        """Add one closed operation."""
        measurements = self._measurements
        measurements.record(record)
        if record.pair is not None:
            self._matcher.match(record, measurements.pairs)
        if record.messages:
            key = OperationKey.of(record).dump()
            for sent in record.messages:
                self._messages.append(
                    [
                        *(sent.topic_id, sent.stream, sent.number, sent.digest, sent.sent_at, sent.acknowledged),
                        *(sent.transaction_id or (record.transaction_ids or [""])[-1], sent.sequence_number),
                        *(key, str(record.outcome or ""), record.status),
                    ]
                )

    def take(self) -> tuple[Measurements, list[MessageRow]]:
        """Return what was recorded since the last call, and go on with nothing."""
        taken = (self._measurements, self._messages)
        self._measurements, self._messages = Measurements(self._origin), []
        return taken
