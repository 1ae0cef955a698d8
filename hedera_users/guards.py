"""The guards around calls to the network, as the run's settings ask for."""

from __future__ import annotations

from config.settings import RunSettings
from hedera_client.status import classify, status_of
from resilience import BreakerPolicy, Guard, GuardStats, RetryPolicy


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
