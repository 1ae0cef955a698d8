"""The end of a run between master and workers: the master asks every worker for its last data and waits for it.

Locust's own last reports can be lost: the master waits half a second for them, whatever the workers have to do
(`MasterRunner.quit` in locust/runners.py 2.47). And when a headless run ends, its workers still run when `test_stop`
fires on the master. So the master asks, a worker that is asked stops its users first, and every worker sends its last
delta as soon as its users have stopped, whoever stopped them.
"""

from __future__ import annotations

from locust.env import Environment
from locust.runners import STATE_CLEANUP, STATE_MISSING, MasterRunner, WorkerRunner

import logging
import time
from collections.abc import Callable
from typing import Any, Final

import gevent

from reports.collect.collector import Collector
from reports.collect.recording import Recording

ASK: Final = "hedera_report_ask"
"""Message from the master: `{"run": run_id}`; stop your users and send what you have."""

SHOW: Final = "hedera_report_show"
"""Message from the master: `{"run": run_id}`; send what is new, and go on."""

ANSWER: Final = "hedera_report_answer"
"""Message to the master: the worker's delta, its last one where it was asked to stop."""

MARGIN_S: Final = 15.0
"""How long the master waits for an answer, beyond the time that users have to finish what they do."""

GONE_MARGIN_S: Final = 2.0
"""The same for a worker that Locust has lost: its answer may be on its way, but it is not asked for."""

SHOWN_WITHIN_S: Final = 10.0
"""How long a worker's answer to SHOW is waited for; one that is too busy for that is heard of later."""

_LOOK_S: Final = 0.05

logger = logging.getLogger(__name__)


def answer_master(environment: Environment, recording: Recording) -> None:
    """Send this worker's last delta; called when its users have stopped."""
    assert isinstance(environment.runner, WorkerRunner)
    environment.runner.send_message(ANSWER, recording.finish())


def show_when_asked(environment: Environment, recording: Recording | None, run_id: str) -> None:
    """Send what this worker has recorded since its last delta; its users go on."""
    if recording is not None and recording.run.run_id == run_id and not recording.finished:
        assert isinstance(environment.runner, WorkerRunner)
        environment.runner.send_message(ANSWER, recording.delta())


def stop_when_asked(environment: Environment, recording: Recording | None, run_id: str) -> None:
    """Stop this worker's users, which sends the last delta, or send it again where they have stopped already."""
    if recording is None or recording.run.run_id != run_id:
        return
    runner = environment.runner
    assert isinstance(runner, WorkerRunner)
    while runner.state == STATE_CLEANUP:  # somebody else is stopping them
        gevent.sleep(_LOOK_S)
    if recording.finished:
        answer_master(environment, recording)
    else:
        runner.stop()


class Handshake:
    """The master's side.

    Args:
        runner: The master.
        collector: Where answers are merged as they come in.
        clock: Seconds, monotonic.
        sleep: Waits that many seconds and lets other greenlets run.
    """

    def __init__(
        self,
        runner: MasterRunner,
        collector: Collector,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Any] = gevent.sleep,
    ) -> None:
        self._runner = runner
        self._collector = collector
        self._clock = clock
        self._sleep = sleep

    def refresh(self) -> None:
        """Have every worker send what it has, and wait until those have that can, or the time is up."""
        asked_at = self._clock()
        before = {sender.name: sender.last_sequence for sender in self._collector.senders.values()}
        self._runner.send_message(SHOW, {"run": self._collector.run.run_id})
        while any(self._silent_since(name, sequence) for name, sequence in before.items()):
            if self._clock() - asked_at >= SHOWN_WITHIN_S:
                return
            self._sleep(_LOOK_S)

    def _silent_since(self, name: str, sequence: int) -> bool:
        """Whether a worker that is there has not sent anything after its delta of this number."""
        worker = self._runner.clients.get(name)
        there = worker is not None and worker.state != STATE_MISSING
        return there and self._collector.senders[name].last_sequence <= sequence

    def collect(self, stop_timeout: float) -> None:
        """Ask every worker that has not sent its last delta, and wait until they have or the time is up.

        Args:
            stop_timeout: Seconds that users get to finish what they do.
        """
        asked_at = self._clock()
        for name in self._collector.silent:
            self._runner.send_message(ASK, {"run": self._collector.run.run_id}, client_id=name)
        while self._waiting(self._clock() - asked_at, stop_timeout):
            self._sleep(_LOOK_S)
        for name in self._collector.silent:
            logger.error("Worker %s did not send its last data; what it did since its last report is unreported", name)

    def _waiting(self, waited_s: float, stop_timeout: float) -> bool:
        """Whether an answer may still come."""
        for name in self._collector.silent:
            worker = self._runner.clients.get(name)
            gone = worker is None or worker.state == STATE_MISSING
            if waited_s < (GONE_MARGIN_S if gone else stop_timeout + MARGIN_S):
                return True
        return False
