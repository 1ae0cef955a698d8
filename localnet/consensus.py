"""Consensus: accepted transactions take effect one after another, in the order in which they arrived."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Protocol

from localnet.clock import NANOS, Clock
from localnet.fees import Fee
from localnet.record_cache import RecordCache
from localnet.state import State
from localnet.status import Refused, codes
from localnet.submission import Submission
from localnet.transactions import Settlement

log = logging.getLogger(__name__)

FEE_ACCOUNT = 98
"""Where network and service fees go. The public networks share them out further; here one account takes them."""


class Timer(Protocol):
    """What is used of an asyncio event loop: its monotonic time and its timers."""

    def time(self) -> float:
        """Monotonic seconds."""

    def call_at(self, when: float, callback: Callable[[], None]) -> object:
        """Call back at a monotonic time."""


@dataclass(frozen=True, slots=True)
class ConsensusDelay:
    """How long after its arrival a transaction reaches consensus: `seconds`, give or take up to `jitter` seconds."""

    seconds: float
    jitter: float
    random: Random

    def draw(self) -> float:
        """One transaction's delay; never negative."""
        if not self.jitter:
            return self.seconds
        return max(0.0, self.seconds + self.random.uniform(-self.jitter, self.jitter))


class Consensus:
    """Orders transactions, charges fees, lets operations take effect, and tells `on_settled` of each."""

    def __init__(
        self,
        state: State,
        clock: Clock,
        cache: RecordCache,
        delay: ConsensusDelay,
        timer: Timer,
        on_settled: Callable[[Submission], None],
    ) -> None:
        self._state = state
        self._clock = clock
        self._cache = cache
        self._delay = delay
        self._timer = timer
        self._on_settled = on_settled
        self._pending: deque[tuple[float, Submission]] = deque()

    @property
    def pending(self) -> int:
        """Transactions on their way to consensus."""
        return len(self._pending)

    def submit(self, submission: Submission) -> None:
        """Take a transaction that passed precheck. Without delay it is settled before this returns."""
        self._cache.accept(submission)
        now = self._timer.time()
        due = now + self._delay.draw()
        if not self._pending and due <= now:
            self._settle(submission)
            return
        if self._pending:  # arrival order is consensus order, whatever the jitter says
            due = max(due, self._pending[-1][0])
        self._pending.append((due, submission))
        if len(self._pending) == 1:
            self._timer.call_at(due, self._settle_due)

    def _settle_due(self) -> None:
        now = self._timer.time()
        while self._pending and self._pending[0][0] <= now:
            self._settle(self._pending.popleft()[1])
        if self._pending:
            self._timer.call_at(self._pending[0][0], self._settle_due)

    def _settle(self, submission: Submission) -> None:
        consensus_ns = self._clock.next_consensus_ns()
        at = Settlement(self._state, submission, consensus_ns, {})
        try:
            self._charge(at)
            assert submission.operation is not None
            submission.operation.settle(at)
            status = codes.SUCCESS
        except Refused as refusal:
            status = refusal.status
        except Exception:  # as on the real network: one transaction's accident must not stop the others
            log.exception("%s failed at consensus", submission.key)
            status = codes.FAIL_INVALID
        submission.transfers = tuple(sorted((account, amount) for account, amount in at.transfers.items() if amount))
        submission.body = submission.signatures = submission.due = None
        submission.consensus_ns = consensus_ns
        submission.status = status
        self._cache.settle(submission)
        self._on_settled(submission)

    def _charge(self, at: Settlement) -> None:
        """Charge the fee.

        Raises:
            Refused: it expired on its way (the node pays for letting it through), or the payer offered or has too
                little (it is charged without the service fee, as far as it can pay).
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
