"""Consensus: accepted transactions take effect one after another, in the order of their timestamps, which only grow.

A transaction's timestamp is settled soon after its arrival, by when the nodes receive it; that it is, everybody knows
only later (latency.py). Here it takes effect when it is known.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from typing import Protocol

from localnet.charging import charge
from localnet.children import place_before
from localnet.clock import CONSENSUS_STEP_NS, NANOS, Clock
from localnet.latency import Latency, to_timestamp
from localnet.record_cache import RecordCache
from localnet.state import State
from localnet.status import Refused, codes
from localnet.submission import Submission
from localnet.transactions import Settlement
from localnet.transactions.hollow import complete_payer
from localnet.transactions.target import target_of

Transfers = tuple[tuple[int, int], ...]

log = logging.getLogger(__name__)

_TIMER_TOLERANCE_S = 1e-3  # event loops count in clock ticks, and their timers may come one early
_SHARED_TRANSFERS = 4_096


class Timer(Protocol):
    """What is used of an asyncio event loop: its monotonic time and its timers."""

    def time(self) -> float:
        """Monotonic seconds."""

    def call_at(self, when: float, callback: Callable[[], None]) -> object:
        """Call back at a monotonic time."""


class Consensus:
    """Orders transactions, charges fees, lets operations take effect, and tells `on_settled` of each."""

    def __init__(
        self,
        state: State,
        clock: Clock,
        cache: RecordCache,
        latency: Latency,
        random: Random,
        timer: Timer,
        on_settled: Callable[[Submission], None],
    ) -> None:
        self._state = state
        self._clock = clock
        self._cache = cache
        self._latency = latency
        self._pace = latency.pace(random)
        self._timer = timer
        self._on_settled = on_settled
        # A heap, by consensus timestamp and then by arrival: (timestamp, arrival, when it is known, submission).
        self._pending: list[tuple[int, int, float, Submission]] = []
        self._arrivals = 0
        self._latest_ns: dict[int, int] = {}  # by node: the last timestamp of what came through it
        self._armed_for = 0.0  # the time for which the latest timer was set
        self._stalled = False
        self._transfers: dict[Transfers, Transfers] = {}

    @property
    def pending(self) -> int:
        """Transactions on their way to consensus."""
        return len(self._pending)

    def undecided_ns(self) -> int:
        """Whatever will be settled from now on has this consensus timestamp or a later one."""
        now_ns = self._clock.now_ns()
        first_ns = min(self._pending[0][0], now_ns) if self._pending else now_ns
        return first_ns - CONSENSUS_STEP_NS  # what the network does by itself comes before

    def submit(self, submission: Submission) -> None:
        """Take a transaction that passed precheck. Without delay it is settled before this returns."""
        self._cache.accept(submission)
        now, now_ns, node = self._timer.time(), self._clock.now_ns(), submission.node
        wait = to_timestamp(self._latency, node, now)
        due = self._known_at(now + wait)
        if due <= now and not self._pending and not self._stalled:
            self._settle(submission, self._clock.next_consensus_ns(now_ns))
            return
        received_ns = max(now_ns + int(wait * NANOS), self._latest_ns.get(node, 0) + 1)
        self._latest_ns[node] = received_ns
        self._arrivals += 1
        heappush(self._pending, (received_ns, self._arrivals, due, submission))
        self._arm()

    def _known_at(self, received: float) -> float:
        """When it is known that a transaction has this timestamp. Both are monotonic times."""
        latency = self._latency
        due = max(received, received - latency.received_s + self._pace(received))
        return math.ceil(due / latency.round_s) * latency.round_s if latency.round_s else due

    def replay(self, submission: Submission, consensus_ns: int) -> None:
        """Settle what was settled before, at its own consensus timestamp."""
        self._clock.go_on_from(consensus_ns)
        self._cache.accept(submission)
        self._settle(submission, consensus_ns)
        submission.known = consensus_ns / NANOS

    def lose(self, submission: Submission) -> None:
        """Take a transaction that will never reach consensus."""
        self._cache.accept(submission)
        submission.body = submission.signatures = submission.due = None

    def stall(self) -> None:
        """Let nothing reach consensus until `resume`."""
        self._stalled = True

    def resume(self) -> None:
        """Go on after a stall; what should have reached consensus meanwhile does so now, and is stamped so."""
        self._stalled = False
        self._clock.go_on_from(self._clock.now_ns())
        self._settle_due()

    def _settle_due(self) -> None:
        """Settle what is due, and ask to be called for the next. A call too many is harmless."""
        if self._stalled:
            return  # `resume` looks again
        now = self._timer.time() + _TIMER_TOLERANCE_S
        if self._armed_for <= now:
            self._armed_for = 0.0
        while self._pending and self._pending[0][2] <= now:
            received_ns, _, _, submission = heappop(self._pending)
            self._settle(submission, self._clock.next_consensus_ns(received_ns))
        self._arm()

    def _arm(self) -> None:
        """Ask to be called when the first of those that wait is known; what is stamped later waits for it."""
        if self._pending and self._pending[0][2] != self._armed_for:
            self._armed_for = self._pending[0][2]
            self._timer.call_at(self._armed_for, self._settle_due)

    def _settle(self, submission: Submission, consensus_ns: int) -> None:
        at = Settlement(self._state, submission, consensus_ns, {})
        try:
            charge(at, self._cache)
            complete_payer(at)
            _take_effect(at)
            status = codes.SUCCESS
        except Refused as refusal:
            status = refusal.status
        except Exception:  # as on the real network: one transaction's accident must not stop the others
            log.exception("%s failed at consensus", submission.key)
            status = codes.FAIL_INVALID
        submission.transfers = self._shared(
            tuple(sorted((account, amount) for account, amount in at.transfers.items() if amount))
        )
        if status != codes.SUCCESS and not submission.entity and submission.operation is not None:
            submission.entity = target_of(submission.operation.field, submission.data)
        submission.body = submission.signatures = submission.due = None
        submission.consensus_ns = consensus_ns
        submission.known = self._clock.now()
        submission.status = status
        self._cache.settle(submission)
        if at.preceding:
            place_before(submission, at.preceding)
            self._cache.add_children(submission, at.preceding)
            for child in at.preceding:
                self._on_settled(child)
        self._on_settled(submission)

    def _shared(self, transfers: Transfers) -> Transfers:
        """The same tuple for the same transfers: under load most are alike, and they are a quarter of the memory."""
        if len(self._transfers) >= _SHARED_TRANSFERS:
            self._transfers.clear()
        return self._transfers.setdefault(transfers, transfers)


def _take_effect(at: Settlement) -> None:
    """Let the operation take effect.

    Raises:
        Refused: the receipt carries this status.
    """
    assert at.submission.operation is not None
    if at.submission.body.HasField("batch_key"):  # there are no batches here
        raise Refused(codes.BATCH_KEY_SET_ON_NON_INNER_TRANSACTION)
    at.submission.operation.settle(at)
