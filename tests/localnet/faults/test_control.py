"""How faults are asked for: the control API, the command line, the file, and what is said of a wrong one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hiero_sdk_python import Client, ResponseCode, TopicCreateTransaction
from hiero_sdk_python.exceptions import MaxAttemptsError
from hypothesis import given
from hypothesis import strategies as st

from localnet.faults import FaultError, parse_faults
from localnet.faults.kinds import KINDS
from localnet_launcher import LocalnetError
from tests.localnet.faults.control import Faults

if TYPE_CHECKING:
    from localnet_launcher import Localnet
    from tests.localnet.clients import Wire

ROOT = Path(__file__).resolve().parents[3]
NODES = ["0.0.3", "0.0.4"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({}, ["kind None", "node-down"]),
        ({"kind": "explode"}, ["kind 'explode'", "node-down"]),
        ({"kind": "node-down", "nodes": ["0.0.9"]}, ["nodes '0.0.9'", "0.0.3, 0.0.4"]),
        ({"kind": "node-down", "nodes": "0.0.3"}, ["nodes '0.0.3'", "a list"]),
        ({"kind": "node-down", "delay": 1}, ["delay 1", "node-down takes"]),
        ({"kind": "node-slow"}, ["delay", "node-slow needs it"]),
        ({"kind": "node-slow", "delay": -1}, ["delay -1", "from 0"]),
        ({"kind": "status", "status": "TIRED"}, ["status 'TIRED'", "e.g. BUSY"]),
        ({"kind": "stall", "duration": 0}, ["duration 0", "above 0"]),
        ({"kind": "node-down", "share": 1.5}, ["share 1.5", "to 1"]),
        ({"kind": "node-down", "count": 0}, ["count 0", "from 1"]),
        ({"kind": "ack-lost", "how": "quietly"}, ["how 'quietly'", "hang, reset"]),
        ({"kind": "relay-error", "code": 404}, ["code 404", "500 to 599"]),
        ({"kind": "mirror-drop", "sequence_numbers": ["one"]}, ["sequence_numbers 'one'"]),
        ([], ["no fault given"]),
        (["node-down"], ["'node-down' is not a fault"]),
    ],
    ids=str,
)
def test_a_wrong_fault_is_one_clear_line(fault: Any, words: list[str], faults: Faults) -> None:
    """It names the field, the value and what would be right; nothing begins, not even the right ones beside it."""
    before = len(faults.all())
    status, answer = faults.call("POST", "/faults", json=fault if fault == [] else [{"kind": "stall"}, *[fault]])
    if isinstance(fault, list):
        status, answer = faults.call("POST", "/faults", json=fault)
    assert status == 400
    assert "\n" not in answer["error"]
    assert all(word in answer["error"] for word in words), answer
    assert len(faults.all()) == before


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)
FIELDS = st.sampled_from(["kind", "start", "duration", "nodes", "share", "count", "delay", "status", "how", "topics"])


@given(st.dictionaries(FIELDS, JSON), st.sampled_from(sorted(KINDS)))
def test_nothing_but_a_fault_error_comes_of_nonsense(data: dict[str, Any], kind: str) -> None:
    """Whatever the JSON, it is either a fault or one line."""
    for fault in (data, {**data, "kind": kind}):
        try:
            (spec,) = parse_faults(fault, NODES)
        except FaultError as error:
            assert "\n" not in str(error)  # noqa: PT017 (either is right)
        else:
            assert json.dumps(spec.told())


def test_the_token_is_asked_for(faults: Faults, broken: Localnet) -> None:
    """Without the token of the ready line nobody breaks anything."""
    faults._headers = {}
    assert faults.call("POST", "/faults", json={"kind": "stall"})[0] == 401
    faults._headers = {"Authorization": f"Bearer {broken.token}"}
    assert faults.call("DELETE", "/faults/f999999")[0] == 404
    assert faults.call("POST", "/faults", data="not json")[0] == 400


def command(*arguments: str, network: Localnet | None = None) -> subprocess.CompletedProcess[str]:
    where = ["--control", str(network.network.control), "--token", network.token] if network else []
    return subprocess.run(
        [sys.executable, "-m", "localnet", "fault", *where, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
    )


def test_the_command_line(broken: Localnet, faults: Faults, tmp_path: Path) -> None:
    """Add, list, a file, remove; wrong values exit with 2 and one line."""
    added = command("add", "status", "--status", "BUSY", "--nodes", "0.0.3,0.0.4", "--share", "0.2", network=broken)
    assert added.returncode == 0, added.stderr
    (fault,) = [one for one in faults.all() if one["state"] == "active"]
    assert (fault["nodes"], fault["share"], fault["status"]) == (["0.0.3", "0.0.4"], 0.2, "BUSY")
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps([{"kind": "stall", "start": 500, "duration": 2}]))
    assert "scheduled" in command("file", str(plan), network=broken).stdout
    listed = command("list", network=broken).stdout
    assert "status BUSY" in listed
    assert "active" in listed
    assert command("remove", "all", network=broken).returncode == 0
    assert {one["state"] for one in faults.all()} == {"over"}
    wrong = command("add", "node-down", "--nodes", "0.0.99", network=broken)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "0.0.99" in wrong.stderr
    assert wrong.stderr.count("\n") == 1


def test_a_running_network_is_found_without_being_named(tmp_path: Path) -> None:
    """The command line finds the network that was started last, and none when it has ended; only its user can."""
    here = {**os.environ, "TMPDIR": str(tmp_path)}
    fault = [sys.executable, "-m", "localnet", "fault"]
    network = subprocess.Popen([*fault[:3]], cwd=ROOT, env=here, stdout=subprocess.PIPE, text=True)
    assert network.stdout is not None
    network.stdout.readline()
    (word,) = tmp_path.glob("*/*.json")
    assert (word.stat().st_mode & 0o777, word.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    added = subprocess.run([*fault, "add", "stall"], cwd=ROOT, env=here, capture_output=True, text=True, timeout=20)
    assert added.stdout.startswith("f1")
    network.terminate()
    network.wait(20)
    network.stdout.close()
    assert not list(tmp_path.glob("*/*.json"))
    gone = subprocess.run([*fault, "list"], cwd=ROOT, env=here, capture_output=True, text=True, timeout=20)
    assert (gone.returncode, gone.stderr.count("\n")) == (2, 1)
    assert "no embedded network runs here" in gone.stderr


def test_help_explains_every_kind() -> None:
    """`--help` shows what each kind does, with an example."""
    text = command("--help").stdout
    for name, kind in KINDS.items():
        assert name in text
        assert kind.example in text


def test_every_example_is_right(faults: Faults, broken: Localnet) -> None:
    """The examples of the table can be typed as they stand."""
    for kind in KINDS.values():
        done = command("add", *kind.example.split(), "--start", "900", network=broken)
        assert done.returncode == 0, done.stderr
    faults.clear()


def test_faults_from_a_file_at_the_start(
    start: Callable[..., Localnet], open_client: Callable[[Localnet], Client], tmp_path: Path
) -> None:
    """`--faults FILE` begins them with the network, each in its time: one is over after its hit, one is to come.

    A wrong file ends the network with one line before it is ready.
    """
    plan = tmp_path / "plan.json"
    now = {"kind": "status", "status": "BUSY", "operations": ["createTopic"], "count": 1}
    later = {"kind": "node-down", "start": 3_600}
    plan.write_text(json.dumps([now, later]))
    running = start("--latency", "instant", "--faults", str(plan))
    client = open_client(running)
    client.set_max_attempts(1)
    assert [fault["state"] for fault in Faults(running).call("GET", "/faults")[1]["faults"]] == ["active", "scheduled"]
    with pytest.raises(MaxAttemptsError):
        TopicCreateTransaction().execute(client)
    assert TopicCreateTransaction().execute(open_client(running)).status == ResponseCode.SUCCESS
    assert [fault["state"] for fault in Faults(running).call("GET", "/faults")[1]["faults"]] == ["over", "scheduled"]
    plan.write_text('[{"kind": "node-up"}]')
    with pytest.raises(LocalnetError):
        start("--faults", str(plan))


def test_a_seed_makes_decisions_repeatable(
    start: Callable[..., Localnet], open_wire: Callable[[Localnet], Wire]
) -> None:
    """Which of 40 calls a share hits is the same with the same seed, and not with another."""

    def run(seed: int) -> list[str]:
        running = start("--throttles", "off", "--seed", str(seed))
        wire = open_wire(running)
        Faults(running).add(kind="status", status="BUSY", share=0.5)
        return [wire.precheck(wire.message(1002)) for _ in range(40)]

    first = run(1)
    assert first == run(1) != run(2)
    assert set(first) == {"OK", "BUSY"}


def test_the_page_of_faults_is_the_table() -> None:
    """docs/faults.md says what the code says."""
    page = (ROOT / "docs" / "faults.md").read_text()
    for name, kind in KINDS.items():
        assert f"| `{name}` | {kind.does} | {kind.seen} |" in page
