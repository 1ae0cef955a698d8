"""How a changing rate reaches every process: the master tells its curve, and a worker that joins asks for it.

A change is told before it takes effect, so that all processes make it at the same moment; each then computes by itself
which operations are its own (`schedule`). Every message holds the whole curve: one that is lost or late costs nothing
once the next one is there.
"""

from __future__ import annotations

from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

import time
from collections.abc import Callable
from typing import Any, Final

from config.curve import NOTHING, Curve
from hedera_users.session import session_of

RATES: Final = "hedera_rates"
"""Message to those who make load: `{"run": run_id, "points": [[Unix seconds, operations per second], ...]}`."""

RATES_ASK: Final = "hedera_rates_ask"
"""Message to the master from a worker that has joined a run: `{"run": run_id}`."""

LEAD_S: Final = 1.0
"""Seconds between telling a change and the change itself: many times what a message takes, and what a busy process
needs to come to it."""


class RatePlan:
    """The rate of one run after another, on the master or in the only process.

    Args:
        runner: The master or local runner.
        clock: Unix time in seconds.
    """

    def __init__(self, runner: Any, clock: Callable[[], float] = time.time) -> None:
        self._runner = runner
        self._clock = clock
        self._run_id = ""
        self.curve = NOTHING
        if isinstance(runner, MasterRunner):
            runner.register_message(RATES_ASK, self._on_ask)

    def begin(self, run_id: str) -> None:
        """Begin a run: nothing is due yet."""
        self._run_id, self.curve = run_id, NOTHING

    def follow(self, curve: Curve) -> float:
        """Let operations be due by a curve that begins LEAD_S from now, at its time 0.

        Returns:
            Unix time in seconds of that.
        """
        begins = self._clock() + LEAD_S
        self._tell(curve.later(begins))
        return begins

    def change(self, rate: float) -> float:
        """Let operations be due at another rate, over all processes, from LEAD_S from now on.

        Returns:
            Unix time in seconds from which it holds.
        """
        at = self._clock() + LEAD_S
        self._tell(self.curve.then(at, rate))
        return at

    def _tell(self, curve: Curve) -> None:
        self.curve = curve
        self._runner.send_message(RATES, self._message())

    def _message(self) -> dict[str, Any]:
        return {"run": self._run_id, "points": [list(point) for point in self.curve.points]}

    def _on_ask(self, msg: Any, **_: Any) -> None:
        if msg.data["run"] == self._run_id and self.curve:
            self._runner.send_message(RATES, self._message(), client_id=msg.node_id)


def follow_rates(environment: Environment, runner: Any) -> None:
    """Let a process that makes load follow what `RatePlan` tells, its own or that of its master."""

    def on_rates(msg: Any, **_: Any) -> None:
        session = session_of(environment)
        if session is not None and session.arrivals is not None and session.run.run_id == msg.data["run"]:
            session.arrivals.follow(Curve(msg.data["points"]))

    runner.register_message(RATES, on_rates)


def ask_for_rates(environment: Environment, runner: Any) -> None:
    """Ask for the rates of the run that a worker has just joined; they may have been told before."""
    session = session_of(environment)
    if isinstance(runner, WorkerRunner) and session is not None and session.run.settings.shape:
        runner.send_message(RATES_ASK, {"run": session.run.run_id})
