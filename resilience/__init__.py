"""How a call survives: retry around breaker around attempt. Knows no service; it is given a classifier."""

from resilience.breaker import Breaker
from resilience.errors import CircuitOpen, Rejected, cut_short_by
from resilience.guard import Guard
from resilience.policies import BUSY, FINAL, TRANSIENT, BreakerPolicy, RetryPolicy, Verdict
from resilience.stats import GuardStats, merge_snapshots

__all__ = [
    "BUSY",
    "FINAL",
    "TRANSIENT",
    "Breaker",
    "BreakerPolicy",
    "CircuitOpen",
    "Guard",
    "GuardStats",
    "Rejected",
    "RetryPolicy",
    "Verdict",
    "cut_short_by",
    "merge_snapshots",
]
