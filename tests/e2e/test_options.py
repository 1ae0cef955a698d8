"""Wrong options end a run before it begins, in words that help."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from config.settings import RunSettings, option_name

HEADLESS = ("--headless", "--users", "1", "--run-time", "1s")


def test_wrong_options_are_all_named_and_nothing_starts(run_locust: Any, tmp_path: Path) -> None:
    """Exit code 2, one line per fault, no network, no report folder."""
    finished = run_locust(*HEADLESS, "--network", "tesnet", "--confirm", "sure", LOCUST_ATTEMPTS="many")
    lines = [line for line in finished.output.splitlines() if line.startswith("locust: error:")]
    assert finished.exit_code == 2
    assert lines == [
        "locust: error: --network 'tesnet': choose one of localnet, solo, testnet, previewnet, mainnet, custom",
        "locust: error: --confirm 'sure': choose one or more of queued, ack, receipt, mirror, with commas between them",
        "locust: error: --attempts 'many': input should be a valid integer, unable to parse string as an integer",
    ]
    assert "Traceback" not in finished.output
    assert "Embedded network ready" not in finished.output
    assert not (tmp_path / "out").exists()


def test_wrong_faults_end_a_run_before_it_begins(run_locust: Any, tmp_path: Path) -> None:
    """A plan that cannot be read, one that the network refuses, and one for a network that cannot be broken: exit 2."""
    plan = tmp_path / "plan.json"
    plan.write_text('[{"kind": "stall"}, {"kind": "node-up"}]')
    for arguments, words in (
        ((str(plan),), ("kind 'node-up'", "node-down")),
        (("nowhere.json",), ("nowhere.json", "name a JSON file")),
        ((str(plan), "--network", "testnet"), ("needs --network localnet",)),
    ):
        finished = run_locust(*HEADLESS, "--localnet-faults", *arguments)
        lines = [line for line in finished.output.splitlines() if line.startswith("locust: error:")]
        assert (finished.exit_code, len(lines)) == (2, 1), finished.output
        assert all(word in lines[0] for word in ("--localnet-faults", *words))
        assert "Traceback" not in finished.output
        assert not (tmp_path / "out").exists()


def test_wrong_options_end_a_swarm_once(run_locust: Any) -> None:
    """With --processes the master refuses for all; its workers end with it."""
    finished = run_locust(*HEADLESS, "--processes", "2", "--confirm", "sure")
    assert finished.exit_code == 2
    assert finished.output.count("locust: error:") == 1
    assert "Traceback" not in finished.output


def test_a_network_with_money_needs_an_operator(run_locust: Any) -> None:
    """Without OPERATOR_ID and OPERATOR_KEY nothing is sent to a public network."""
    finished = run_locust(*HEADLESS, "--network", "testnet")
    assert finished.exit_code == 2
    assert "OPERATOR_ID" in finished.output
    assert "Traceback" not in finished.output


def test_a_wrong_key_is_not_repeated(run_locust: Any) -> None:
    """A key that cannot be read is refused without being shown."""
    secret = "deadbeef" * 5
    finished = run_locust(*HEADLESS, "--network", "testnet", OPERATOR_ID="0.0.1234", OPERATOR_KEY=secret)
    assert finished.exit_code == 2
    assert "OPERATOR_KEY" in finished.output
    assert secret not in finished.output


def test_the_options_are_listed_with_their_defaults() -> None:
    """`python -m config` lists every option with its default and its variable."""
    listed = subprocess.run([sys.executable, "-m", "config"], capture_output=True, text=True, timeout=30, check=True)
    for field in RunSettings.model_fields:
        assert option_name(field) in listed.stdout
        assert f"LOCUST_{field.upper()}" in listed.stdout


def test_help_holds_no_secret(run_locust: Any) -> None:
    """`locust --help` never shows a credential."""
    secret = "302e020100300506032b657004220420" + "ab" * 32
    finished = run_locust("--help", OPERATOR_ID="0.0.1234", OPERATOR_KEY=secret)
    assert finished.exit_code == 0
    assert secret not in finished.output


def test_an_unreachable_network_is_one_clear_line(run_locust: Any, tmp_path: Path) -> None:
    """When nobody answers, the run ends with exit code 2, a line for the nodes and one for the mirror."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    file = tmp_path / "network.json"
    file.write_text(
        f'{{"nodes": {{"127.0.0.1:{port}": "0.0.3"}}, "mirror_rest": "http://127.0.0.1:{port}",'
        f' "mirror_grpc": "127.0.0.1:{port}"}}'
    )
    finished = run_locust(
        *HEADLESS,
        *("--network", "custom", "--network-file", str(file), "--attempts", "2", "--backoff", "0.05"),
        OPERATOR_ID="0.0.1002",
        OPERATOR_KEY="302e020100300506032b657004220420" + "ab" * 32,
    )
    assert finished.exit_code == 2
    errors = [line for line in finished.output.splitlines() if line.startswith("locust: error: ")]
    assert len(errors) == 2, finished.output
    assert "mirror REST http://127.0.0.1:" in finished.output
    assert "node 0.0.3 127.0.0.1:" in finished.output
    assert "Traceback" not in finished.output


@pytest.mark.parametrize("option", ["--list", "--show-task-ratio"])
def test_looking_needs_no_network(run_locust: Any, option: str) -> None:
    """Locust's dry looks work without starting anything."""
    finished = run_locust(option)
    assert finished.exit_code == 0
    assert "OverheadUser" in finished.output
    assert "Embedded network" not in finished.output
