"""A second signal ends a run at once: whoever asks twice does not want to wait for what is in flight."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

import gevent
import psutil


class SecondSignal:
    """Leaves the first SIGINT or SIGTERM to Locust, which drains and reports, and ends the process at the second.

    What was recorded until then is in the run's journal: `python -m reports audit RUN_DIR` settles it.
    """

    def __init__(self) -> None:
        self._received = 0

    def install(self) -> None:
        """Count signals from now on. Call it in the main greenlet, in the process that shall end."""
        # gevent's watcher for SIGTERM stands beside Locust's own. One for SIGINT would take the place of the
        # KeyboardInterrupt by which Locust learns of it, so that one is a handler of Python's.
        gevent.signal_handler(signal.SIGTERM, self._count, signal.SIGTERM)
        signal.signal(signal.SIGINT, self._interrupt)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self._count(number)
        signal.default_int_handler(number, frame)

    def _count(self, number: int) -> None:
        self._received += 1
        if self._received < 2:
            return
        sys.stderr.write(
            "A second signal: ending at once. `python -m reports audit RUN_DIR` settles what was recorded.\n"
        )
        sys.stderr.flush()
        # Workers that this process forked, and the embedded network.
        for child in psutil.Process().children(recursive=True):
            child.kill()
        # Not sys.exit: it would wait for greenlets and exit handlers, which is what was asked twice to stop.
        os._exit(128 + number)
