"""`python -m hedera_client check` with address books: what would be called and how, and who answers."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from config.networks import KNOWN, network_by
from config.routes import routes
from hedera_client.address_book import choose_nodes
from hedera_client.book_file import read_book
from hedera_client.check import _conclude, listing
from hedera_client.health import Finding
from hedera_client.parallel import side_by_side
from localnet_launcher import Localnet

ROOT = Path(__file__).resolve().parents[2]
MAINNET = "tests/data/address-book-mainnet.json"
OPERATOR = {"OPERATOR_ID": "0.0.2", "OPERATOR_KEY": "302e020100300506032b657004220420" + "ab" * 32}


def check(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("OPERATOR_")}
    return subprocess.run(
        [sys.executable, "-m", "hedera_client", "check", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        env={**bare, "OPERATOR_ID": "", "OPERATOR_KEY": "", **environment},
    )


def nodes_of(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.startswith("node ")]


@pytest.fixture
def ready(localnet: Localnet, tmp_path: Path) -> str:
    """The embedded network's ready line in a file."""
    fields = localnet.network.model_dump()
    file = tmp_path / "ready.json"
    file.write_text(json.dumps({**fields, "operator_id": localnet.operator_id, "operator_key": localnet.operator_key}))
    return str(file)


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_mainnets_recorded_address_book_is_shown_whole() -> None:
    """All 29 nodes and how each would be called, without an operator and without calling any."""
    done = check("--network", "mainnet", "--address-book-file", MAINNET, "--list")
    assert (done.returncode, done.stderr) == (0, "")
    shown = nodes_of(done.stdout)
    assert len(shown) == 29
    lines = {line.split()[1]: line for line in shown}
    assert "TLS, certificate 34244d50a8ed…: 43.202.249.148:50212, then 34.64.136.190:50212  (Hosted" in lines["0.0.3"]
    assert "grpc-1.node5.example.com:50212, then grpc-2.node5.example.com:50212  (" in lines["0.0.8"]
    assert "13.36.123.209:50212, then 34.76.140.109:50212, then node18.example.org:443  (" in lines["0.0.21"]
    assert "TLS, certificate not checked: 35.241.248.229:50212" in lines["0.0.41"]
    assert "web.node5" not in done.stdout, "a web proxy is for browsers (HIP-1046)"
    assert "13.200.238.211 is listed with port 50211 only" in done.stdout
    assert done.stdout.splitlines()[-1] == "29 nodes listed: 29 nodes at 60 addresses"


def test_the_list_is_shown_before_credentials_are_missed() -> None:
    """With a file nothing has to be asked for it; then one line, and exit code 2."""
    done = check("--network", "mainnet", "--address-book-file", MAINNET)
    assert (done.returncode, len(nodes_of(done.stdout))) == (2, 29)
    assert "OPERATOR_ID and OPERATOR_KEY are not set" in done.stderr
    assert "FAILED" not in done.stdout
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [["--network-file", "nowhere.json"], ["--network", "solo"]])
def test_credentials_are_missed_before_anybody_is_asked(arguments: list[str]) -> None:
    """Without a file of nodes nothing is shown."""
    done = check(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--network", "custom"],
        ["--network", "testnet", "--network-file", "mine.json"],
        ["--network", "custom", "--network-file", "mine.json", "--ready-file", "-"],
    ],
)
def test_one_network_is_named(arguments: list[str]) -> None:
    """None, or two, is one line."""
    done = check(*arguments, **OPERATOR)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "hedera_client: error: name one network: --network NAME, --network-file FILE or --ready-file FILE\n"
    )


def test_a_network_of_ones_own_is_named_as_for_a_run(tmp_path: Path) -> None:
    """`--network custom --network-file FILE` is what `locust` takes."""
    (tmp_path / "mine.json").write_text("{")
    both = [check(*more, "--network-file", str(tmp_path / "mine.json")) for more in ([], ["--network", "custom"])]
    assert "is not JSON" in both[0].stderr
    assert both[0].stderr == both[1].stderr


