"""A wrong configuration is one line and exit code 2; nothing is paid, nothing left running, nothing half-written.

Every row of the table is judged by the code that the command runs: Locust's own parser with this project's options, and
what looks at them. Some are typed as commands too, on a network whose ledger shows that nothing was paid.
"""

from __future__ import annotations

from locust.argument_parser import get_empty_argument_parser, setup_parser_arguments

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

from config.options import add_options, settings_from
from config.parsing import SettingsError
from hedera_users import local_checks
from hedera_users.hcs_submitter import HcsSubmitter
from hedera_users.possible_operations import possible_operations
from localnet_launcher import Localnet, start_localnet
from reports.judge.gates.refusals import refusals
from tests.e2e.locust_command import LOCUST, ROOT, OwnNetwork, clean_environment, free_port
from tests.e2e.wrong_configurations import KEY, PASSWORD, TABLE, Wrong

ERROR = "locust: error: "
HEADLESS = ("--headless", "--users", "1", "--run-time", "1s")
OF_LOCUST = re.compile(r"\[[^]]*\] \S+/(INFO|WARNING|ERROR)/locust\.|$")
"""Lines of Locust's own."""

BY_COMMAND = "test_the_command_refuses_it["

REAL = [wrong for wrong in TABLE if wrong.real]


class Ended(NamedTuple):
    """A command that has ended: its folder, exit code and output."""

    folder: Path
    code: int
    output: str


def named(wrong: Wrong) -> str:
    return wrong.name[:60]


@pytest.fixture(scope="module")
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.fixture(scope="module")
def unpaid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnNetwork]:
    """A network that every command of the table could pay on, and none does."""
    running: Localnet = start_localnet("--latency", "instant")
    file = tmp_path_factory.mktemp("network") / "network.json"
    file.write_text(running.network.model_dump_json(exclude={"name"}))
    yield OwnNetwork(
        running,
        ("--network", "custom", "--network-file", str(file)),
        {"OPERATOR_ID": running.operator_id, "OPERATOR_KEY": running.operator_key},
    )
    running.stop()


def words(wrong: Wrong, folder: Path, taken: int) -> tuple[list[str], dict[str, str]]:
    """What is typed, and the variables that are set, with the test's own folder and ports in them."""
    places = {"{tmp}": str(folder), "{taken}": str(taken), "{free}": free_port()}

    def filled(text: str) -> str:
        for place, value in places.items():
            text = text.replace(place, value)
        return text

    typed = filled(wrong.typed).split()  # no value has a blank
    return typed, {name: filled(value) for name, value in wrong.environment.items()}


def assert_refused(wrong: Wrong, code: Any, lines: list[str]) -> None:
    """Exit code 2, one line, which says what it has to say and no secret."""
    assert code == 2, lines
    assert len(lines) == 1, lines
    assert "\n" not in lines[0]
    assert [piece for piece in wrong.says if piece not in lines[0]] == [], lines[0]
    assert PASSWORD not in lines[0]
    assert KEY not in lines[0]


def test_the_table_is_long_enough() -> None:
    """At least 60 rows, at least 15 of them as commands, and none twice."""
    assert len(TABLE) >= 60
    assert HcsSubmitter.__name__ == "HcsSubmitter", "which a row misspells, is imported here as by a locustfile"
    assert len(REAL) >= 15
    assert len({wrong.name for wrong in TABLE}) == len(TABLE)


@pytest.mark.parametrize("wrong", TABLE, ids=named)
def test_it_is_refused_in_one_line(
    wrong: Wrong, taken: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By Locust's parser with the project's options and what looks at them; no file is left that was not there."""
    wrong.write_files(tmp_path)
    typed, environment = words(wrong, tmp_path, taken)
    for name in [name for name in os.environ if name.startswith(("LOCUST_", "OPERATOR_"))]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "baseline_of_a_test", raising=False)
    before = set(tmp_path.rglob("*"))
    code, lines = judged([*(HEADLESS if wrong.headless else ()), "--report-dir", str(tmp_path / "out"), *typed], capsys)
    assert_refused(wrong, code, lines)
    left = {path for path in set(tmp_path.rglob("*")) - before if "__pycache__" not in path.parts}
    assert left == set()


def judged(typed: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[Any, list[str]]:
    """Exit code and lines with which a command is refused; 0 and none where it is not."""
    parser = get_empty_argument_parser()
    setup_parser_arguments(parser)
    add_options(parser)
    local_checks._seen.clear()
    local_checks.watch_parsing(parser)
    try:
        settings = settings_from(parser.parse_args(typed))
        faults = local_checks.faults(settings, tries_baseline=True)
        faults += refusals(settings, possible_operations([HcsSubmitter], settings))
    except SettingsError as error:
        faults = error.faults
    except SystemExit as ended:
        said = capsys.readouterr().err.splitlines()
        return ended.code, [line.removeprefix(ERROR) for line in said]
    return 2 if faults else 0, faults


def locust(folder: Path, *typed: str, **environment: str) -> subprocess.Popen[str]:
    """Type a command; its processes and temporary files are known by their folder."""
    (folder / "temporary").mkdir(exist_ok=True)
    return subprocess.Popen(
        [*LOCUST, *typed],
        cwd=ROOT,
        env=clean_environment(TMPDIR=str(folder / "temporary"), **environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said_by(output: str) -> list[str]:
    """Lines that are not Locust's own."""
    return [line for line in output.splitlines() if not OF_LOCUST.match(line)]


def assert_nothing_left(folder: Path) -> None:
    """No process of the command runs, and there is neither a report nor a temporary file."""
    running = [
        process.info["cmdline"]
        for process in psutil.process_iter(["cmdline", "environ"])
        if (process.info["environ"] or {}).get("TMPDIR") == str(folder / "temporary")
    ]
    assert running == []
    assert not (folder / "out").exists()
    assert list((folder / "temporary").iterdir()) == []


@pytest.fixture(scope="module")
def ended(
    request: pytest.FixtureRequest, taken: int, unpaid: OwnNetwork, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Ended]]]:
    """The commands of the rows that are tested, two at a time: each takes seconds to start."""
    items: list[Any] = [item for item in request.session.items if item.name.startswith(BY_COMMAND)]
    rows = [item.callspec.params["wrong"] for item in items]
    with ThreadPoolExecutor(2) as pool:
        yield {wrong.name: pool.submit(type_it, wrong, tmp_path_factory.mktemp("row"), taken, unpaid) for wrong in rows}


