"""Asks the JSON-RPC relay on behalf of users, and sends transfers through it; both through its guard."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import gevent

from hedera_client import Fate, Relay, RelayError
from hedera_client.relay import WRITING, says_nonce_is_used
from hedera_client.status import RELAY_TIMEOUT, relay_error
from hedera_client.wallet import Transfer
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

    def send(self, operation: Operation, transfer: Transfer) -> None:
        """Send a signed transfer until the relay has taken it.

        Every attempt sends the same bytes, which can be carried out once only: where an answer was lost and the next
        attempt hears that the nonce is used, the earlier one had arrived, and the receipt tells what came of it.

        Raises:
            RelayError: an attempt failed for good, or the attempts were used up; the operation is in doubt where one of
                them may have arrived.
            RejectedError: the guard let no attempt through.
        """
        doubts = operation.doubts

        def attempt(attempt: Attempt) -> None:
            doubts.sending(transfer.hash)
            operation.record.attempts += 1
            try:
                with operation.phase("ack"):
                    self._relay.send(transfer.raw, attempt.timeout)
            except RelayError as error:
                arrived = doubts.about(transfer.hash) and says_nonce_is_used(error)
                if not arrived and error.fate is Fate.UNKNOWN:
                    doubts.add(transfer.hash)
                elif not arrived:
                    doubts.refused(error)
                if not arrived:
                    raise
            doubts.accepted(transfer.hash)

        self._guard.run(attempt, deadline=operation.deadline, on_wait=operation.waited)

    def receipt(self, operation: Operation, transfer: Transfer, *, timeout: float, interval: float) -> dict[str, Any]:
        """Wait for a transfer's receipt, which the relay has when the mirror has closed its block.

        Args:
            operation: Whose time it is.
            transfer: Which.
            timeout: Seconds.
            interval: Seconds between two looks.

        Raises:
            RelayError: there was none in time (RELAY_TIMEOUT), so that its fate is unknown; or a look failed for good.
        """
        until = time.monotonic() + timeout

        def look(attempt: Attempt) -> dict[str, Any] | None:
            return self._relay.receipt(transfer.hash, attempt.timeout)

        with operation.phase("receipt"):
            while True:
                found = self._guard.run(look, deadline=operation.deadline)
                if found is not None:
                    return found
                if time.monotonic() >= until:
                    told = f"no receipt in {timeout:g} s"
                    raise relay_error(RELAY_TIMEOUT, told, url=self._relay.url, action=WRITING, reading=False)
                gevent.sleep(interval)

    def close(self) -> None:
        """Close the connections."""
        self._relay.close()
