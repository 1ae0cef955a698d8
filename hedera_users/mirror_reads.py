"""Reads the mirror's REST API on behalf of users, through its guard."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

import gevent

from hedera_client import Fate, MirrorRest, MirrorTimeoutError, TopicMessage
from hedera_users.operation import Operation
from resilience import Attempt, Guard

T = TypeVar("T")

LOOK_EVERY_S: Final = 0.1
"""Seconds between two looks for messages that are not to be seen yet; public mirrors take 50 requests a second."""


class MirrorReads:
    """The mirror's past, for the users of one process.

    Args:
        rest: Makes single requests.
        guard: Retries and protects them; with one circuit for the mirror's REST API.
        timeout: Longest wait for one message, in seconds.
    """

    def __init__(self, rest: MirrorRest, guard: Guard, timeout: float) -> None:
        self._rest = rest
        self._guard = guard
        self._timeout = timeout

    def ask(self, operation: Operation, question: Callable[[MirrorRest], T]) -> T:
        """Ask the mirror something, and return its answer.

        Args:
            operation: Whose attempts, time and deadline it is.
            question: Asks; each attempt asks anew.

        Raises:
            MirrorError: an attempt failed for good.
            RejectedError: the guard let no attempt through.
        """

        def attempt(_: Attempt) -> T:
            with operation.reading(), operation.phase("mirror"):
                return question(self._rest)

        return self._guard.run(attempt, deadline=operation.deadline, on_wait=operation.waited)

    def await_messages(self, operation: Operation, topic_id: str, first: int, last: int) -> list[TopicMessage]:
        """Wait until the mirror shows all messages of a topic from `first` to `last`, and return them in order.

        The mirror need not have heard of the topic yet. What it shows with a gap is asked for again.

        Raises:
            MirrorTimeoutError: it did not show all, in time.
            MirrorError, RejectedError: as `ask`.
        """
        shown: list[TopicMessage] = []
        until = time.monotonic() + self._timeout
        if operation.deadline is not None:
            until = min(until, operation.deadline)

        def take_what_follows(rest: MirrorRest) -> None:
            for row in rest.topic_messages(topic_id, after=first - 1 + len(shown), until=last):
                if row.sequence_number != first + len(shown):
                    return
                shown.append(row)

        while True:
            self.ask(operation, take_what_follows)
            missing = first + len(shown)
            if missing > last:
                operation.our_patience(LOOK_EVERY_S)
                return shown
            left = until - time.monotonic()
            if left <= 0:
                raise _not_shown(topic_id, missing)
            with operation.phase("mirror"):
                gevent.sleep(min(LOOK_EVERY_S, left))

    def close(self) -> None:
        """Close the connections."""
        self._rest.close()


def _not_shown(topic_id: str, sequence_number: int) -> MirrorTimeoutError:
    return MirrorTimeoutError(
        f"MIRROR_TIMEOUT: the mirror did not show message {sequence_number} of topic {topic_id} in time",
        status="MIRROR_TIMEOUT",
        fate=Fate.FINAL,
    )
