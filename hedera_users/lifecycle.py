"""From Locust's start to its end: checks the options, brings the network up, sets a run up, and cleans up after it."""

from __future__ import annotations

from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

import logging
import os
import random
import sys
import time
from typing import Any, NoReturn

import gevent
import psutil
from flask import Response, jsonify, request

from config.launcher import Localnet, LocalnetError, start_localnet
from config.networks import Network
from config.options import add_options, faults_in_form, settings_from
from config.run import Run
from config.settings import RunSettings, SettingsError, read_faults
from hedera_client import CredentialError, HederaError, Operator
from hedera_client.address_book import network_from_address_book
from hedera_users import mix
from hedera_users.baseline import find_function
from hedera_users.session import close_session, open_session
from hedera_users.setup import create_topics
from hedera_users.signals import SecondSignal
from reports.sources import publish_faults
from resilience import Rejected

logger = logging.getLogger(__name__)

EXIT_FAILED = 1
EXIT_CONFIGURATION = 2

_RUN = "hedera_run"
_LOCALNET_OPERATOR = "hedera_localnet_operator"


class Lifecycle:
    """Locust's hooks of one process. Nothing is made before they fire, because Locust forks after the import."""

    def __init__(self) -> None:
        self._localnet: Localnet | None = None
        self._localnet_arguments: tuple[str, ...] = ()
        self._stopping_since: float | None = None

    def install(self, events: Any) -> None:
        """Register with Locust."""
        events.init_command_line_parser.add_listener(lambda parser, **_: add_options(parser))
        events.init.add_listener(self.on_init)
        events.test_start.add_listener(self.on_test_start)
        events.test_stopping.add_listener(self.on_test_stopping)
        events.test_stop.add_listener(self.on_test_stop)
        events.quit.add_listener(lambda **_: self._stop_localnet())

    def on_init(self, environment: Environment, runner: Any, web_ui: Any = None, **_: Any) -> None:
        """Check what was asked for and bring the embedded network up; a wrong option ends the process with 2."""
        SecondSignal().install()
        if isinstance(runner, WorkerRunner):
            return  # a worker is told by the master, of user classes too: it keeps all of them at hand
        mix.leave_out_unnamed(environment)
        try:
            settings = _settings_of(environment)
        except SettingsError as error:
            _refuse(error.faults)
        if settings.network == "localnet":
            try:
                localnet = self._start_localnet(settings)
                _begin_faults(localnet, settings)  # only to see that they are right; a run begins them itself
                localnet.clear_faults()
            except SettingsError as error:
                self._stop_localnet()
                _refuse(error.faults)
            except LocalnetError as error:
                _refuse([str(error)])
        environment.host = environment.host or settings.network  # Locust asks for a host; ours is the network
        if web_ui is not None:
            web_ui.app.before_request(lambda: _judge_form(environment))

    def on_test_start(self, environment: Environment, **_: Any) -> None:
        """Set the run up on the master or local runner; open this process's session wherever users will run."""
        runner: Any = environment.runner
        options: Any = environment.parsed_options
        if not isinstance(runner, WorkerRunner):
            setattr(options, _RUN, None)
            try:
                settings = _settings_of(environment)
                setattr(options, _RUN, self._set_up(environment, settings).model_dump_json())
            except SettingsError as error:
                _give_up(environment, str(error), EXIT_CONFIGURATION)
            except (LocalnetError, HederaError, Rejected) as error:
                _give_up(environment, f"The run could not be set up: {error}", EXIT_FAILED)
        described = getattr(options, _RUN, None)
        if described is None or isinstance(runner, MasterRunner):
            return
        run = Run.model_validate_json(described)
        users = options.num_users or 1
        operator = _operator(run.settings, options)
        open_session(environment, run, operator, max(0, runner.worker_index), users)

    def on_test_stopping(self, **_: Any) -> None:
        """Note when the users were asked to stop: what was handed over has as much time from then on as they have."""
        self._stopping_since = time.monotonic()

    def on_test_stop(self, environment: Environment, **_: Any) -> None:
        """Let what was handed over end within `--stop-timeout`, and close this process's session."""
        since, self._stopping_since = self._stopping_since, None
        passed = 0.0 if since is None else time.monotonic() - since
        close_session(environment, max(0.0, (environment.stop_timeout or 0.0) - passed))

    def _set_up(self, environment: Environment, settings: RunSettings) -> Run:
        """Reach the network, create the run's topics, and describe the run."""
        options: Any = environment.parsed_options
        network = self._network(settings)
        if self._localnet is not None:
            setattr(options, _LOCALNET_OPERATOR, [self._localnet.operator_id, self._localnet.operator_key])
        if settings.seed == 0:
            settings = settings.model_copy(update={"seed": random.randrange(1, 2**32)})
        if settings.node_list == "address-book":
            network = network_from_address_book(network, timeout=settings.rpc_timeout)
        operator = _operator(settings, options)
        started_at = time.time()
        run_id = time.strftime("%Y%m%d-%H%M%S", time.localtime(started_at)) + f"-{os.getpid() % 0x10000:04x}"
        topics = create_topics(network, operator, run_id, settings)
        logger.info(
            "Run %s on %s: audit events on topic %s, models on topic %s, seed %d",
            *(run_id, network.name, topics["events"], topics["models"], settings.seed),
        )
        if settings.network == "localnet" and self._localnet is not None:
            _break_localnet(environment, self._localnet, settings)
        return Run(
            run_id=run_id,
            started_at=started_at,
            settings=settings,
            network=network,
            operator_id=operator.account_id,
            topics=topics,
            workers=_sharing(environment),
        )

    def _network(self, settings: RunSettings) -> Network:
        known = settings.known_network()
        if known is not None:
            return known
        return self._start_localnet(settings).network

    def _start_localnet(self, settings: RunSettings) -> Localnet:
        """Start the embedded network, unless it runs already as it is asked for."""
        arguments = _localnet_arguments(settings)
        if self._localnet is not None and self._localnet.alive and self._localnet_arguments == arguments:
            return self._localnet
        self._stop_localnet()
        self._localnet = start_localnet(*arguments)
        self._localnet_arguments = arguments
        logger.info(
            "Embedded network ready: nodes %s, mirror %s",
            ", ".join(self._localnet.network.nodes),
            self._localnet.network.mirror_rest,
        )
        return self._localnet

    def _stop_localnet(self) -> None:
        if self._localnet is not None:
            self._localnet.stop()
            self._localnet = None


