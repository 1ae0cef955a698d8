"""Several attempts at each endpoint: how many were well, and how long they took."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from hedera_client.findings import Finding

HEADS: Final = ("", "well", "least", "median", "longest")


@dataclass(slots=True)
class Attempts:
    """The attempts at one endpoint, or at one property of the operator's account.

    Attributes:
        took_s: How long each took that was well.
        faults: What was wrong with the others.
    """

    took_s: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many there were."""
        return len(self.took_s) + len(self.faults)

    @property
    def success_rate(self) -> float:
        """The part of them that was well."""
        return len(self.took_s) / self.count if self.count else 0.0


def by_subject(findings: Iterable[Finding]) -> dict[str, Attempts]:
    """All attempts by their subject, in the order in which subjects first came."""
    found: dict[str, Attempts] = {}
    for finding in findings:
        attempts = found.setdefault(finding.subject, Attempts())
        if finding.healthy:
            attempts.took_s.append(finding.took_s)
        else:
            attempts.faults.append(finding.detail)
    return found


def table(found: dict[str, Attempts]) -> Iterator[str]:
    """One line for each subject; below it what was wrong, each once, with how often."""
    rows = [HEADS]
    below: dict[int, list[str]] = {}
    for subject, attempts in found.items():
        took = attempts.took_s
        times = [f"{1000 * value:,.0f} ms" for value in (min(took), median(took), max(took))] if took else ["–"] * 3
        share = f"{len(took)} of {attempts.count} ({attempts.success_rate:.0%})"
        rows.append((subject, share, *times))  # type: ignore[arg-type] # as many as heads
        faults = attempts.faults
        below[len(rows) - 1] = [f"{faults.count(one)} × {one}" for one in dict.fromkeys(faults)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    for number, row in enumerate(rows):
        first, *rest = zip(row, widths, strict=True)
        yield "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]).rstrip()
        yield from (f"  FAILED {line}" for line in below.get(number, []))