def type_it(wrong: Wrong, folder: Path, taken: int, unpaid: OwnNetwork) -> Ended:
    """Type a row's command, and wait for its end."""
    wrong.write_files(folder)
    typed, environment = words(wrong, folder, taken)
    usual = () if "--network" in typed or "--localnet-latency" in typed else unpaid.arguments
    paying = {} if "--network" in typed else unpaid.environment
    head = HEADLESS if wrong.headless else ()
    process = locust(folder, *head, *usual, "--report-dir", str(folder / "out"), *typed, **{**paying, **environment})
    output, _ = process.communicate(timeout=60)
    return Ended(folder, process.returncode, output)


@pytest.mark.parametrize("wrong", REAL, ids=named)
def test_the_command_refuses_it(wrong: Wrong, ended: dict[str, Future[Ended]], unpaid: OwnNetwork) -> None:
    """As typed: exit code 2, one line beside Locust's own, no transaction, no process, no file."""
    folder, code, output = ended[wrong.name].result()
    lines = said_by(output)
    assert all(line.startswith(ERROR) for line in lines), output
    assert_refused(wrong, code, [line.removeprefix(ERROR) for line in lines])
    assert_nothing_left(folder)
    assert unpaid.ledger() == []


def test_a_worker_without_a_key(tmp_path: Path, unpaid: OwnNetwork) -> None:
    """The master hears of it before it pays for topics, and ends all of the swarm."""
    port = free_port()
    master = locust(
        tmp_path,
        *(*HEADLESS, "--master", "--expect-workers", "2", "--master-bind-port", port, *unpaid.arguments),
        *("--report-dir", str(tmp_path / "out")),
        **unpaid.environment,
    )
    workers = [
        locust(tmp_path, "--worker", "--master-port", port, **environment)
        for environment in (unpaid.environment, {"OPERATOR_ID": unpaid.localnet.operator_id})
    ]
    output, _ = master.communicate(timeout=60)
    (line,) = said_by(output)
    assert master.returncode == 2, output
    assert line.startswith(f"{ERROR}--network 'custom': OPERATOR_KEY is not set: put the paying account ")
    assert "(on worker " in line
    for worker in workers:
        said, _ = worker.communicate(timeout=60)
        assert "Traceback" not in said
    assert_nothing_left(tmp_path)
    assert unpaid.ledger() == []


def test_workers_that_do_not_come(tmp_path: Path, unpaid: OwnNetwork) -> None:
    """Nothing is paid for a run that nobody would carry out."""
    port = free_port()
    process = locust(
        tmp_path,
        *(*HEADLESS, "--master", "--expect-workers", "2", "--expect-workers-max-wait", "1", *unpaid.arguments),
        *("--master-bind-port", port, "--report-dir", str(tmp_path / "out")),
        **unpaid.environment,
    )
    output, _ = process.communicate(timeout=60)
    (line,) = said_by(output)
    assert process.returncode == 2
    assert line.startswith(f"{ERROR}--expect-workers 2: 0 came within --expect-workers-max-wait 1; ")
    assert_nothing_left(tmp_path)
    assert unpaid.ledger() == []


def test_what_is_right_is_not_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table's judge lets a right command pass, so that its rows mean something."""
    typed = ["--arrival-rate", "50/s", "--arrivals", "poisson", "--baseline", "fixed:51ms", "--master-bind-port", "0"]
    assert judged([*HEADLESS, "--report-dir", str(tmp_path / "a" / "b"), *typed], capsys) == (0, [])
    assert not (tmp_path / "a").exists(), "looking leaves nothing"