@pytest.mark.parametrize(
    ("book", "says"),
    [("[]", "it is JSON, and no address book"), ('{"network": "testnet", "nodes": [1]}', "'testnet', not of mainnet")],
)
def test_a_wrong_file_is_one_line(tmp_path: Path, book: str, says: str) -> None:
    """Exit code 2, nothing tried."""
    (tmp_path / "book.json").write_text(book)
    done = check("--network", "mainnet", "--address-book-file", str(tmp_path / "book.json"), **OPERATOR)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_each_address_of_a_node_is_tried(localnet: Localnet, ready: str, tmp_path: Path, silent: str) -> None:
    """Over TLS with its certificate: one answers, one keeps silent, one has another certificate, one is left out.

    Tries are bounded and go on side by side; a node that is reached nowhere is named once more.
    """
    rows = requests.get(f"{localnet.network.mirror_rest}/api/v1/network/nodes", timeout=10).json()["nodes"]
    host, port = silent.rsplit(":", 1)
    rows[0]["service_endpoints"].append({"ip_address_v4": "", "domain_name": "localhost", "port": int(port)})
    rows[1]["node_cert_hash"] = "0x" + "ab" * 48
    rows[2]["node_cert_hash"] = "<N/A>"
    rows[3]["service_endpoints"] = [{"ip_address_v4": host, "domain_name": "", "port": int(port)}]
    book = tmp_path / "book.json"
    book.write_text(json.dumps({"nodes": rows}))
    begin = time.monotonic()
    done = check("--ready-file", ready, "--address-book-file", str(book), "--tls", "--timeout", "2")
    assert time.monotonic() - begin < 30
    assert done.returncode == 1, done.stderr
    found = {line.split(": ", 1)[0].split("ms  ")[-1]: line for line in done.stdout.splitlines() if " ms  " in line}
    (good,) = [line for subject, line in found.items() if subject.startswith("node 0.0.3 127.")]
    assert good.startswith("ok ")
    assert found[f"node 0.0.3 localhost:{port}"].startswith("FAILED")
    (other,) = [line for subject, line in found.items() if subject.startswith("node 0.0.4 ")]
    assert "could not be reached: UNAVAILABLE" in other
    assert f"the address book says {'ab' * 48}" in other
    assert "left out: its certificate hash '<N/A>' is not a SHA-384" in found["node 0.0.5"]
    assert f"node 0.0.6 {silent}: could not be reached" in done.stdout
    assert "node 0.0.6 could not be reached at any of its addresses (1)" in done.stdout
    assert "node 0.0.3 could not" not in done.stdout
    assert done.stdout.splitlines()[-1] == "localnet: 7 of 11 checks passed; 1 of 4 nodes answer"


def test_a_book_of_which_no_node_can_be_called(ready: str, tmp_path: Path) -> None:
    """Is shown, and nothing is tried in its place."""
    book = tmp_path / "book.json"
    book.write_text(json.dumps({"nodes": [{"node_account_id": "0.0.3", "service_endpoints": []}, 7]}))
    done = check("--ready-file", ready, "--address-book-file", str(book))
    assert done.returncode == 1
    assert "left out: it has no endpoint that can be called" in done.stdout
    assert "left out: entry 2 of the address book is not an object" in done.stdout
    assert done.stdout.splitlines()[-1] == "FAILED  address book: none of its 2 nodes can be called"


def test_a_configured_networks_nodes_can_be_shown(ready: str, localnet: Localnet) -> None:
    """Without an address book: as configured."""
    done = check("--ready-file", ready, "--list")
    assert done.returncode == 0
    assert all(
        f"node {account:8}  plain text: {address}" in done.stdout for address, account in localnet.network.nodes.items()
    )


