"""Consensus: accepted transactions take effect one after another, in rounds, with timestamps that only grow."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from typing import Protocol

from localnet.children import place_before
from localnet.clock import NANOS, Clock
from localnet.fees import FEE_ACCOUNT, Fee
from localnet.latency import Latency
from localnet.record_cache import RecordCache
from localnet.state import State
from localnet.status import Refused, codes
from localnet.submission import Submission, child_of
from localnet.transactions import Settlement
from localnet.transactions.hollow import complete_payer

Transfers = tuple[tuple[int, int], ...]

log = logging.getLogger(__name__)

_TIMER_TOLERANCE_S = 1e-3  # event loops count in clock ticks, and their timers may come one early
_SHARED_TRANSFERS = 4_096
TRANSFER = "CRYPTOTRANSFER"


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
        self._random = random
        self._timer = timer
        self._on_settled = on_settled
        self._pending: list[tuple[float, int, Submission]] = []  # a heap, by due time and then by arrival
        self._arrivals = 0
        self._last_due = 0.0
        self._armed_for = 0.0  # the time for which the latest timer was set
        self._stalled = False
        self._transfers: dict[Transfers, Transfers] = {}

    @property
    def pending(self) -> int:
        """Transactions on their way to consensus."""
        return len(self._pending)

    def submit(self, submission: Submission) -> None:
        """Take a transaction that passed precheck. Without delay it is settled before this returns."""
        self._cache.accept(submission)
        now = self._timer.time()
        due = now + self._latency.consensus(self._random)
        if due <= now and not self._pending and not self._stalled:
            self._settle(submission)
            return
        if self._latency.round_s:
            due = math.ceil(due / self._latency.round_s) * self._latency.round_s
        if self._latency.ordered:  # arrival order is consensus order, whatever the jitter says
            due = self._last_due = max(due, self._last_due)
        self._arrivals += 1
        heappush(self._pending, (due, self._arrivals, submission))
        if self._pending[0][0] != self._armed_for:
            self._armed_for = self._pending[0][0]
            self._timer.call_at(self._armed_for, self._settle_due)

    def replay(self, submission: Submission, consensus_ns: int) -> None:
        """Settle what was settled before, at its own consensus timestamp."""
        self._clock.go_on_from(consensus_ns)
        self._cache.accept(submission)
        self._settle(submission, consensus_ns)

    def lose(self, submission: Submission) -> None:
        """Take a transaction that will never reach consensus."""
        self._cache.accept(submission)
        submission.body = submission.signatures = submission.due = None

    def stall(self) -> None:
        """Let nothing reach consensus until `resume`."""
        self._stalled = True

    def resume(self) -> None:
        """Go on after a stall; what should have reached consensus meanwhile does so now."""
        self._stalled = False
        self._settle_due()

    def _settle_due(self) -> None:
        """Settle what is due, and ask to be called for the next. A call too many is harmless."""
        if self._stalled:
            return  # `resume` looks again
        now = self._timer.time() + _TIMER_TOLERANCE_S
        if self._armed_for <= now:
            self._armed_for = 0.0
        while self._pending and self._pending[0][0] <= now:
            self._settle(heappop(self._pending)[2])
        if self._pending and self._pending[0][0] != self._armed_for:
            self._armed_for = self._pending[0][0]
            self._timer.call_at(self._armed_for, self._settle_due)

    def _settle(self, submission: Submission, consensus_ns: int | None = None) -> None:
        consensus_ns = consensus_ns or self._clock.next_consensus_ns()
        at = Settlement(self._state, submission, consensus_ns, {})
        try:
            self._charge(at)
            complete_payer(at)
            assert submission.operation is not None
            submission.operation.settle(at)
            status = codes.SUCCESS
        except Refused as refusal:
            status = refusal.status
        except Exception:  # as on the real network: one transaction's accident must not stop the others
            log.exception("%s failed at consensus", submission.key)
            status = codes.FAIL_INVALID
        submission.transfers = self._shared(
            tuple(sorted((account, amount) for account, amount in at.transfers.items() if amount))
        )
        submission.body = submission.signatures = submission.due = None
        submission.consensus_ns = consensus_ns
        submission.status = status
        self._cache.settle(submission)
        if at.preceding:
            place_before(submission, at.preceding)
            self._cache.add_children(submission, at.preceding)
            for child in at.preceding:
                self._on_settled(child)
        self._on_settled(submission)
        if at.children and status == codes.SUCCESS:
            self._settle_children(submission, at.children)

    def _settle_children(self, parent: Submission, transfers: list[Transfers]) -> None:
        """Let what the network did by itself follow its parent."""
        children = [child_of(parent, nonce, TRANSFER, moved) for nonce, moved in enumerate(transfers, 1)]
        self._clock.go_on_from(children[-1].consensus_ns)
        self._cache.add_children(parent, children)
        for child in children:
            self._on_settled(child)

    def _shared(self, transfers: Transfers) -> Transfers:
        """The same tuple for the same transfers: under load most are alike, and they are a quarter of the memory."""
        if len(self._transfers) >= _SHARED_TRANSFERS:
            self._transfers.clear()
        return self._transfers.setdefault(transfers, transfers)

    def _charge(self, at: Settlement) -> None:
        """Charge the fee.

        Raises:
            Refused: it expired on its way (the node pays for letting it through); or another node let the same id
                through before, or the payer offered or has too little (it is charged without the service fee, as far
                as it can pay).
        """
        submission = at.submission
        assert submission.key is not None
        assert submission.due is not None
        fee = submission.due
        expiry_ns = (submission.key.seconds + submission.valid_duration) * NANOS + submission.key.nanos
        if at.consensus_ns > expiry_ns:
            at.move(submission.node, -fee.network)
            at.move(FEE_ACCOUNT, fee.network)
            raise Refused(codes.TRANSACTION_EXPIRED)
        payer = submission.key.payer
        balance = self._state.accounts[payer].balance
        if self._cache.is_duplicate(submission):
            self._collect(at, payer, _capped(fee, balance))
            raise Refused(codes.DUPLICATE_TRANSACTION)
        if submission.max_fee < fee.total:
            self._collect(at, payer, _capped(fee, balance))
            raise Refused(codes.INSUFFICIENT_TX_FEE)
        if balance < fee.total:
            self._collect(at, payer, _capped(fee, balance))
            raise Refused(codes.INSUFFICIENT_PAYER_BALANCE)
        self._collect(at, payer, fee)

    def _collect(self, at: Settlement, payer: int, fee: Fee) -> None:
        at.move(payer, -fee.total)
        at.move(at.submission.node, fee.node)
        at.move(FEE_ACCOUNT, fee.network + fee.service)
        at.submission.fee = fee.total


def _capped(fee: Fee, balance: int) -> Fee:
    """The fee without its service part, and no more than the balance; the network's part comes first."""
    network = min(fee.network, balance)
    return Fee(node=min(fee.node, balance - network), network=network, service=0)
