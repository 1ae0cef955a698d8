"""The guards around calls to the network: classification of errors, and policies from the run's settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from config.settings import RunSettings
from hedera_client import Fate, HederaError, TransportError
from hedera_client.status import RELAY_TIMEOUT, status_of
from hedera_users.send_limits import file_limiter, message_limiter
from resilience import (
    BUSY,
    FINAL,
    TIMED_OUT,
    TRANSIENT,
    BoundedQueue,
    BreakerPolicy,
    Guard,
    GuardStats,
    Limiter,
    Pool,
    RetryBudget,
    RetryPolicy,
    Verdict,
)
from resilience.redis_storage import redis_storage

TIMEOUTS: Final = ("DEADLINE_EXCEEDED", "RECEIPT_TIMEOUT", "MIRROR_TIMEOUT", RELAY_TIMEOUT)
"""Statuses of calls that were given up waiting for; a retry after one costs the budget more."""

MIRROR_ATTEMPTS: Final = 1
"""A wait for the mirror is long by itself and reconnects by itself; what the guard adds is the breaker."""


def classify(error: Exception) -> Verdict:
    """Classify an error of an attempt.

    A retry keeps its transaction id, so an attempt of unknown fate may be repeated without happening twice. What the
    network refuses for good (a wrong signature) and faults of other code speak neither for nor against its health. A
    connection that broke is one failure of its node, however many calls it carried. Where none could be opened, nothing
    was sent.
    """
    if not isinstance(error, HederaError) or error.fate is Fate.FINAL:
        return FINAL
    if error.busy:
        return BUSY
    verdict = TIMED_OUT if error.status in TIMEOUTS else TRANSIENT
    if isinstance(error, TransportError) and error.incident:
        return verdict._replace(incident=error.incident, unsent=error.fate is Fate.RETRYABLE)
    return verdict


@dataclass(frozen=True, slots=True)
class Place:
    """Where guards are: which process of how many of a run.

    Attributes:
        run_id: Of the run; breakers that are shared by Redis are shared within it.
        worker: This process's index among the workers.
        workers: How many there are; the network's throttles are shared out among them.
    """

    run_id: str = "setup"
    worker: int = 0
    workers: int = 1


@dataclass(frozen=True, slots=True)
class Guards:
    """One guard per service: consensus, files (writes are paced, reads are not), mirror (waits, reads), and relay."""

    hcs: Guard
    hfs: Guard
    hfs_reads: Guard
    mirror: Guard
    mirror_reads: Guard
    relay: Guard

    def close(self) -> None:
        """Close the queues: operations that still wait are refused."""
        for guard in (self.hcs, self.hfs, self.hfs_reads, self.mirror_reads, self.relay):
            if guard.queue is not None:
                guard.queue.close()


def make_guards(settings: RunSettings, nodes: Sequence[str], stats: GuardStats, place: Place) -> Guards:
    """Return guards with the policies of the settings, and one breaker per node and service.

    Mirror and relay are one member each: a process has one circuit of its own for either.

    Args:
        settings: The run's settings.
        nodes: Account ids of the consensus nodes.
        stats: Counts what the guards do.
        place: Which process this is.
    """
    maker = _Maker(settings, nodes, stats, place)
    files = maker.pool("hfs", nodes)
    return Guards(
        hcs=maker.guard("hcs", maker.pool("hcs", nodes), message_limiter(settings, place.workers)),
        hfs=maker.guard("hfs", files, file_limiter(settings, place.workers)),
        hfs_reads=maker.guard("hfs-reads", files, None),
        mirror=maker.mirror_guard(),
        mirror_reads=maker.guard("mirror-reads", maker.breaker, None),
        relay=maker.guard("relay", maker.breaker, None),
    )


class _Maker:
    """Makes the pools and guards of one process from the settings of a run."""

    def __init__(self, settings: RunSettings, nodes: Sequence[str], stats: GuardStats, place: Place) -> None:
        self._settings = settings
        self._nodes = nodes
        self._stats = stats
        self._place = place
        self.breaker = BreakerPolicy(
            failures=settings.breaker_failures,
            recovery=settings.breaker_recovery,
            trials=settings.breaker_trials,
        )

    def pool(self, service: str, nodes: Sequence[str]) -> Pool:
        """One circuit per node, named after the process, or after the run where processes share them."""
        place, settings = self._place, self._settings
        shared = settings.breaker_storage
        return Pool(
            service if shared else f"{place.worker}/{service}",
            nodes,
            self.breaker,
            balance=settings.node_choice,
            start=place.worker,
            storage=redis_storage(shared, f"hedera-load:{place.run_id}") if shared else None,
        )

    def guard(self, service: str, pool: Pool | BreakerPolicy, limiter: Limiter | None) -> Guard:
        """Everything that the settings ask for, around calls to nodes or, by a policy, to the service's only member."""
        settings = self._settings
        name = f"{self._place.worker}/{service}"
        return Guard(
            name,
            classify,
            RetryPolicy(attempts=settings.attempts, backoff=settings.backoff, backoff_max=settings.backoff_max),
            pool,
            self._stats,
            limiter=limiter,
            budget=RetryBudget(settings.retry_budget, name=name) if settings.retry_budget else None,
            queue=BoundedQueue(settings.queue, settings.queue_expiry, name=name) if settings.queue else None,
            status_of=status_of,
        )

    def mirror_guard(self) -> Guard:
        """A breaker around waits for the mirror."""
        retry = RetryPolicy(attempts=MIRROR_ATTEMPTS)
        return Guard(f"{self._place.worker}/mirror", classify, retry, self.breaker, self._stats, status_of=status_of)