def _sharing(environment: Environment) -> int:
    """Processes that users will run in, and that share an arrival rate: a worker without users has no part of it."""
    options: Any = environment.parsed_options
    workers: int = getattr(environment.runner, "worker_count", 1)
    return max(1, min(workers, options.num_users or workers))


def _break_localnet(environment: Environment, localnet: Localnet, settings: RunSettings) -> None:
    """Begin or schedule the run's faults, and let the report read what was injected when; an earlier run's are not its.

    Raises:
        SettingsError: one of them is wrong; none has begun.
    """
    localnet.clear_faults()
    earlier = {fault["id"] for fault in localnet.faults()}
    _begin_faults(localnet, settings)
    publish_faults(environment, lambda: [fault for fault in localnet.faults() if fault["id"] not in earlier])


def _begin_faults(localnet: Localnet, settings: RunSettings) -> None:
    """Begin or schedule the faults of `--localnet-faults`.

    Raises:
        SettingsError: one of them is wrong; none has begun.
    """
    if not settings.localnet_faults:
        return
    try:
        localnet.add_faults(read_faults(settings.localnet_faults))
    except (LocalnetError, ValueError) as error:
        raise SettingsError([f"--localnet-faults {settings.localnet_faults!r}: {error}"]) from error


def _localnet_arguments(settings: RunSettings) -> tuple[str, ...]:
    """The options of the embedded network that a run asks for."""
    throttles = ("--throttles", settings.localnet_throttles)
    if settings.localnet_latency == "standard":
        return "--consensus-delay", str(settings.localnet_consensus_delay), *throttles
    return "--latency", settings.localnet_latency, *throttles


def install(events: Any) -> None:
    """Register this room's hooks with Locust's events."""
    Lifecycle().install(events)


def _operator(settings: RunSettings, options: Any) -> Operator:
    """The operator of this process: the embedded network's documented one, or the environment's."""
    if settings.network == "localnet":
        return Operator.parse(*getattr(options, _LOCALNET_OPERATOR))
    return Operator.from_environment(os.environ)


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


def _refuse(faults: list[str]) -> NoReturn:
    """End the process before anything has started, with one line per fault."""
    for fault in faults:
        sys.stderr.write(f"locust: error: {fault}\n")
    # Workers that `--processes` has forked would wait a minute for a master that is gone.
    for child in psutil.Process().children():
        child.terminate()
    sys.exit(EXIT_CONFIGURATION)


def _give_up(environment: Environment, reason: str, exit_code: int) -> None:
    """End a run that could not be set up; users that spawn meanwhile find no session and leave."""
    logger.error(reason)
    environment.process_exit_code = exit_code
    options: Any = environment.parsed_options
    runner = environment.runner
    if runner is not None:
        gevent.spawn_later(0, runner.quit if options.headless else runner.stop)


def _judge_form(environment: Environment) -> Response | None:
    """Answer a start from the web form with what is wrong with it, before Locust takes it over."""
    if request.method != "POST" or not request.path.endswith("/swarm"):
        return None
    faults = faults_in_form(environment.parsed_options, request.form.items())
    if not faults:
        return None
    return jsonify({"success": False, "message": "\n".join(faults), "host": environment.host})