def test_a_hosted_network_falls_back_to_its_built_in_list() -> None:
    """Where the mirror gives no address book, and it is said so; nodes as configured are the same."""
    network = KNOWN["testnet"].model_copy(update={"mirror_rest": "http://127.0.0.1:1"})
    chosen = choose_nodes(network, "auto", timeout=2)
    assert chosen.fallback
    assert chosen.network == network
    first, *shown, last = listing(chosen)
    assert first.startswith("testnet: built-in list of 20")
    assert ", 7 nodes at 14 addresses, since the mirror gave no address book: MIRROR_UNREACHABLE: " in first
    assert (len(shown), last) == (7, "7 nodes listed: 7 nodes at 14 addresses")
    asked = choose_nodes(network, "configured")
    assert (asked.network, asked.fallback) == (network, False)
    assert "as asked for" in asked.source


def test_the_recorded_book_is_a_network() -> None:
    """What check shows is what a run calls."""
    book = read_book(ROOT / MAINNET)
    network = network_by(KNOWN["mainnet"], routes(book.entries, tls=True))
    assert (len(set(network.nodes.values())), len(network.nodes), len(network.certificate_hashes)) == (29, 60, 28)


def test_a_check_that_does_not_end_holds_nobody_up() -> None:
    """It is told as overdue, and those behind it get its place."""
    order: list[Any] = []

    def overdue(index: int, bound_s: float) -> str:
        return f"{index} after {bound_s:g}"

    jobs = [lambda: time.sleep(20) or "late", lambda: "first", lambda: "second"]
    for result in side_by_side(jobs, at_once=1, bound_s=0.2, overdue=overdue):
        order.append(result)
    assert order == ["0 after 0.2", "first", "second"]


def test_nodes_that_are_not_well_are_told_apart_from_those_out_of_reach(capsys: pytest.CaptureFixture[str]) -> None:
    """A node that answers and refuses is not out of reach."""
    network = KNOWN["solo"].model_copy(update={"nodes": {"a:1": "0.0.3", "b:1": "0.0.3", "c:1": "0.0.4"}})
    findings = [
        Finding("node 0.0.3 a:1", False, 0.0, "could not be reached: …", "0.0.3"),
        Finding("node 0.0.3 b:1", False, 0.0, "BUSY", "0.0.3"),
        Finding("node 0.0.4 c:1", True, 0.0, "answers", "0.0.4"),
    ]
    assert _conclude(network, findings) == 1
    said = capsys.readouterr().out.splitlines()
    assert said == [
        "node 0.0.3 is not well at any of its addresses (2)",
        "solo: 1 of 3 checks passed; 1 of 2 nodes answer",
    ]


def test_several_attempts_tell_how_often_each_endpoint_was_well(ready: str, silent: str, tmp_path: Path) -> None:
    """A line each with times; what was wrong stands below it, once, and the exit code is 1."""
    well = check("--ready-file", ready, "--attempts", "3")
    assert well.returncode == 0, well.stdout
    lines = well.stdout.split("\n\n")[1].splitlines()
    assert lines[0].split() == ["well", "least", "median", "longest"]
    subjects = {" ".join(line.split()[:2]) for line in lines[1:]}
    assert {"node 0.0.3", "mirror REST", "mirror gRPC", "key of", "balance of"} <= subjects
    assert all("3 of 3 (100%)" in line for line in lines[1:])
    fields = json.loads(Path(ready).read_text())
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps({**fields, "mirror_grpc": silent}))
    done = check("--ready-file", str(broken), "--attempts", "2", "--timeout", "0.5")
    assert done.returncode == 1
    (line,) = [one for one in done.stdout.splitlines() if one.startswith(f"mirror gRPC {silent}  ")]
    assert "0 of 2 (0%)" in line
    assert re.search(r"\n  FAILED 2 × could not be reached: ", done.stdout)


@pytest.mark.parametrize("number", ["0", "-1", "1001", "x", "1.5"])
def test_attempts_are_a_number(number: str) -> None:
    """From 1 to 1,000."""
    done = check("--network", "testnet", "--attempts", number)
    assert done.returncode == 2
    assert "give a number of attempts, 1 to 1000" in done.stderr
