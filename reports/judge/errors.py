"""The report's table of errors, read off the measurements."""

from __future__ import annotations

from collections.abc import Mapping

from reports.measure.errors import ErrorGroup, GroupKey
from reports.measure.keys import side_of
from reports.schema.report import Error
from reports.wording.causes import cause_of


def errors(groups: Mapping[GroupKey, ErrorGroup], origin: float) -> list[Error]:
    """Return the report's `errors`, the most frequent first. Instants are seconds since the run's start."""
    entries: list[Error] = [
        {
            "operation": key.name,
            "arm": side_of(key.arm),
            "outcome": outcome,
            "status": status,
            "message": message,
            "phase": phase or None,
            "count": group.count,
            "first_s": round(max(0.0, group.first_at - origin), 3),
            "last_s": round(max(0.0, group.last_at - origin), 3),
            "cause": cause_of(status),
        }
        for (key, outcome, status, message, phase), group in groups.items()
    ]
    return sorted(entries, key=lambda entry: (-entry["count"], entry["operation"], entry["status"], entry["message"]))
