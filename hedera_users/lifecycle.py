"""Locust's hooks from its start to its end: check the options, prepare, begin and end runs."""

from __future__ import annotations

from locust.env import Environment
from locust.runners import STATE_RUNNING, STATE_SPAWNING, MasterRunner, WorkerRunner

import logging
import signal
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import gevent
import psutil
from flask import Response

from config.exit_codes import ExitCode
from config.option_conflicts import without_effect
from config.options import add_options, settings_from
from config.parsing import SettingsError
from config.run import Run
from config.settings import RunSettings
from hedera_client import CredentialError, HederaError
from hedera_users import baseline_trial, local_checks, user_classes
from hedera_users.admission import Admission
from hedera_users.possible_operations import possible_operations
from hedera_users.preparation import Preparation, operator_of
from hedera_users.rate_plan import RatePlan, ask_for_rates, follow_rates
from hedera_users.session import close_session, open_session
from hedera_users.shapes import Driver, RunShape
from hedera_users.signals import SecondSignal
from hedera_users.web_form import judge_request, settings_of_form, starts_a_run, told
from hedera_users.worker_checks import WorkerChecks, answer_calls
from localnet_launcher import LocalnetError
from records.possible import Possible
from resilience import RejectedError

logger = logging.getLogger(__name__)

_RUN = "hedera_run"

INTERRUPTED = 128 + signal.SIGINT


Refusals = Callable[[RunSettings, dict[str, Possible] | None], list[str]]
"""Returns one line for each option that a run cannot have, by its settings, and by what its users can do (None where
that is not known)."""


class Lifecycle:
    """Locust's hooks of one process. Nothing is made before they fire, because Locust forks after the import.

    Args:
        drivers: Who drives the shapes that have no curve beforehand, by their name.
        refusals: Who else has a say in whether a run can be as its settings are.
    """

    def __init__(self, drivers: Mapping[str, Driver] | None = None, refusals: Sequence[Refusals] = ()) -> None:
        self._drivers = drivers or {}
        self._refusals = tuple(refusals)
        self._plan: RatePlan | None = None
        self._shape: RunShape | None = None
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

    def install_web(self, events: Any) -> None:
        """Register those that come after everyone who has a say in what a form means."""
        events.init.add_listener(self.on_init_web)

    def on_init(self, environment: Environment, runner: Any, web_ui: Any = None, **_: Any) -> None:
        """Check what was asked for and bring the embedded network up; a wrong option ends the process with 2.

        A headless run is prepared here, before Locust starts its clock: `--run-time` is for load.
        """
        SecondSignal().install()
        if not isinstance(runner, MasterRunner):
            follow_rates(environment, runner)
        if isinstance(runner, WorkerRunner):
            answer_calls(environment, runner)
            return  # a worker is told by the master, of user classes too: it keeps all of them at hand
        if isinstance(runner, MasterRunner):
            self._worker_checks = WorkerChecks(runner)
            self._admission = Admission(environment, runner, self._worker_checks)
        self._plan = RatePlan(runner)
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
        self._take_shape(environment, settings)
        environment.host = settings.network  # Locust asks for a host; ours is the network
        if web_ui is not None:
            web_ui.app.before_request(lambda: judge_request(environment))

    def on_init_web(self, environment: Environment, web_ui: Any = None, **_: Any) -> None:
        """Give each run that is started from the web form its shape, when the form is as it will be taken.

        What users can do is known then too, whom a scenario of the form may have brought.
        """

        def on_request() -> Response | None:
            if not starts_a_run():
                return None
            settings = settings_of_form(environment)
            if faults := self._refused(environment, settings):
                return told(environment, faults)
            self._take_shape(environment, settings)
            return None

        if web_ui is not None:
            web_ui.app.before_request(on_request)

    def _take_shape(self, environment: Environment, settings: RunSettings) -> None:
        """Let Locust start the next run under the shape that its settings name; a locustfile's own is left alone."""
        runner: Any = environment.runner
        if runner.shape_greenlet is None and runner.state not in (STATE_SPAWNING, STATE_RUNNING):
            assert self._plan is not None, "it is made with the runner"
            self._shape = RunShape(environment, settings, self._plan, self._drivers) if settings.shape else None
        # A request that comes while a run is under way asks for other users; its shape goes on.
        if self._shape is not None:
            environment.shape_class = self._shape
        elif isinstance(environment.shape_class, RunShape):
            environment.shape_class = None

    def _make_ready(self, environment: Environment) -> RunSettings:
        """Check what was asked for, start the embedded network, and prepare a headless run.

        Raises:
            SettingsError, LocalnetError, HederaError, RejectedError: it cannot be done.
        """
        settings = self._settings_of(environment)
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
            ask_for_rates(environment, runner)
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
            prepared = self._prepare(environment, self._settings_of(environment))
        workers = 1
        if self._admission is not None:
            workers = self._admission.begin(shares=prepared.settings.arrival_rate > 0)
        if self._plan is not None:
            self._plan.begin(prepared.run_id)
        return self._preparation.begin(environment, prepared, workers)

    def _settings_of(self, environment: Environment) -> RunSettings:
        """Return the checked settings of a run of the environment's user classes.

        Raises:
            SettingsError: an option is wrong, something that it needs is not there, or the network lacks what a user
                class needs; with one line per fault.
        """
        settings = settings_from(environment.parsed_options)
        network = settings.known_network()
        local_checks.hide_secrets(settings, network)
        classes = environment.user_classes
        tries = baseline_trial.has_baseline(classes) and not isinstance(environment.runner, MasterRunner)
        faults = local_checks.faults(settings, tries_baseline=tries)
        faults += local_checks.watch_faults(settings)
        faults += user_classes.named_beside(settings.scenario, getattr(environment.parsed_options, "user_classes", ()))
        if network is not None:  # the embedded one has it all
            faults += user_classes.faults(classes, network)
        faults += self._refused(environment, settings)
        if faults:
            raise SettingsError(faults)
        for line in without_effect(settings) + user_classes.without_effect(classes, settings):
            logger.warning(line)
        return settings

    def _refused(self, environment: Environment, settings: RunSettings) -> list[str]:
        """What others say against a run of the environment's user classes, one line each."""
        possible = possible_operations(environment.user_classes, settings)
        return [line for refusals in self._refusals for line in refusals(settings, possible)]

    def _refuse(self, runner: Any, faults: list[str], exit_code: int) -> NoReturn:
        """End the process before anything has started, with one line per fault."""
        self._preparation.close()
        # Workers would wait a minute for a master that is gone; those that `--processes` has forked, wherever they are.
        if isinstance(runner, MasterRunner) and len(runner.clients.all):
            runner.quit()
        for child in psutil.Process().children():
            child.terminate()
        local_checks.refuse(faults, exit_code)


def install(events: Any, drivers: Mapping[str, Driver] | None = None, refusals: Sequence[Refusals] = ()) -> Lifecycle:
    """Register this room's hooks with Locust's events; `drivers` and `refusals` as in `Lifecycle`.

    `install_last` has to follow when the reports have theirs, and `install_web` when scenarios have.
    """
    lifecycle = Lifecycle(drivers, refusals)
    lifecycle.install(events)
    return lifecycle


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
