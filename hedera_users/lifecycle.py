"""Locust's hooks from its start to its end: check the options, prepare, begin and end runs."""

from __future__ import annotations

from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

import logging
import signal
import sqlite3
import time
from typing import Any, NoReturn

import gevent
import psutil

from config.exit_codes import ExitCode
from config.option_conflicts import without_effect
from config.options import add_options, settings_from
from config.parsing import SettingsError
from config.run import Run
from config.settings import RunSettings
from hedera_client import CredentialError, HederaError
from hedera_users import baseline_trial, local_checks, user_classes
from hedera_users.admission import Admission
from hedera_users.preparation import Preparation, operator_of
from hedera_users.session import close_session, open_session
from hedera_users.signals import SecondSignal
from hedera_users.web_form import judge_request
from hedera_users.worker_checks import WorkerChecks, answer_calls
from localnet_launcher import LocalnetError
from resilience import RejectedError

logger = logging.getLogger(__name__)

_RUN = "hedera_run"

INTERRUPTED = 128 + signal.SIGINT


class Lifecycle:
    """Locust's hooks of one process. Nothing is made before they fire, because Locust forks after the import."""

    def __init__(self) -> None:
        self._preparation = Preparation()
        self._prepared: Run | None = None
        self._worker_checks: WorkerChecks | None = None
        self._admission: Admission | None = None
        self._stopping_since: float | None = None

    def install(self, events: Any) -> None:
        """Register with Locust."""
        events.init_command_line_parser.add_listener(_on_parser)
        events.init.add_listener(self.on_init)
        events.test_start.add_listener(self.on_test_start)
        events.test_stopping.add_listener(self.on_test_stopping)
        events.test_stop.add_listener(self.on_test_stop)
        events.quit.add_listener(lambda **_: self._preparation.close())

    def install_last(self, events: Any) -> None:
        """Register what comes after the reports."""
        events.test_stop.add_listener(self.clean_up)

    def on_init(self, environment: Environment, runner: Any, web_ui: Any = None, **_: Any) -> None:
        """Check what was asked for and bring the embedded network up; a wrong option ends the process with 2.

        A headless run is prepared here, before Locust starts its clock: `--run-time` is for load.
        """
        SecondSignal().install()
        if isinstance(runner, WorkerRunner):
            answer_calls(environment, runner)
            return  # a worker is told by the master, of user classes too: it keeps all of them at hand
        if isinstance(runner, MasterRunner):
            self._worker_checks = WorkerChecks(runner)
            self._admission = Admission(environment, runner, self._worker_checks)
        user_classes.leave_out_unnamed(environment)
        try:
            settings = self._make_ready(environment)
        except SettingsError as error:
            self._refuse(runner, error.faults, ExitCode.CONFIGURATION)
        except LocalnetError as error:
            self._refuse(runner, [str(error)], ExitCode.CONFIGURATION)
        except (HederaError, RejectedError) as error:
            self._refuse(runner, [f"the run could not be set up: {error}"], ExitCode.FAILED)
        except KeyboardInterrupt:
            self._refuse(runner, ["interrupted before the run had begun"], INTERRUPTED)
        if environment.host:
            logger.warning("--host has no effect: --network says where the network is reached")
        environment.host = settings.network  # Locust asks for a host; ours is the network
        if web_ui is not None:
            web_ui.app.before_request(lambda: judge_request(environment))

    def _make_ready(self, environment: Environment) -> RunSettings:
        """Check what was asked for, start the embedded network, and prepare a headless run.

        Raises:
            SettingsError, LocalnetError, HederaError, RejectedError: it cannot be done.
        """
        settings = _settings_of(environment)
        options: Any = environment.parsed_options
        headless = options is not None and options.headless
        self._preparation.bring_up(settings)
        if headless and self._worker_checks is not None:
            self._worker_checks.wait_for_workers(environment)
        if headless:
            self._prepared = self._prepare(environment, settings)
        return settings

    def _prepare(self, environment: Environment, settings: RunSettings) -> Run:
        """Prepare a run of workers that can take part in it."""
        if self._worker_checks is not None:
            classes = environment.user_classes
            self._worker_checks.ask(settings, classes, tries_baseline=baseline_trial.has_baseline(classes))
        return self._preparation.prepare(environment, settings)

    def on_test_start(self, environment: Environment, **_: Any) -> None:
        """Begin the run on the master or local runner; open this process's session wherever users will run."""
        runner: Any = environment.runner
        options: Any = environment.parsed_options
        if not isinstance(runner, WorkerRunner):
            setattr(options, _RUN, None)
            try:
                setattr(options, _RUN, self._begin(environment).model_dump_json())
            except SettingsError as error:
                _give_up(environment, str(error), ExitCode.CONFIGURATION)
            except (LocalnetError, HederaError, RejectedError) as error:
                _give_up(environment, f"The run could not be set up: {error}", ExitCode.FAILED)
        described = getattr(options, _RUN, None)
        if described is None or isinstance(runner, MasterRunner):
            return
        run = Run.model_validate_json(described)
        local_checks.hide_secrets(run.settings, run.network)
        users = options.num_users or 1
        try:
            operator = operator_of(run.settings, options, run.operator_key_type)
            open_session(environment, run, operator, max(0, runner.worker_index), users)
        except (CredentialError, ValueError, OSError, sqlite3.Error) as error:
            setattr(options, _RUN, None)  # the reports leave it alone too
            # Found earlier where it can be; a worker that joins late, or a disk that has filled up, shows here.
            _give_up(environment, f"This process cannot take part in the run: {error}", ExitCode.FAILED)

    def on_test_stopping(self, **_: Any) -> None:
        """Note when the users were asked to stop: what was handed over has as much time from then on as they have."""
        self._stopping_since = time.monotonic()

    def on_test_stop(self, environment: Environment, **_: Any) -> None:
        """Let what was handed over end within `--stop-timeout`, and close this process's session."""
        since, self._stopping_since = self._stopping_since, None
        passed = 0.0 if since is None else time.monotonic() - since
        close_session(environment, max(0.0, (environment.stop_timeout or 0.0) - passed))

    def clean_up(self, environment: Environment, **_: Any) -> None:
        """Delete what the run has made, where that was asked for."""
        described = getattr(environment.parsed_options, _RUN, None)
        if described is None or isinstance(environment.runner, WorkerRunner):
            return
        run = Run.model_validate_json(described)
        if not run.settings.cleanup:
            return
        try:
            self._preparation.clean_up(environment, run)
        except (CredentialError, HederaError, RejectedError) as error:
            logger.warning("Topics %s are left over: %s", ", ".join(sorted(set(run.topics.values()))), error)

    def _begin(self, environment: Environment) -> Run:
        """Begin the run that was prepared; where none was (a start from the web form), prepare it first."""
        prepared, self._prepared = self._prepared, None
        if prepared is None:
            prepared = self._prepare(environment, _settings_of(environment))
        workers = 1
        if self._admission is not None:
            workers = self._admission.begin(shares=prepared.settings.arrival_rate > 0)
        return self._preparation.begin(environment, prepared, workers)

    def _refuse(self, runner: Any, faults: list[str], exit_code: int) -> NoReturn:
        """End the process before anything has started, with one line per fault."""
        self._preparation.close()
        # Workers would wait a minute for a master that is gone; those that `--processes` has forked, wherever they are.
        if isinstance(runner, MasterRunner) and len(runner.clients.all):
            runner.quit()
        for child in psutil.Process().children():
            child.terminate()
        local_checks.refuse(faults, exit_code)


