"""Asks the JSON-RPC relay on behalf of users, through its guard."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hedera_client import Relay
from hedera_users.operation import Operation
from resilience import Attempt, Guard

T = TypeVar("T")


class RelayView:
    """The relay, for the users of one process.

    Args:
        relay: Makes single calls.
        guard: Retries and protects them; with one circuit for the relay.
    """

    def __init__(self, relay: Relay, guard: Guard) -> None:
        self._relay = relay
        self._guard = guard

    def ask(self, operation: Operation, question: Callable[[Relay, float | None], T]) -> T:
        """Ask the relay something that changes nothing, and return its answer.

        Args:
            operation: Whose attempts, time and deadline it is.
            question: Makes one call within so many seconds (None: the client's own timeout), e.g. `Relay.block_number`.

        Raises:
            RelayError: an attempt failed for good.
            RejectedError: the guard let no attempt through.
        """

        def attempt(attempt: Attempt) -> T:
            with operation.reading(), operation.phase("ack"):
                return question(self._relay, attempt.timeout)

        return self._guard.run(attempt, deadline=operation.deadline, on_wait=operation.waited)

    def close(self) -> None:
        """Close the connections."""
        self._relay.close()
