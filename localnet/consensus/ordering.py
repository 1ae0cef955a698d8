"""Consensus: accepted transactions are handled one after another, in the order of their timestamps, which only grow.

A transaction's timestamp is fixed soon after its arrival, by when the nodes receive it, but is known to the nodes only
later (latency.py). Here a transaction is handled when its timestamp is known.
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
from localnet.interning import Interned
from localnet.protocol.status import RefusedError, codes
from localnet.state.entities import State
from localnet.transactions import HANDLERS
from localnet.transactions.children import handled_before
from localnet.transactions.handle_context import HandleContext, Transfers
from localnet.transactions.hollow_accounts import complete_payer
from localnet.transactions.named_entity import target_of
from localnet.transactions.stages import Checked, Handled, Received

log = logging.getLogger(__name__)

_TIMER_TOLERANCE_S = 1e-3  # event loops count in clock ticks, and their timers may come one early


class Sink(Protocol):
    """Where handled transactions go, in the order of consensus (ledger/pipeline.py)."""

    def handled(self, received: Received, handled: Handled, children: list[Handled]) -> None:
        """A transaction has reached consensus, after its children."""

    def replayed(self, handled: Handled, children: list[Handled]) -> None:
        """A transaction has reached consensus again that did so in an earlier process."""


class Consensus:
    """Orders accepted transactions, charges fees, calls their handlers, and passes each `Handled` to `sink`."""

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
        self._interned_transfers: Interned[Transfers] = Interned()

    @property
    def pending(self) -> int:
        """Transactions on their way to consensus."""
        return len(self._pending)

    def undecided_ns(self) -> int:
        """The lower bound of the consensus timestamps of all transactions that are not handled yet."""
        now_ns = self._clock.now_ns()
        first_ns = min(self._pending[0][0], now_ns) if self._pending else now_ns
        return first_ns - CONSENSUS_STEP_NS  # children come before their parent

    def submit(self, checked: Checked) -> None:
        """Accept a transaction that passed precheck. Without delay it is handled before this returns."""
        self._cache.accept(checked)
        now, now_ns, node = self._timer.time(), self._clock.now_ns(), checked.received.node
        wait = to_timestamp(self._latency, node, now)
        due = self._known_at(now + wait)
        if due <= now and not self._pending and not self._stalled:
            self._handle_now(checked, self._clock.next_consensus_ns(now_ns))
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
        """Handle again what an earlier process handled, at the consensus timestamp it had; it is known from then on."""
        self._clock.go_on_from(consensus_ns)
        self._cache.accept(checked)
        handled, children = self._handle(checked, consensus_ns, consensus_ns / NANOS)
        self._sink.replayed(handled, children)

    def lose(self, checked: Checked) -> None:
        """Accept a transaction that will never reach consensus."""
        self._cache.lose(checked)

    def stall(self) -> None:
        """Let nothing reach consensus until `resume`."""
        self._stalled = True

    def resume(self) -> None:
        """End a stall; what should have reached consensus meanwhile does so now, with present timestamps."""
        self._stalled = False
        self._clock.go_on_from(self._clock.now_ns())
        self._handle_due()

    def _handle_due(self) -> None:
        """Handle what is due, and set a timer for the next. A call too many is harmless."""
        if self._stalled:
            return  # `resume` looks again
        now = self._timer.time() + _TIMER_TOLERANCE_S
        if self._armed_for <= now:
            self._armed_for = 0.0
        while self._pending and self._pending[0][2] <= now:
            received_ns, _, _, checked = heappop(self._pending)
            self._handle_now(checked, self._clock.next_consensus_ns(received_ns))
        self._arm()

    def _arm(self) -> None:
        """Set a timer for when the first pending transaction is known; later timestamps wait for it."""
        if self._pending and self._pending[0][2] != self._armed_for:
            self._armed_for = self._pending[0][2]
            self._timer.call_at(self._armed_for, self._handle_due)

    def _handle_now(self, checked: Checked, consensus_ns: int) -> None:
        handled, children = self._handle(checked, consensus_ns, None)
        self._sink.handled(checked.received, handled, children)

    def _handle(self, checked: Checked, consensus_ns: int, known: float | None) -> tuple[Handled, list[Handled]]:
        """Handle a transaction; returns what became of it, and its children.

        Args:
            checked: The transaction.
            consensus_ns: Its consensus timestamp.
            known: When that is known, Unix seconds; None for the moment at which it has taken effect.
        """
        context = HandleContext(self._state, checked, consensus_ns)
        status = self._charge_and_apply(context)
        handled = context.handled(
            status,
            self._clock.now() if known is None else known,
            self._interned_transfers[context.net_transfers()],
        )
        self._cache.complete(checked, handled)
        if not context.preceding:
            return handled, []
        children = handled_before(handled, context.preceding)
        self._cache.add_children(handled, children)
        return handled, children

    def _charge_and_apply(self, context: HandleContext) -> int:
        """Charge the fee and call the handler; returns the receipt's status. A failed one names its entity too."""
        try:
            charge(context, self._cache)
            complete_payer(context)
            _take_effect(context)
        except RefusedError as refusal:
            status = refusal.status
        except Exception:  # as on the real network: an internal error in one transaction must not stop the others
            log.exception("%s failed at consensus", context.checked.key)
            status = codes.FAIL_INVALID
        else:
            return int(codes.SUCCESS)
        if not context.entity:
            context.entity = target_of(context.checked.kind.field, context.data)
        return status


def _take_effect(context: HandleContext) -> None:
    """Call the handler of the transaction's kind.

    Raises:
        RefusedError: the receipt carries this status.
    """
    if context.checked.body.HasField("batch_key"):  # there are no batches here
        raise RefusedError(codes.BATCH_KEY_SET_ON_NON_INNER_TRANSACTION)
    HANDLERS[context.checked.kind.field].handle(context)