def install(events: Any) -> Lifecycle:
    """Register this room's hooks with Locust's events; `install_last` has to follow when the reports have theirs."""
    lifecycle = Lifecycle()
    lifecycle.install(events)
    return lifecycle


def _settings_of(environment: Environment) -> RunSettings:
    """Return the checked settings of a run of the environment's user classes.

    Raises:
        SettingsError: an option is wrong, something that it needs is not there, or the network lacks what a user class
            needs; with one line per fault.
    """
    settings = settings_from(environment.parsed_options)
    network = settings.known_network()
    local_checks.hide_secrets(settings, network)
    tries = baseline_trial.has_baseline(environment.user_classes) and not isinstance(environment.runner, MasterRunner)
    faults = local_checks.faults(settings, tries_baseline=tries)
    faults += local_checks.watch_faults(settings)
    faults += user_classes.named_beside(settings.scenario, getattr(environment.parsed_options, "user_classes", ()))
    if network is not None:  # the embedded one has it all
        faults += user_classes.faults(environment.user_classes, network)
    if faults:
        raise SettingsError(faults)
    for line in without_effect(settings) + user_classes.without_effect(environment.user_classes, settings):
        logger.warning(line)
    return settings


def _on_parser(parser: Any, **_: Any) -> None:
    add_options(parser)
    local_checks.watch_parsing(parser)


def _give_up(environment: Environment, reason: str, exit_code: int) -> None:
    """End a run that could not be set up; users that spawn meanwhile find no session and leave."""
    logger.error(reason)
    environment.process_exit_code = exit_code
    options: Any = environment.parsed_options
    runner = environment.runner
    if runner is not None:
        # A worker leaves, so that its share of the users goes to those who can; a web UI stays for the next try.
        leaves = options.headless or isinstance(runner, WorkerRunner)
        gevent.spawn_later(0, runner.quit if leaves else runner.stop)
