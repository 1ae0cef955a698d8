"""Whether a rate was kept in a step: what was seen, what has to hold, and who was at the limit where it does not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

By = Literal["network", "generator"]

GROWN: Final = 1.2
"""A p95 that grows by so much from the first to the second half of a step has not settled: a queue grows somewhere."""

GROWN_MS: Final = 100.0
"""Smaller growth is no sign of a queue."""

SEVERE: Final = 3.0
"""Times a gate beyond which a step is not repeated before it is believed."""

CPU_PERCENT: Final = 90.0
"""Of one core: above it a process that makes load has no room left, and its latencies are its own (as in `limits`)."""

LATE_PERCENT: Final = 5.0
"""Late starts for want of processor time from which on a latency is the generator's."""

LEAST_ENDED: Final = 0.95
"""Part of the started operations as many as which have to end in the same time, give or take what chance does."""

SEVERE_MS: Final = 2_000.0
"""A p95 that grew beyond this is no hiccup."""

FAR_SLOWER: Final = 5.0
"""Times the usual p95 beyond which a step is bad: there is a queue, whether or not it still grows."""

SLOWER: Final = 2.0
"""Times the usual p95 from which on the network is slower than usual, and keeps users busy that would be free."""


@dataclass(frozen=True, slots=True)
class Gates:
    """What has to hold in a step.

    Attributes:
        kept_percent: Least part of the due operations that are started, and not late for want of a free user.
        errors_percent: Of those that ended, those that failed, were rejected or stayed unknown: fewer than this.
        turned_away_percent: Attempts that the network turned away (BUSY) and that were made again: fewer than this.
        p95_ms: Longest p95 of the operations that succeeded, from their start; 0: no limit.
    """

    kept_percent: float = 95.0
    errors_percent: float = 1.0
    turned_away_percent: float = 2.0
    p95_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class StepSeen:
    """What was seen in a step, after its settle time.

    Attributes:
        seconds: How long it was measured.
        due: Operations that were due.
        started: Of these, those that were started, and not late for want of a free user.
        succeeded: Operations that ended so in this time; the next three likewise.
        failed: They got an answer that was no success, or none.
        rejected: They were never sent.
        unknown: What became of them is not known.
        turned_away: Attempts that the network turned away and that were made again.
        p50_ms: Median of what succeeded; None where nothing did. The next three likewise.
        p95_ms: 95 of 100 were faster.
        early_p95_ms: The same in the first half of the step.
        late_p95_ms: The same in the second half.
        late_starts: Operations that started late although a user was free: the process was busy.
        no_user: Operations that started late because no user was free.
        cpu_percent: Of one core, of the busiest process that makes load; None where it is not known.
    """

    seconds: float
    due: int
    started: int
    succeeded: int
    failed: int = 0
    rejected: int = 0
    unknown: int = 0
    turned_away: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None
    early_p95_ms: float | None = None
    late_p95_ms: float | None = None
    late_starts: int = 0
    no_user: int = 0
    cpu_percent: float | None = None

    @property
    def ended(self) -> int:
        """Operations that ended in it."""
        return self.succeeded + self.failed + self.rejected + self.unknown

    @property
    def kept_percent(self) -> float:
        """Percent of the due operations that were started."""
        return 100 * self.started / self.due if self.due else 0.0

    @property
    def errors_percent(self) -> float:
        """Percent of the ended ones that did not succeed."""
        return 100 * (self.ended - self.succeeded) / self.ended if self.ended else 0.0

    @property
    def turned_away_percent(self) -> float:
        """Percent of the attempts that were turned away, and made again."""
        attempts = self.ended + self.turned_away
        return 100 * self.turned_away / attempts if attempts else 0.0

    @property
    def succeeded_per_s(self) -> float:
        """Operations that succeeded, per second."""
        return self.succeeded / self.seconds


