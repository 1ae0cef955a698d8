"""Consensus: accepted transactions take effect one after another, in the order of their timestamps, which only grow.

A transaction's timestamp is settled soon after its arrival, by when the nodes receive it; that it is, everybody knows
only later (latency.py). Here it takes effect when it is known.
"""

from __future__ import annotations

import logging
import math
from heapq import heappop, heappush
from random import Random
from typing import Protocol

from localnet.clock import CONSENSUS_STEP_NS, NANOS, Clock, Timer
from localnet.consensus.charging import charge
from localnet.consensus.latency import Latency, to_timestamp
from localnet.consensus.record_cache import RecordCache
from localnet.protocol.status import RefusedError, codes
from localnet.shared import Shared
from localnet.state.entities import State
from localnet.transactions import OPERATIONS
from localnet.transactions.children import settle_before
from localnet.transactions.hollow_accounts import complete_payer
from localnet.transactions.named_entity import target_of
from localnet.transactions.settlement import Settlement, Transfers
from localnet.transactions.stages import Checked, Received, Settled

log = logging.getLogger(__name__)

_TIMER_TOLERANCE_S = 1e-3  # event loops count in clock ticks, and their timers may come one early


class Sink(Protocol):
    """Where settled transactions go, in the order of consensus (ledger/pipeline.py)."""

    def settled(self, received: Received, settled: Settled, children: list[Settled]) -> None:
        """A transaction has reached consensus, after its children."""

    def replayed(self, settled: Settled, children: list[Settled]) -> None:
        """A transaction has reached consensus again that did so in an earlier process."""


class Consensus:
    """Orders transactions, charges fees, lets operations take effect, and hands what was settled to `sink`."""

    def __init__(
        self,
        state: State,
        clock: Clock,
        cache: RecordCache,
        latency: Latency,
        random: Random,
        timer: Timer,
        sink: Sink,
    ) -> None:
        self._state = state
        self._clock = clock
        self._cache = cache
        self._latency = latency
        self._pace = latency.pace(random)
        self._timer = timer
        self._sink = sink
        # A heap, by consensus timestamp and then by arrival: (timestamp, arrival, when it is known, transaction).
        self._pending: list[tuple[int, int, float, Checked]] = []
        self._arrivals = 0
        self._latest_ns: dict[int, int] = {}  # by node: the last timestamp of what came through it
        self._armed_for = 0.0  # the time for which the latest timer was set
        self._stalled = False
        self._shared_transfers: Shared[Transfers] = Shared()

    @property
    def pending(self) -> int:
        """Transactions on their way to consensus."""
        return len(self._pending)

    def undecided_ns(self) -> int:
        """Whatever will be settled from now on has this consensus timestamp or a later one."""
        now_ns = self._clock.now_ns()
        first_ns = min(self._pending[0][0], now_ns) if self._pending else now_ns
        return first_ns - CONSENSUS_STEP_NS  # what the network does by itself comes before

    def submit(self, checked: Checked) -> None:
        """Take a transaction that passed precheck. Without delay it is settled before this returns."""
        self._cache.accept(checked)
        now, now_ns, node = self._timer.time(), self._clock.now_ns(), checked.received.node
        wait = to_timestamp(self._latency, node, now)
        due = self._known_at(now + wait)
        if due <= now and not self._pending and not self._stalled:
            self._settle_now(checked, self._clock.next_consensus_ns(now_ns))
            return
        received_ns = max(now_ns + int(wait * NANOS), self._latest_ns.get(node, 0) + 1)
        self._latest_ns[node] = received_ns
        self._arrivals += 1
        heappush(self._pending, (received_ns, self._arrivals, due, checked))
        self._arm()

    def _known_at(self, received: float) -> float:
        """When it is known that a transaction has this timestamp. Both are monotonic times."""
        latency = self._latency
        due = max(received, received - latency.received_s + self._pace(received))
        return math.ceil(due / latency.round_s) * latency.round_s if latency.round_s else due

    def replay(self, checked: Checked, consensus_ns: int) -> None:
        """Settle what was settled before, at its own consensus timestamp; it counts as known from then on."""
        self._clock.go_on_from(consensus_ns)
        self._cache.accept(checked)
        settled, children = self._settle(checked, consensus_ns, consensus_ns / NANOS)
        self._sink.replayed(settled, children)

    def lose(self, checked: Checked) -> None:
        """Take a transaction that will never reach consensus."""
        self._cache.lose(checked)

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
            received_ns, _, _, checked = heappop(self._pending)
            self._settle_now(checked, self._clock.next_consensus_ns(received_ns))
        self._arm()

    def _arm(self) -> None:
        """Ask to be called when the first of those that wait is known; what is stamped later waits for it."""
        if self._pending and self._pending[0][2] != self._armed_for:
            self._armed_for = self._pending[0][2]
            self._timer.call_at(self._armed_for, self._settle_due)

    def _settle_now(self, checked: Checked, consensus_ns: int) -> None:
        settled, children = self._settle(checked, consensus_ns, None)
        self._sink.settled(checked.received, settled, children)

    def _settle(self, checked: Checked, consensus_ns: int, known: float | None) -> tuple[Settled, list[Settled]]:
        """Let a transaction take effect; returns what became of it, and its children.

        Args:
            checked: The transaction.
            consensus_ns: Its consensus timestamp.
            known: When that is known, Unix seconds; None for the moment at which it has taken effect.
        """
        at = Settlement(self._state, checked, consensus_ns)
        status = self._handle(at)
        settled = at.settled(
            status,
            self._clock.now() if known is None else known,
            self._shared_transfers[at.net_transfers()],
        )
        self._cache.settle(checked, settled)
        if not at.preceding:
            return settled, []
        children = settle_before(settled, at.preceding)
        self._cache.add_children(settled, children)
        return settled, children

    def _handle(self, at: Settlement) -> int:
        """Charge the fee and let the operation take effect; returns the status. What failed names its entity too."""
        try:
            charge(at, self._cache)
            complete_payer(at)
            _take_effect(at)
        except RefusedError as refusal:
            status = refusal.status
        except Exception:  # as on the real network: one transaction's accident must not stop the others
            log.exception("%s failed at consensus", at.checked.key)
            status = codes.FAIL_INVALID
        else:
            return int(codes.SUCCESS)
        if not at.entity:
            at.entity = target_of(at.checked.kind.field, at.data)
        return status


def _take_effect(at: Settlement) -> None:
    """Let the operation take effect.

    Raises:
        RefusedError: the receipt carries this status.
    """
    if at.checked.body.HasField("batch_key"):  # there are no batches here
        raise RefusedError(codes.BATCH_KEY_SET_ON_NON_INNER_TRANSACTION)
    OPERATIONS[at.checked.kind.field].settle(at)
