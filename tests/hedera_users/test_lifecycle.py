"""Locust's hooks, called as Locust calls them, around a run on the embedded network; and signals in a process."""

from __future__ import annotations

from locust import User, constant, events, task
from locust.argument_parser import LocustArgumentParser, setup_parser_arguments
from locust.env import Environment
from locust.event import Events

import logging
import signal
import subprocess
import sys
import textwrap
from argparse import Namespace
from pathlib import Path
from typing import Any

import gevent
import pytest

from config.exit_codes import ExitCode
from config.options import add_options
from config.parsing import SettingsError, parse_settings
from config.run import Run
from hedera_client import Operator
from hedera_users.hcs_submitter import HcsSubmitter
from hedera_users.lifecycle import INTERRUPTED, Lifecycle
from hedera_users.overhead_user import OverheadUser
from hedera_users.preflight import look
from hedera_users.preparation import Preparation, operator_of
from hedera_users.relay_reader import RelayReader
from hedera_users.session import session_of
from localnet_launcher import Localnet
from records.sources import injected_faults

ROOT = Path(__file__).resolve().parents[2]


class Idle(User):
    """Somebody who does nothing."""

    wait_time = constant(60)

    @task
    def nothing(self) -> None: ...


def options_for(running: Localnet, folder: Path, *arguments: str) -> Namespace:
    """What a command line for a running network becomes."""
    file = folder / "network.json"
    file.write_text(running.network.model_dump_json(exclude={"name"}))
    parser = LocustArgumentParser()
    setup_parser_arguments(parser)
    add_options(parser)
    network = ("--network", "custom", "--network-file", str(file), "--report-dir", str(folder / "out"))
    parsed = parser.parse_args([*network, *arguments])
    return Namespace(**{**vars(parsed), "num_users": 2, "headless": True, "hedera_run": None})


@pytest.fixture
def paying(localnet: Localnet, monkeypatch: pytest.MonkeyPatch) -> None:
    """The network's operator in the environment."""
    monkeypatch.setenv("OPERATOR_ID", localnet.operator_id)
    monkeypatch.setenv("OPERATOR_KEY", localnet.operator_key)


def begin(options: Namespace, *user_classes: type[User]) -> tuple[Lifecycle, Environment]:
    """A process whose test starts."""
    environment = Environment(user_classes=list(user_classes), events=Events(), parsed_options=options)
    environment.create_local_runner()
    environment.stop_timeout = 5.0
    hooks = Lifecycle()
    hooks.on_test_start(environment)
    return hooks, environment


def test_a_run_has_a_session_from_its_start_to_its_end(localnet: Localnet, tmp_path: Path, paying: None) -> None:
    """What it is travels as JSON without a secret; a second run has topics of its own."""
    options = options_for(localnet, tmp_path, "--confirm", "ack")
    hooks, environment = begin(options, HcsSubmitter)
    run = Run.model_validate_json(options.hedera_run)
    assert (run.settings.confirm, run.network.nodes) == (("ack",), localnet.network.nodes)
    assert (run.operator_id, set(run.topics)) == (localnet.operator_id, {"events", "models"})
    assert localnet.operator_key not in options.hedera_run
    session = session_of(environment)
    assert session is not None
    assert session.run == run
    hooks.on_test_stopping()
    hooks.on_test_stop(environment)
    assert session_of(environment) is None
    hooks.on_test_start(environment)
    assert Run.model_validate_json(options.hedera_run).topics != run.topics
    hooks.on_test_stop(environment)


