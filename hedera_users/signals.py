"""A second signal ends a run at once, without waiting for operations in flight."""

from __future__ import annotations

import os
import signal
import sys

import gevent
import psutil


class SecondSignal:
    """Leaves the first SIGINT or SIGTERM to Locust, which drains and reports, and ends the process at the second.

    What was recorded until then is in the run's journal: `python -m reports audit RUN_DIR` concludes it.
    """

    def __init__(self) -> None:
        self._received = 0

    def install(self) -> None:
        """Count signals from now on. Call it in the main greenlet, in the process that shall end."""
        # The watcher for SIGTERM stands beside Locust's own. The one for SIGINT takes the place of Python's handler, so
        # it has to raise the KeyboardInterrupt by which Locust learns of it.
        gevent.signal_handler(signal.SIGTERM, self._count, signal.SIGTERM)
        gevent.signal_handler(signal.SIGINT, self._interrupt)

    def _interrupt(self) -> None:
        self._count(signal.SIGINT)
        gevent.get_hub().handle_system_error(KeyboardInterrupt, KeyboardInterrupt())

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
