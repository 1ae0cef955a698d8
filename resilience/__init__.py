"""Retries calls and protects the service: retry around queue, limiter, circuits and attempt. Knows no service.

It is given a classifier that says what an error means; docs/resilience.md shows the layers and their defaults.
"""

from resilience.adaptive import AdaptiveConcurrency
from resilience.bounded_queue import BoundedQueue
from resilience.breaker import Breaker
from resilience.budget import RetryBudget
from resilience.concurrency import ConcurrencyLimit
from resilience.errors import (
    BudgetExhaustedError,
    CircuitOpenError,
    DeadlinePassedError,
    QueueExpiredError,
    QueueFullError,
    QueueLeftError,
    RateLimitedError,
    RejectedError,
    cut_short_by,
)
from resilience.guard import Guard
from resilience.limiter import Limiter, Limits
from resilience.policies import (
    BUSY,
    FINAL,
    TIMED_OUT,
    TRANSIENT,
    Attempt,
    BreakerPolicy,
    RetryPolicy,
    Verdict,
)
from resilience.pool import Permit, Pool
from resilience.stats import GuardStats, merge_snapshots
from resilience.token_bucket import TokenBucket

__all__ = [
    "BUSY",
    "FINAL",
    "TIMED_OUT",
    "TRANSIENT",
    "AdaptiveConcurrency",
    "Attempt",
    "BoundedQueue",
    "Breaker",
    "BreakerPolicy",
    "BudgetExhaustedError",
    "CircuitOpenError",
    "ConcurrencyLimit",
    "DeadlinePassedError",
    "Guard",
    "GuardStats",
    "Limiter",
    "Limits",
    "Permit",
    "Pool",
    "QueueExpiredError",
    "QueueFullError",
    "QueueLeftError",
    "RateLimitedError",
    "RejectedError",
    "RetryBudget",
    "RetryPolicy",
    "TokenBucket",
    "Verdict",
    "cut_short_by",
    "merge_snapshots",
]
