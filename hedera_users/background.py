"""Work that outlasts its user's turn: deliveries of handed-over operations, and cleaning up after a failure."""

from __future__ import annotations

from locust.env import Environment

import sys
import time
from collections.abc import Callable
from typing import Any

import gevent

from hedera_users.delivery import Delivery
from hedera_users.operation import Operation
from hedera_users.outcomes import EXPECTED
from resilience import QueueFullError


class Background:
    """The work of one process that no user waits for. Each piece closes its operation exactly once, however it ends.

    Args:
        environment: Locust's; it is told of faults in somebody's code.
        name: What refuses, in errors.
        capacity: Operations that may be handed over and not settled at once.
    """

    def __init__(self, environment: Environment, name: str, capacity: int) -> None:
        self._environment = environment
        self._name = name
        self._capacity = capacity
        self._tails: dict[str, Delivery] = {}  # the latest of each stream
        self._deliveries: set[gevent.Greenlet] = set()
        self._clearing: set[gevent.Greenlet] = set()

    def hand_over(self, operation: Operation, deliver: Callable[[], object], *, after: str = "") -> None:
        """Let `deliver` go on without the caller, whose time ends here; the operation ends as `deliver` does.

        Args:
            operation: Whose work it is.
            deliver: Does it.
            after: A stream: it begins when all of the operation that was handed over before it in the same stream has
                been sent. "" for none.

        Raises:
            QueueFullError: as many as the capacity are on their way already.
        """
        if len(self._deliveries) >= self._capacity:
            raise QueueFullError(self._name, self._capacity)
        delivery = operation.hand_over()
        before = self._tails.get(after)
        if after:
            self._tails[after] = delivery

        def in_turn() -> None:
            if before is not None:
                before.all_sent.wait()
            deliver()

        self._start(self._deliveries, in_turn, delivery.close)

    def clear_away(self, operation: Operation, error: BaseException, clear: Callable[[], object]) -> None:
        """Let `clear` go on after an operation that `error` has cut off, and close the operation behind it."""
        delivery = operation.hand_over()
        self._start(self._clearing, clear, lambda _: delivery.close(error))

    @property
    def pending(self) -> int:
        """Pieces of work that have not ended."""
        return len(self._deliveries) + len(self._clearing)

    def join(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds until nothing is pending; returns whether that is so."""
        deadline = time.monotonic() + timeout
        while self.pending and (rest := deadline - time.monotonic()) > 0:
            gevent.joinall([*self._deliveries, *self._clearing], timeout=rest)
        return not self.pending

    def kill(self, grace_s: float = 0.0) -> None:
        """End what is still pending: it closes as cut off by the end of the run.

        Args:
            grace_s: Seconds for what clears away behind it.
        """
        gevent.sleep(0)  # one that is killed before its first turn runs nothing, and could not close its operation
        gevent.killall(list(self._deliveries))
        gevent.joinall(list(self._clearing), timeout=grace_s)
        gevent.killall(list(self._clearing))

    def _start(
        self, among: set[gevent.Greenlet], work: Callable[[], object], end: Callable[[BaseException | None], None]
    ) -> None:
        """Start `work` in a greenlet; `end` is told what it ended in."""
        greenlet = gevent.Greenlet(self._run, among, work, end)
        among.add(greenlet)
        greenlet.start()

    def _run(
        self, among: set[gevent.Greenlet], work: Callable[[], object], end: Callable[[BaseException | None], None]
    ) -> None:
        error: BaseException | None = None
        try:
            work()
        except BaseException as caught:
            error = caught
        end(error)
        among.discard(gevent.getcurrent())
        if isinstance(error, Exception) and not isinstance(error, EXPECTED):
            self._tell(error)

    def _tell(self, error: Exception) -> None:
        """Let Locust list a fault in somebody's code, as it does for one in a user's task."""
        user_error: Any = self._environment.events.user_error
        user_error.fire(user_instance=None, exception=error, tb=error.__traceback__ or sys.exc_info()[2])
