"""Locust's hooks from its start to its end: check the options, prepare, begin and end runs."""

from __future__ import annotations

from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

import logging
import os
import sys
import time
from typing import Any, NoReturn

import gevent
import psutil

from config.exit_codes import ExitCode
from config.launcher import LocalnetError
from config.options import add_options, settings_from
from config.run import Run
from config.settings import RunSettings, SettingsError
from hedera_client import CredentialError, HederaError, Operator
from hedera_users import mix
from hedera_users.baseline import find_function
from hedera_users.preparation import Preparation, operator_of
from hedera_users.session import close_session, open_session
from hedera_users.signals import SecondSignal
from hedera_users.web_form import judge_request
from resilience import Rejected

logger = logging.getLogger(__name__)

_RUN = "hedera_run"


class Lifecycle:
    """Locust's hooks of one process. Nothing is made before they fire, because Locust forks after the import."""

    def __init__(self) -> None:
        self._preparation = Preparation()
        self._prepared: Run | None = None
        self._stopping_since: float | None = None

    def install(self, events: Any) -> None:
        """Register with Locust."""
        events.init_command_line_parser.add_listener(lambda parser, **_: add_options(parser))
        events.init.add_listener(self.on_init)
        events.test_start.add_listener(self.on_test_start)
        events.test_stopping.add_listener(self.on_test_stopping)
        events.test_stop.add_listener(self.on_test_stop)
        events.quit.add_listener(lambda **_: self._preparation.close())

    def on_init(self, environment: Environment, runner: Any, web_ui: Any = None, **_: Any) -> None:
        """Check what was asked for and bring the embedded network up; a wrong option ends the process with 2.

        A headless run is prepared here, before Locust starts its clock: `--run-time` is for load.
        """
        SecondSignal().install()
        if isinstance(runner, WorkerRunner):
            return  # a worker is told by the master, of user classes too: it keeps all of them at hand
        mix.leave_out_unnamed(environment)
        options: Any = environment.parsed_options
        try:
            settings = _settings_of(environment)
            self._preparation.bring_up(settings)
            if options is not None and options.headless:
                self._prepared = self._preparation.prepare(environment, settings)
        except SettingsError as error:
            self._refuse(error.faults, ExitCode.CONFIGURATION)
        except LocalnetError as error:
            self._refuse([str(error)], ExitCode.CONFIGURATION)
        except (HederaError, Rejected) as error:
            self._refuse([f"the run could not be set up: {error}"], ExitCode.FAILED)
        environment.host = environment.host or settings.network  # Locust asks for a host; ours is the network
        if web_ui is not None:
            web_ui.app.before_request(lambda: judge_request(environment))

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
            except (LocalnetError, HederaError, Rejected) as error:
                _give_up(environment, f"The run could not be set up: {error}", ExitCode.FAILED)
        described = getattr(options, _RUN, None)
        if described is None or isinstance(runner, MasterRunner):
            return
        run = Run.model_validate_json(described)
        users = options.num_users or 1
        operator = operator_of(run.settings, options)
        open_session(environment, run, operator, max(0, runner.worker_index), users)

    def on_test_stopping(self, **_: Any) -> None:
        """Note when the users were asked to stop: what was handed over has as much time from then on as they have."""
        self._stopping_since = time.monotonic()

    def on_test_stop(self, environment: Environment, **_: Any) -> None:
        """Let what was handed over end within `--stop-timeout`, and close this process's session."""
        since, self._stopping_since = self._stopping_since, None
        passed = 0.0 if since is None else time.monotonic() - since
        close_session(environment, max(0.0, (environment.stop_timeout or 0.0) - passed))

    def _begin(self, environment: Environment) -> Run:
        """Begin the run that was prepared; where none was (a start from the web form), prepare it first."""
        prepared, self._prepared = self._prepared, None
        if prepared is None:
            prepared = self._preparation.prepare(environment, _settings_of(environment))
        return self._preparation.begin(environment, prepared)

    def _refuse(self, faults: list[str], exit_code: int) -> NoReturn:
        """End the process before anything has started, with one line per fault."""
        self._preparation.close()
        for fault in faults:
            sys.stderr.write(f"locust: error: {fault}\n")
        # Workers that `--processes` has forked would wait a minute for a master that is gone.
        for child in psutil.Process().children():
            child.terminate()
        sys.exit(exit_code)


def install(events: Any) -> None:
    """Register this room's hooks with Locust's events."""
    Lifecycle().install(events)


def _settings_of(environment: Environment) -> RunSettings:
    """Return the checked settings of a run of the environment's user classes.

    Raises:
        SettingsError: see `checked_settings`; or the network lacks what a user class needs.
    """
    settings = checked_settings(environment.parsed_options)
    network = settings.known_network()
    faults = [] if network is None else mix.faults(environment.user_classes, network)  # the embedded one has it all
    if faults:
        raise SettingsError(faults)
    return settings


def checked_settings(options: Any) -> RunSettings:
    """Return the settings, checked as far as it goes without touching a network.

    Raises:
        SettingsError: an option is wrong, the operator's credentials are missing or unreadable, or the baseline's
            function is not there; with one line per fault.
    """
    settings = settings_from(options)
    faults: list[str] = []
    try:
        find_function(settings.baseline)
    except ValueError as error:
        faults.append(str(error))
    if settings.network != "localnet":
        try:
            Operator.from_environment(os.environ)
        except CredentialError as error:
            faults.append(f"--network {settings.network!r}: {error}")
    if faults:
        raise SettingsError(faults)
    return settings


def _give_up(environment: Environment, reason: str, exit_code: int) -> None:
    """End a run that could not be set up; users that spawn meanwhile find no session and leave."""
    logger.error(reason)
    environment.process_exit_code = exit_code
    options: Any = environment.parsed_options
    runner = environment.runner
    if runner is not None:
        gevent.spawn_later(0, runner.quit if options.headless else runner.stop)
