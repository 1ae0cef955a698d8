"""The histograms behind the report's percentiles as CSV, for a spreadsheet or a plot of one's own."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Final

from reports.measure.distribution import Distribution
from reports.measure.keys import OperationKey
from reports.measure.measurements import OperationMeasure

HISTOGRAMS_NAME: Final = "histograms.csv"

COLUMNS: Final = ("operation", "arm", "confirm", "distribution", "from_ms", "to_ms", "count", "cumulative_share")


def render_histograms(
    measures: Mapping[OperationKey, OperationMeasure], consensus: Mapping[OperationKey, Distribution]
) -> str:
    """Return one row per bucket that holds a value; buckets are 0.1 % wide, as they were recorded.

    `distribution` is `latency`, `latency_failed`, `response`, `patience` or `phase.<name>`; `cumulative_share` is the
    part of its operations that took at most `to_ms`. A cell that a spreadsheet would take for a formula starts with an
    apostrophe.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for key, measure in sorted(measures.items()):
        named = measure.distributions()
        if key in consensus:
            named["phase.consensus"] = consensus[key]
        for name, distribution in named.items():
            seen = 0
            for low_us, high_us, count in distribution.buckets():
                seen += count
                share = f"{seen / distribution.count:.6f}"
                row = (*map(_text, (*key, name)), f"{low_us / 1000:.3f}", f"{high_us / 1000:.3f}", count, share)
                writer.writerow(row)
    return text.getvalue()


def _text(value: str) -> str:
    return f"'{value}" if value.startswith(("=", "+", "-", "@")) else value
