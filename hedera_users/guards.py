"""The guards around calls to the network: what an error means to them, and what the run's settings ask for."""

from __future__ import annotations

from config.settings import RunSettings
from hedera_client import Fate, HederaError
from hedera_client.status import status_of
from resilience import BUSY, FINAL, TRANSIENT, BreakerPolicy, Guard, GuardStats, RetryPolicy, Verdict


def classify(error: Exception) -> Verdict:
    """Judge an error of an attempt.

    A retry keeps its transaction id, so an attempt of unknown fate may be repeated without happening twice. What the
    network refuses for good (a wrong signature) and faults of other code speak neither for nor against its health.
    """
    if not isinstance(error, HederaError) or error.fate is Fate.FINAL:
        return FINAL
    return BUSY if error.busy else TRANSIENT


def make_guard(name: str, settings: RunSettings, stats: GuardStats) -> Guard:
    """Return a guard with the settings' retry and breaker policies; `stats` counts what it does."""
    return Guard(
        name,
        classify,
        RetryPolicy(attempts=settings.attempts, backoff=settings.backoff, backoff_max=settings.backoff_max),
        BreakerPolicy(
            failures=settings.breaker_failures,
            recovery=settings.breaker_recovery,
            trials=settings.breaker_trials,
        ),
        stats,
        status_of=status_of,
    )
