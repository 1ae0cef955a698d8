"""Listens to Locust's request event and turns every operation record into measurements and rows for the audit."""

from __future__ import annotations

from typing import Any

from records.operation import OperationRecord
from records.rows import COLUMNS, Rows, rows_of
from reports.measure.measurements import Measurements
from reports.measure.pairs import PairMatcher


class Recorder:
    """Records what happens in this process until it is taken away, slice by slice.

    Recording one operation costs a few microseconds: values wait in lists and are folded into histograms by the
    thousand. Everything between two calls of `take` is bounded, except for the rows for the audit (about 300 bytes
    each), which are taken every few seconds.

    Args:
        origin: Unix time in seconds of the run's start.
    """

    def __init__(self, origin: float) -> None:
        self._origin = origin
        self._matcher = PairMatcher()
        self._begin()

    def _begin(self) -> None:
        self._measurements = Measurements(self._origin)
        self._rows: Rows = {table: [] for table in COLUMNS}

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
        if record.messages or record.stored_files or record.read_files:
            for table, row in rows_of(record):
                self._rows[table].append(row)

    def take(self) -> tuple[Measurements, Rows]:
        """Return what was recorded since the last call, and go on with nothing."""
        taken = (self._measurements, self._rows)
        self._begin()
        return taken
