"""Brings handled transactions to the mirror, some time after they are known, and applies mirror faults."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from localnet.clock import NANOS, Clock, Timer
from localnet.faults import Fault, FaultEngine
from localnet.mirror.store import MirrorStore
from localnet.protocol.ids import format_entity
from localnet.transactions.stages import Handled, TopicMessage


class Importer:
    """Shows each handled transaction on the mirror some time after it is known; without lag at once.

    The order stays that of consensus: what is drawn a shorter lag waits for what came before it.

    Args:
        store: Where it is shown.
        clock: The network's.
        timer: Of the event loop.
        lag: Tells how long after a moment, Unix seconds, what is known then is shown.
        faults: The injected faults.
        on_shown: Called with each when it is shown, and the time: Unix seconds, or None where its message is left out.

    Attributes:
        undecided_ns: Returns the lower bound of the consensus times of transactions that may still come, Unix ns.
    """

    def __init__(
        self,
        store: MirrorStore,
        clock: Clock,
        timer: Timer,
        lag: Callable[[float], float],
        faults: FaultEngine,
        on_shown: Callable[[Handled, float | None], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self.undecided_ns: Callable[[], int] = clock.now_ns
        self._complete_ns = 0
        self._timer = timer
        self._lag = lag
        self._faults = faults
        self._on_shown = on_shown
        self._waiting: deque[tuple[float, Handled]] = deque()
        self._swapping: dict[int, TopicMessage] = {}

    def complete_ns(self) -> int:
        """The consensus time up to which the mirror shows everything, Unix nanoseconds.

        It lags also while nothing happens, and never decreases.
        """
        undecided_ns = self.undecided_ns()
        complete_ns = undecided_ns - 1 - int(self._present_lag(undecided_ns / NANOS) * NANOS)
        if self._waiting:
            complete_ns = min(complete_ns, self._waiting[0][1].consensus_ns - 1)
        self._complete_ns = max(self._complete_ns, complete_ns)
        return self._complete_ns

    def handled(self, handled: Handled) -> None:
        """It is known that a transaction reached consensus."""
        lag = self._present_lag(handled.known)
        if not lag and not self._waiting:
            self._show(handled)
            return
        due = self._timer.time() + lag
        if self._waiting:
            due = max(due, self._waiting[-1][0])
        self._waiting.append((due, handled))
        if len(self._waiting) == 1:
            self._timer.call_at(due, self._show_due)

    def show_again(self, handled: Handled) -> None:
        """Show at once what an earlier process handled."""
        self._on_shown(handled, handled.consensus_ns / NANOS)
        self._store.add(handled)

    def _present_lag(self, moment: float) -> float:
        """Seconds until what is known at a moment is shown, as things are now."""
        lag = self._lag(moment)
        if self._faults.at_mirror:
            lag += sum(fault.spec.delay for fault in self._faults.at_mirror if fault.spec.kind == "mirror-lag")
        return lag

    def _show_due(self) -> None:
        now = self._timer.time() + 1e-3  # event loops count in clock ticks, and their timers may come one early
        while self._waiting and self._waiting[0][0] <= now:
            self._show(self._waiting.popleft()[1])
        if self._waiting:
            self._timer.call_at(self._waiting[0][0], self._show_due)

    def _show(self, handled: Handled) -> None:
        self._on_shown(handled, self._clock.now())
        message = handled.message
        if message is None:
            self._store.add(handled)
            return
        fault = None
        if self._faults.at_message:
            fault = self._faults.hit_message(format_entity(message.topic), message.sequence_number)
        if fault is None and not self._swapping:
            self._store.add(handled)
        else:
            self._store.add(handled, shows_message=False)
            self._show_faulty(handled, message, fault)

    def _show_faulty(self, handled: Handled, message: TopicMessage, fault: Fault | None) -> None:
        """Show a message that a fault hits, or that follows one with which its contents are swapped."""
        waiting = self._swapping.pop(message.topic, None)
        if waiting is not None:
            self._store.add_message(waiting._replace(contents=message.contents))
            self._store.add_message(message._replace(contents=waiting.contents))
            return
        match fault.spec.kind if fault else "":
            case "mirror-drop":
                self._on_shown(handled, None)
            case "mirror-repeat":
                self._store.add_message(message)
                self._store.add_message(message)
            case "mirror-swap":
                self._swapping[message.topic] = message
            case "mirror-corrupt":
                told = message.contents or b"\0"
                self._store.add_message(message._replace(contents=told[:-1] + bytes([told[-1] ^ 1])))
            case "mirror-late":
                assert fault is not None
                due = self._timer.time() + self._faults.delay_of(fault)
                self._timer.call_at(due, lambda: self._show_late(handled, message))
            case _:
                self._store.add_message(message)

    def _show_late(self, handled: Handled, message: TopicMessage) -> None:
        self._on_shown(handled, self._clock.now())
        self._store.add_message(message)
