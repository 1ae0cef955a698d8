"""Runs checks in parallel, a few at a time, each for a bounded time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

T = TypeVar("T")

_POLL_S: Final = 0.2


def side_by_side(
    jobs: Sequence[Callable[[], T]], *, at_once: int, bound_s: float, overdue: Callable[[int, float], T]
) -> Iterator[T]:
    """Run jobs in threads and yield each one's result as it is there.

    A job that exceeds its time is abandoned (a name lookup without an answer cannot be interrupted) and no longer
    counts as running; its thread ends with the process.

    Args:
        jobs: Must not raise.
        at_once: How many run at a time, at least 1.
        bound_s: Seconds that one may take.
        overdue: Makes the result of a job that took too long, from its index and `bound_s`.
    """
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    done: queue.SimpleQueue[T] = queue.SimpleQueue()
    for index in range(len(jobs)):
        waiting.put(index)

    def work() -> None:
        while True:
            try:
                index = waiting.get_nowait()
            except queue.Empty:
                return
            done.put(_within(jobs[index], index, bound_s, overdue))

    for _ in range(min(at_once, len(jobs))):
        threading.Thread(target=work, daemon=True).start()
    for _ in jobs:
        yield _next(done)


def _within(job: Callable[[], T], index: int, bound_s: float, overdue: Callable[[int, float], T]) -> T:
    """The job's result, or the one for jobs that took too long."""
    results: queue.SimpleQueue[T] = queue.SimpleQueue()
    threading.Thread(target=lambda: results.put(job()), daemon=True).start()
    try:
        return results.get(timeout=bound_s)
    except queue.Empty:
        return overdue(index, bound_s)


def _next(done: queue.SimpleQueue[T]) -> T:
    """Wait for a result in short waits: on some systems a long wait delays Ctrl-C."""
    while True:
        try:
            return done.get(timeout=_POLL_S)
        except queue.Empty:
            continue