@pytest.mark.parametrize(
    ("arguments", "environment", "told", "code"),
    [
        (("--attempts", "0"), {}, "--attempts '0'", ExitCode.CONFIGURATION),
        ((), {"OPERATOR_KEY": "00" * 32}, "the account's ED25519 key is another one", ExitCode.CONFIGURATION),
        ((), {"OPERATOR_ID": "0.0.999999"}, "0.0.999999", ExitCode.CONFIGURATION),
    ],
    ids=["option", "key", "account"],
)
def test_a_run_that_cannot_begin_is_given_up_in_one_line(
    localnet: Localnet,
    tmp_path: Path,
    paying: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    arguments: tuple[str, ...],
    environment: dict[str, str],
    told: str,
    code: ExitCode,
) -> None:
    """Nothing is started; users that spawn meanwhile find no session."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    options = options_for(localnet, tmp_path, *arguments)
    with caplog.at_level(logging.ERROR):
        hooks, given_up = begin(options, HcsSubmitter)
    assert (given_up.process_exit_code, session_of(given_up), options.hedera_run) == (code, None, None)
    (line,) = caplog.messages
    assert told in line
    hooks.on_test_stop(given_up)
    gevent.sleep(0.01)  # Locust's quit


def test_the_hooks_are_registered_once_and_bring_the_options(localnet: Localnet, tmp_path: Path) -> None:
    """With the events that they are given, and no others."""
    registry = Events()
    before = len(events.test_start._handlers)
    Lifecycle().install(registry)
    hooked = ("init_command_line_parser", "init", "test_start", "test_stopping", "test_stop", "quit")
    assert [len(getattr(registry, name)._handlers) for name in hooked] == [1] * len(hooked)
    assert len(events.test_start._handlers) == before
    parser = LocustArgumentParser()
    setup_parser_arguments(parser)
    registry.init_command_line_parser.fire(parser=parser)
    assert parser.parse_args(["--confirm", "ack"]).confirm == "ack"
    assert INTERRUPTED == 130


def test_a_look_gives_the_exchange_rate(localnet: Localnet) -> None:
    """Of a network that is as a run needs it, with nodes, stream, relay and account."""
    operator = Operator.parse(localnet.operator_id, localnet.operator_key)
    settings = parse_settings({"confirm": "mirror"}).model_copy(update={"network": "custom"})
    rate = look(localnet.network, operator, settings, [OverheadUser, RelayReader])
    assert rate is not None
    assert min(rate) > 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"nodes": {"127.0.0.1:9": "0.0.3"}}, "node 0.0.3 127.0.0.1:9: could not be reached"),
        ({"mirror_rest": "http://127.0.0.1:9"}, "mirror"),
        ({"relay": "http://127.0.0.1:9"}, "relay http://127.0.0.1:9"),
    ],
    ids=["nodes", "mirror", "relay"],
)
def test_a_look_refuses_a_network_without_what_the_run_needs(
    localnet: Localnet, change: dict[str, Any], told: str
) -> None:
    """One line per fault, before anything is paid."""
    operator = Operator.parse(localnet.operator_id, localnet.operator_key)
    settings = parse_settings({"rpc_timeout": 1}).model_copy(update={"network": "custom"})
    with pytest.raises(SettingsError) as raised:
        look(localnet.network.model_copy(update=change), operator, settings, [RelayReader])
    assert told in str(raised.value)


def test_what_a_run_can_live_with_is_a_warning(localnet: Localnet, caplog: pytest.LogCaptureFixture) -> None:
    """A single node that is away: circuits leave it alone."""
    operator = Operator.parse(localnet.operator_id, localnet.operator_key)
    settings = parse_settings({"rpc_timeout": 1}).model_copy(update={"network": "custom"})
    nodes = {**localnet.network.nodes, "127.0.0.1:9": "0.0.9"}
    with caplog.at_level(logging.WARNING):
        look(localnet.network.model_copy(update={"nodes": nodes}), operator, settings, [HcsSubmitter])
    assert any("0.0.9 127.0.0.1:9: could not be reached" in line for line in caplog.messages)


def test_a_preparation_owns_the_embedded_network(tmp_path: Path) -> None:
    """It starts one for a run that asks for it, once; begins the run's faults with the run; and ends it."""
    faults = tmp_path / "faults.json"
    faults.write_text('[{"kind": "node-down", "nodes": ["0.0.3"]}]')
    settings = parse_settings(
        {"localnet_latency": "instant", "localnet_faults": str(faults), "report_dir": str(tmp_path / "out"), "seed": 0}
    )
    environment = Environment(user_classes=[HcsSubmitter], parsed_options=Namespace(num_users=3))
    preparation = Preparation()
    try:
        preparation.bring_up(settings)
        run = preparation.prepare(environment, settings)
        assert run.settings.seed > 0
        assert operator_of(settings, environment.parsed_options).account_id == run.operator_id
        assert injected_faults(environment) == []
        begun = preparation.begin(environment, run, workers=8)
        assert (begun.workers, begun.topics, begun.started_at >= run.started_at) == (3, run.topics, True)
        assert [one["kind"] for one in injected_faults(environment)] == ["node-down"]
        again = preparation.prepare(environment, settings)
        assert again.network == run.network
        faults.write_text('[{"kind": "no-such-fault"}]')
        with pytest.raises(SettingsError, match=r"--localnet-faults .*no-such-fault"):
            preparation.bring_up(settings)
    finally:
        preparation.close()


SIGNALLED = """
    import locust
    import gevent, os, signal, subprocess, sys
    from hedera_users.signals import SecondSignal
    SecondSignal().install()
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    gevent.signal_handler(signal.SIGTERM, lambda: print("first", flush=True))
    print(child.pid, flush=True)
    try:
        gevent.sleep(60)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        gevent.sleep(60)
"""


@pytest.mark.parametrize(
    ("number", "said"), [(signal.SIGTERM, "first"), (signal.SIGINT, "interrupted")], ids=["term", "int"]
)
def test_a_second_signal_ends_at_once(number: signal.Signals, said: str) -> None:
    """The first one is Locust's: by its own handler, and by Python's KeyboardInterrupt. Children go along."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SIGNALLED)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    child = int(process.stdout.readline())
    process.send_signal(number)
    assert process.stdout.readline() == f"{said}\n"
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert "A second signal: ending at once." in errors
    assert not Path(f"/proc/{child}/cmdline").exists() or not Path(f"/proc/{child}/cmdline").read_bytes()