@dataclass(frozen=True, slots=True)
class Fault:
    """A gate that did not hold: who was at the limit, in words, and whether there is no doubt of it."""

    by: By
    words: str
    severe: bool = False


def faults(seen: StepSeen, gates: Gates, usual_p95_ms: float | None = None) -> list[Fault]:
    """Return the gates that did not hold in a step; empty where it was good.

    What the network turned away, or answered with an error, is its doing. Operations that were not started, and times
    that grew, are the generator's where its processes were busy, or where it had no user free although the network was
    no slower than usual; else the network's.

    Args:
        seen: What was seen in the step.
        gates: What had to hold.
        usual_p95_ms: The lowest p95 of the good steps; None while there is none.
    """
    found: list[Fault] = []
    if seen.turned_away_percent >= gates.turned_away_percent:
        # A network that says that it is too much is believed: after the rest before another try it would take it again,
        # for as long as its burst lasts.
        found.append(
            Fault("network", f"{seen.turned_away_percent:.3g} % of the attempts were turned away", severe=True)
        )
    if seen.errors_percent >= gates.errors_percent:
        by: By = "generator" if not found and seen.rejected == seen.ended - seen.succeeded else "network"
        words = f"{seen.errors_percent:.3g} % of the operations did not succeed"
        found.append(Fault(by, words, seen.errors_percent >= SEVERE * gates.errors_percent))
    if not seen.ended:
        found.append(Fault("network", "nothing ended"))
    strained = _strained(seen)
    grown = _grown(seen.early_p95_ms, seen.late_p95_ms, GROWN)
    slow = grown or _grown(usual_p95_ms, seen.p95_ms, SLOWER)
    far_slower = _grown(usual_p95_ms, seen.p95_ms, FAR_SLOWER)
    if seen.kept_percent < gates.kept_percent:
        lost = 100 - seen.kept_percent
        by = "network" if found or (slow and not strained) else "generator"
        why = f" ({strained})" if by == "generator" and strained else ", for no user was free" if seen.no_user else ""
        severe = lost >= SEVERE * (100 - gates.kept_percent)
        found.append(Fault(by, f"{seen.kept_percent:.3g} % of the rate was kept{why}", severe))
    by = "generator" if strained and not found else "network"
    if seen.ended < LEAST_ENDED * seen.started - 3 * math.sqrt(seen.started):
        found.append(Fault(by, f"{seen.started:,} operations were started, and {seen.ended:,} ended"))
    because = f" ({strained})" if by == "generator" else ""
    if gates.p95_ms and (seen.p95_ms or 0.0) > gates.p95_ms:
        found.append(Fault(by, f"p95 {seen.p95_ms:,.0f} ms, over {gates.p95_ms:,.0f} ms{because}"))
    if grown:
        words = f"p95 grew from {seen.early_p95_ms:,.0f} to {seen.late_p95_ms:,.0f} ms within the step{because}"
        found.append(Fault(by, words, far_slower and (seen.p95_ms or 0.0) > SEVERE_MS))
    elif far_slower:
        words = f"p95 {seen.p95_ms:,.0f} ms, more than {FAR_SLOWER:g} times the {usual_p95_ms:,.0f} ms of a good step"
        found.append(Fault(by, f"{words}{because}"))
    return found


def _strained(seen: StepSeen) -> str:
    """Why the generator's processes may be the limit, in words; "" where nothing says so."""
    if seen.cpu_percent is not None and seen.cpu_percent > CPU_PERCENT:
        return f"a process of the generator used {seen.cpu_percent:.0f} % of a core"
    if seen.due and 100 * seen.late_starts / seen.due > LATE_PERCENT:
        return f"{100 * seen.late_starts / seen.due:.0f} % started late for want of processor time"
    return ""


def _grown(before_ms: float | None, after_ms: float | None, times: float) -> bool:
    """Whether a time has grown by so much that it is no chance."""
    if before_ms is None or after_ms is None:
        return False
    return after_ms > times * before_ms and after_ms - before_ms > GROWN_MS
