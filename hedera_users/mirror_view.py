"""Waits until the mirror shows a message: through its stream, and where that is silent, by asking."""

from __future__ import annotations

import time
from collections.abc import Mapping

from hedera_client import HederaError, MirrorRest, MirrorTimeoutError, MirrorWatcher
from hedera_users.operation import Operation
from resilience import Attempt, CircuitOpenError, Guard


class MirrorView:
    """The mirror, for the users of one process.

    Args:
        watchers: One subscription per topic.
        rest: Asked once more for a message that was not to be seen in time.
        guard: Stops waiting for a mirror that has shown nothing for a while; makes one attempt.
        timeout: Longest wait for one message, in seconds.
    """

    def __init__(self, watchers: Mapping[str, MirrorWatcher], rest: MirrorRest, guard: Guard, timeout: float) -> None:
        self._watchers = watchers
        self._rest = rest
        self._guard = guard
        self._timeout = timeout

    def await_message(self, operation: Operation, topic_id: str, sequence_number: int) -> None:
        """Wait until a message is to be seen.

        Raises:
            MirrorTimeoutError: it was not, in time.
            CircuitOpenError: the mirror has shown nothing for a while, so nobody waited. The operation is then in
                doubt: its message has reached consensus, and was not seen.
        """

        def attempt(_: Attempt) -> None:
            timeout = self._timeout
            if operation.deadline is not None:
                timeout = max(0.0, min(timeout, operation.deadline - time.monotonic()))
            try:
                operation.our_patience(self._watchers[topic_id].wait_for(sequence_number, timeout).late_s)
            except MirrorTimeoutError as silent:
                self._ask(topic_id, sequence_number, silent)
                operation.our_patience(timeout)

        with operation.phase("mirror"):
            try:
                self._guard.run(attempt)
            except CircuitOpenError:
                operation.doubts.add("mirror")
                raise

    def counts(self) -> dict[str, dict[str, float]]:
        """Statistics of the subscriptions by topic, which add up over topics and processes."""
        return {topic: watcher.counts.snapshot() for topic, watcher in self._watchers.items()}

    def close(self) -> None:
        """End the subscriptions and close the connections."""
        for watcher in self._watchers.values():
            watcher.close()
        self._rest.close()

    def _ask(self, topic_id: str, sequence_number: int, silent: MirrorTimeoutError) -> None:
        """Look for a message over REST; where it is not there either, the stream's silence is the error."""
        try:
            self._rest.topic_message(topic_id, sequence_number)
        except HederaError as error:
            raise silent from error
