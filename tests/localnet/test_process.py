"""`python -m localnet` as a process: how it starts, what it prints, how it ends."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from hiero_sdk_python import PrivateKey

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "localnet"]
WAIT_S = 20.0


def launch(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ready_line(process: subprocess.Popen[str]) -> dict[str, object]:
    assert process.stdout is not None
    line: dict[str, object] = json.loads(process.stdout.readline())
    return line


def test_ready_line() -> None:
    """The ready line is one line of JSON with every endpoint, reachable, and a key that the SDK reads."""
    process = launch()
    try:
        ready = ready_line(process)
        assert list(ready) == [
            "nodes",
            "mirror_rest",
            "mirror_grpc",
            "relay",
            "control",
            "token",
            "operator_id",
            "operator_key",
            "nodes_tls",
        ]
        assert sorted(ready["nodes"].values()) == ["0.0.3", "0.0.4", "0.0.5", "0.0.6"]
        assert ready["operator_id"] == "0.0.1001"
        assert PrivateKey.from_string(ready["operator_key"]).is_ed25519()
        assert sorted(ready["nodes_tls"].values()) == sorted(ready["nodes"].values())
        for address in (*ready["nodes"], *ready["nodes_tls"], ready["mirror_grpc"]):
            host, _, port = address.rpartition(":")
            socket.create_connection((host, int(port)), timeout=5).close()
        for http in (ready["mirror_rest"], ready["relay"]):
            assert requests.get(f"{http}/health/readiness", timeout=5).text == "OK"
        account = requests.get(f"{ready['mirror_rest']}/api/v1/accounts/0.0.1001", timeout=5).json()
        public = PrivateKey.from_string(ready["operator_key"]).public_key().to_string_raw()
        assert account["key"]["key"] == public
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_quietly_on_a_signal(number: signal.Signals) -> None:
    """SIGTERM and Ctrl-C end it with exit code 0 and without another word."""
    process = launch()
    ready_line(process)
    process.send_signal(number)
    out, err = process.communicate(timeout=WAIT_S)
    assert (process.returncode, out, err) == (0, "", "")


def test_it_ends_when_its_standard_input_closes() -> None:
    """With --exit-with-parent a closed pipe is the end."""
    process = launch("--exit-with-parent")
    ready_line(process)
    out, err = process.communicate(timeout=WAIT_S)
    assert (process.returncode, out, err) == (0, "", "")


def test_ctrl_c_is_left_to_the_parent() -> None:
    """With --exit-with-parent Ctrl-C in the terminal does not end it: the parent still reads the mirror."""
    process = launch("--exit-with-parent")
    ready = ready_line(process)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert requests.get(f"{ready['mirror_rest']}/health/readiness", timeout=5).text == "OK"
    _, err = process.communicate(timeout=WAIT_S)
    assert (process.returncode, err) == (0, "")


def test_it_ends_when_its_parent_is_killed() -> None:
    """Also when the parent cannot close anything, and another process still holds the same pipe."""
    script = (
        "import os, subprocess, sys, time\n"
        "r, w = os.pipe()\n"
        f"p = subprocess.Popen({[*COMMAND, '--exit-with-parent']!r}, stdin=r, stdout=subprocess.PIPE, text=True)\n"
        "holder = subprocess.Popen(['sleep', '60'], pass_fds=[w])\n"
        "p.stdout.readline()\n"
        "print(p.pid, holder.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child, holder = map(int, parent.stdout.readline().split())
    try:
        parent.kill()
        parent.wait()
        deadline = time.monotonic() + WAIT_S
        while is_running(child):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        os.kill(holder, signal.SIGKILL)
        parent.stdout.close()


def is_running(pid: int) -> bool:
    """Whether a process runs; one that ended and was not yet collected by anyone does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize(("ports", "port"), [("solo", 35211), ("solo", 5551), ("local-node", 50211), ("solo", 50212)])
def test_a_taken_port_is_one_clear_line(ports: str, port: int) -> None:
    """It names option, port and remedy, exits with code 2, and prints no ready line."""
    host = "127.78.{}.{}".format(*secrets.token_bytes(2))
    with socket.socket() as taken:
        try:
            taken.bind((host, port))
        except OSError:
            pytest.skip("this system has one loopback address only")
        taken.listen()
        command = [*COMMAND, "--ports", ports, "--host", host]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WAIT_S)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    for word in (f"--ports {ports}", f"port {port}", "taken", "--ports free"):
        assert word in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--consensus-delay", "soon"], ["--consensus-delay", "'soon'", "0 to 3600"]),
        (["--consensus-delay", "nan"], ["--consensus-delay", "'nan'"]),
        (["--mirror-lag", "-1"], ["--mirror-lag", "'-1'"]),
        (["--keep", "0"], ["--keep", "'0'", "above 0"]),
        (["--mirror-rate-limit", "-1"], ["--mirror-rate-limit", "'-1'", "'off'"]),
        (["--ports", "other"], ["--ports", "other", "solo", "local-node"]),
        (["--limits", "some"], ["--limits", "some", "real", "off"]),
        (["--host", "203.0.113.1"], ["--host 203.0.113.1", "cannot listen"]),
        (["--host", "::1"], ["--host", "'::1'", "IPv4"]),
    ],
)
def test_a_wrong_option_is_named(arguments: list[str], words: list[str]) -> None:
    """A wrong value is refused with option, value and what would be right, and exit code 2."""
    result = subprocess.run([*COMMAND, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=WAIT_S)
    assert (result.returncode, result.stdout) == (2, "")
    message = result.stderr.strip().splitlines()[-1]
    assert all(word in message for word in words), message
    assert "Traceback" not in result.stderr


def test_help_explains_every_option() -> None:
    """--help names each option with its default and its unit."""
    text = subprocess.run([*COMMAND, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=WAIT_S).stdout
    text = " ".join(text.split())  # wherever the lines end
    for option in (
        "--host",
        "--ports",
        "--latency",
        "--throttles PROFILE",
        "--limits {real,off}",
        "--faults FILE",
        "--consensus-delay SECONDS",
        "--consensus-jitter SECONDS",
        "--mirror-lag SECONDS",
        "--seed",
        "--keep TRANSACTIONS",
        "--tls {on,off}",
        "--mirror-rate-limit N",
        "--relay-rate-limit {on,off}",
        "--exit-with-parent",
    ):
        assert option in text
    assert "(default: standard)" in text
