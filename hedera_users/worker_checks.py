"""The master asks its workers whether they can take part, before anything is paid and before they get users.

Each worker has its own credentials, code, disk and route to Redis, and Locust tells it of a run only when users are
spawned, after topics are paid for. So the master sends the settings to each connected worker and waits for its answer.
A worker that joins later is asked in the same way (`admission`).
"""

from __future__ import annotations

from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

import gevent
from pydantic import ValidationError

from config.exit_codes import ExitCode
from config.parsing import SettingsError
from config.same_code import differences, fingerprint
from config.settings import RunSettings
from hedera_users import local_checks

ASK: Final = "hedera_can_you"
"""Message from the master: `{"settings": …, "tries_baseline": …, "user_classes": […], "code": {…}}`: a run's settings
in JSON, whether its users do the operation without Hedera, their classes' names, and what the master runs."""

ANSWER: Final = "hedera_i_can"
"""Message to the master: `{"settings": …, "faults": [line, …]}`, the settings being those that it is about."""

ANSWER_WITHIN_S: Final = 10.0
"""How long a worker's answer is waited for; it looks at files and perhaps at Redis."""

DISMISS: Final = "hedera_you_cannot"
"""Message from the master to a worker that joined later and cannot take part: `{"faults": [line, …]}`."""

_ASK_EVERY_S: Final = 1.0
_LOOK_S: Final = 0.05
_TELL_AFTER_S: Final = 5.0

logger = logging.getLogger(__name__)


def answer_calls(environment: Environment, runner: WorkerRunner) -> None:
    """Let a worker answer whether it can take part."""
    fingerprint()  # now: the code that it has loaded, not what its files become
    underway: set[str] = set()

    def answer(msg: Any, **_: Any) -> None:
        asked = msg.data["settings"]
        if asked in underway:
            return  # asked again because it takes a while
        underway.add(asked)
        faults = _faults(msg.data, {one.__name__ for one in environment.user_classes})
        underway.discard(asked)
        runner.send_message(ANSWER, {"settings": asked, "faults": faults})

    def leave(msg: Any, **_: Any) -> None:
        for fault in msg.data["faults"]:
            logger.error("This process cannot take part in the run: %s", fault)
        environment.process_exit_code = ExitCode.CONFIGURATION
        runner.quit()

    runner.register_message(ASK, answer, concurrent=True)
    runner.register_message(DISMISS, leave, concurrent=True)


def _faults(asked: dict[str, Any], known: set[str]) -> list[str]:
    """What keeps this worker from its part, one line each; of code that differs from its master's nothing else."""
    differs = differences(fingerprint(), asked.get("code", {}))
    if differs:
        return [differs]
    try:
        settings = RunSettings.model_validate_json(asked["settings"])
    except ValidationError:
        return ["it knows other options than its master: run the same version of the project on both"]
    missing = sorted(set(asked["user_classes"]) - known)
    if missing:
        return [f"it has no user class {', '.join(missing)}: give it the locustfile of its master (-f)"]
    local_checks.hide_secrets(settings, None)
    return local_checks.faults(settings, tries_baseline=asked["tries_baseline"])


class WorkerChecks:
    """The master's side.

    Args:
        runner: The master.
    """

    def __init__(self, runner: MasterRunner) -> None:
        self._runner = runner
        self._code = fingerprint()
        self._question: dict[str, Any] = {"settings": ""}
        self._answers: dict[str, list[str]] = {}
        self._listeners: list[Callable[[str, list[str]], None]] = []
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

    def ask(self, settings: RunSettings, user_classes: Iterable[type], *, tries_baseline: bool) -> None:
        """Ask every worker that is there whether it can take part.

        Raises:
            SettingsError: one cannot, or none has answered; with a line for each fault, named once however many workers
                have it.
        """
        self._question = {
            "settings": settings.model_dump_json(),
            "tries_baseline": tries_baseline,
            "user_classes": sorted(one.__name__ for one in user_classes),
            "code": self._code,
        }
        self._answers = {}
        began, asked_at = time.monotonic(), float("-inf")
        while (silent := self._silent()) and time.monotonic() - began < ANSWER_WITHIN_S:
            if time.monotonic() - asked_at >= _ASK_EVERY_S:
                asked_at = time.monotonic()
                for name in silent:
                    self.ask_one(name)
            gevent.sleep(_LOOK_S)
        workers_of: dict[str, list[str]] = {}
        for name, faults in sorted(self._answers.items()):
            for fault in faults:
                workers_of.setdefault(fault, []).append(name)
        if workers_of:
            raise SettingsError([f"{fault} (on {_named(names)})" for fault, names in workers_of.items()])
        if silent and not self._answers:
            raise SettingsError(
                [
                    f"{_named(silent)} did not say within {ANSWER_WITHIN_S:g} s whether it can take part: run the same "
                    "revision of the project on it as on its master"
                ]
            )
        for name in silent:
            logger.warning("Worker %s did not say whether it can take part; it gets no users until it does", name)

    def ask_one(self, name: str) -> None:
        """Send a worker the question of the latest `ask`."""
        self._runner.send_message(ASK, self._question, client_id=name)

    def dismiss(self, name: str, faults: list[str]) -> None:
        """Tell a worker that it cannot take part; it leaves."""
        self._runner.send_message(DISMISS, {"faults": faults}, client_id=name)

    def can(self, name: str) -> bool:
        """Whether a worker has answered that it can take part in the run that was asked about last."""
        return self._answers.get(name) == []

    def on_answer(self, listener: Callable[[str, list[str]], None]) -> None:
        """Have each answer to the present question told: the worker's name, and its faults."""
        self._listeners.append(listener)

    def _silent(self) -> list[str]:
        return [worker.id for worker in self._runner.clients.ready if worker.id not in self._answers]

    def _on_answer(self, msg: Any, **_: Any) -> None:
        if msg.data["settings"] == self._question["settings"]:
            self._answers[msg.node_id] = msg.data["faults"]
            for listener in self._listeners:
                listener(msg.node_id, msg.data["faults"])


def _named(workers: list[str]) -> str:
    rest = len(workers) - 1
    return f"worker {workers[0]}" + (f" and {rest} more" if rest else "")
