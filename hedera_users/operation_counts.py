"""Counts operations where they begin and end, independently of the records that the reports count."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Counts:
    """Operations of one kind in this process: scheduled = shed + started; `in_flight` have started and not ended."""

    scheduled: int = 0
    shed: int = 0
    started: int = 0
    in_flight: int = 0


class OperationCounts:
    """The process's own count of what it began, by operation and arm."""

    def __init__(self) -> None:
        self._counts: dict[str, Counts] = {}

    def opened(self, name: str, arm: str | None) -> Counts:
        """Count one operation as scheduled and started; the caller counts it out again when it ends."""
        counts = self._of(f"{name}|{arm or ''}")
        counts.scheduled += 1
        counts.started += 1
        counts.in_flight += 1
        return counts

    def shed(self, key: str) -> None:
        """Count one operation, by its key `<name>|<arm>`, as scheduled and never started."""
        counts = self._of(key)
        counts.scheduled += 1
        counts.shed += 1

    def _of(self, key: str) -> Counts:
        counts = self._counts.get(key)
        if counts is None:
            counts = self._counts[key] = Counts()
        return counts

    def snapshot(self) -> dict[str, dict[str, int]]:
        """Return `{"<name>|<arm>": {"scheduled", "shed", "started", "in_flight"}}`."""
        return {key: asdict(counts) for key, counts in self._counts.items()}
