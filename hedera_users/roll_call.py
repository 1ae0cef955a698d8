"""The master asks its workers whether they can do their part, before anything is paid.

A worker's credentials, code, disk and way to Redis are its own, and it hears of a run only when users are spawned, when
topics are paid for. So the master sends the settings as soon as a worker is there, and waits for what it says.
"""

from __future__ import annotations

from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

import logging
import time
from typing import Any, Final

import gevent
from pydantic import ValidationError

from config.settings import RunSettings, SettingsError
from hedera_users import beforehand

ASK: Final = "hedera_can_you"
"""Message from the master: `{"settings": …, "tries_baseline": …}`, a run's settings in JSON, and whether its users do
the operation without Hedera."""

ANSWER: Final = "hedera_i_can"
"""Message to the master: `{"settings": …, "faults": [line, …]}`, the settings being those that it is about."""

ANSWER_WITHIN_S: Final = 10.0
"""How long a worker's answer is waited for; it looks at files and perhaps at Redis."""

_ASK_EVERY_S: Final = 1.0
_LOOK_S: Final = 0.05
_TELL_AFTER_S: Final = 5.0

logger = logging.getLogger(__name__)


def answer_calls(runner: WorkerRunner) -> None:
    """Let a worker answer whether it can take part."""
    underway: set[str] = set()

    def answer(msg: Any, **_: Any) -> None:
        asked = msg.data["settings"]
        if asked in underway:
            return  # asked again because it takes a while
        underway.add(asked)
        faults = _faults(asked, tries_baseline=msg.data.get("tries_baseline", False))
        underway.discard(asked)
        runner.send_message(ANSWER, {"settings": asked, "faults": faults})

    runner.register_message(ASK, answer, concurrent=True)


def _faults(asked: str, *, tries_baseline: bool) -> list[str]:
    try:
        settings = RunSettings.model_validate_json(asked)
    except ValidationError:
        return ["it knows other options than its master: run the same version of the project on both"]
    beforehand.hide_secrets(settings, None)
    return beforehand.faults(settings, tries_baseline=tries_baseline)


class RollCall:
    """The master's side.

    Args:
        runner: The master.
    """

    def __init__(self, runner: MasterRunner) -> None:
        self._runner = runner
        self._asked = ""
        self._answers: dict[str, list[str]] = {}
        runner.register_message(ANSWER, self._on_answer)

    def wait_for_workers(self, environment: Environment) -> None:
        """Wait until as many workers are there as `--expect-workers` asks for.

        When the longest wait for them is over, Locust's own loop is left to say so: it looks next, and ends the run.

        Raises:
            SettingsError: they did not come within `--expect-workers-max-wait`.
        """
        options: Any = environment.parsed_options
        began, told = time.monotonic(), False
        while (ready := len(self._runner.clients.ready)) < options.expect_workers:
            waited = time.monotonic() - began
            if options.expect_workers_max_wait and waited > options.expect_workers_max_wait:
                raise SettingsError(
                    [
                        f"--expect-workers {options.expect_workers}: {ready} came within --expect-workers-max-wait "
                        f"{options.expect_workers_max_wait}; start them, or expect fewer"
                    ]
                )
            if waited > _TELL_AFTER_S and not told:
                logger.info("Waiting for workers to be ready, %s of %s connected", ready, options.expect_workers)
                told = True
            gevent.sleep(_LOOK_S)

    def ask(self, settings: RunSettings, *, tries_baseline: bool) -> None:
        """Ask every worker that is there whether it can take part.

        Raises:
            SettingsError: one cannot; with a line for each fault, named once however many workers have it.
        """
        self._asked, self._answers = settings.model_dump_json(), {}
        began, asked_at = time.monotonic(), float("-inf")
        while (silent := self._silent()) and time.monotonic() - began < ANSWER_WITHIN_S:
            if time.monotonic() - asked_at >= _ASK_EVERY_S:
                asked_at = time.monotonic()
                for name in silent:
                    self._runner.send_message(
                        ASK, {"settings": self._asked, "tries_baseline": tries_baseline}, client_id=name
                    )
            gevent.sleep(_LOOK_S)
        for name in silent:
            logger.warning("Worker %s did not say whether it can take part", name)
        workers_of: dict[str, list[str]] = {}
        for name, faults in sorted(self._answers.items()):
            for fault in faults:
                workers_of.setdefault(fault, []).append(name)
        if workers_of:
            raise SettingsError([f"{fault} (on {_named(names)})" for fault, names in workers_of.items()])

    def _silent(self) -> list[str]:
        return [worker.id for worker in self._runner.clients.ready if worker.id not in self._answers]

    def _on_answer(self, msg: Any, **_: Any) -> None:
        if msg.data["settings"] == self._asked:
            self._answers[msg.node_id] = msg.data["faults"]


def _named(workers: list[str]) -> str:
    rest = len(workers) - 1
    return f"worker {workers[0]}" + (f" and {rest} more" if rest else "")
