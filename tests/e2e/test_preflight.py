"""Before a run pays anything it looks at the network: a line per fault and exit code 2; and the same in `check`."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import uvloop
from hiero_sdk_python import PrivateKey

from hedera_client import HederaClient, Operator, bodies
from hedera_client.prices import HBAR
from localnet.process import network as embedded
from localnet.process.options import parse_options
from localnet.state.fees import ExchangeRate
from tests.e2e.locust_command import ROOT, Finished, OwnNetwork, clean_environment

SHORT = ("--headless", "--users", "4", "--spawn-rate", "10", "--run-time", "3s", "--think-time", "0.2")
RunLocust = Callable[..., Finished]


def errors(finished: Finished) -> list[str]:
    """The lines that refuse a run."""
    return [line for line in finished.output.splitlines() if line.startswith("locust: error: ")]


def accepted(network: OwnNetwork) -> int:
    """How many transactions a node accepted; only these can cost anything."""
    return sum(entry["precheck"] == "OK" for entry in network.ledger())


def assert_refused(finished: Finished, network: OwnNetwork, *says: str) -> None:
    """Exit code 2, one line that says it, nothing paid, no folder made."""
    assert finished.exit_code == 2, finished.output
    assert len(errors(finished)) == 1, finished.output
    assert [piece for piece in says if piece not in errors(finished)[0]] == [], errors(finished)
    assert "Traceback" not in finished.output
    assert accepted(network) == 0
    assert not finished.report_dir.exists()


def check(network: OwnNetwork, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`python -m hedera_client check` of the same network file."""
    file = network.arguments[-1]
    return subprocess.run(
        [sys.executable, "-m", "hedera_client", "check", "--network-file", file, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        env=clean_environment(**{**network.environment, **environment}),
    )


def test_accounts_of_two_nodes_exchanged(run_locust: RunLocust, own_network: Callable[..., OwnNetwork]) -> None:
    """Each of the two addresses has its line."""
    network = own_network("--latency", "instant")
    file = Path(network.arguments[-1])
    fields = json.loads(file.read_text())
    (first, a), (second, b), *rest = fields["nodes"].items()
    file.write_text(json.dumps({**fields, "nodes": {first: b, second: a, **dict(rest)}}))
    finished = run_locust(*SHORT, *network.arguments, "HcsSubmitter", **network.environment)
    assert finished.exit_code == 2, finished.output
    assert len(errors(finished)) == 2
    assert all("(INVALID_NODE_ACCOUNT); correct the account id of this address" in line for line in errors(finished))
    assert accepted(network) == 0
    done = check(network)
    assert done.returncode == 1
    assert done.stdout.count("INVALID_NODE_ACCOUNT") == 2


def test_a_clock_that_is_off(run_locust: RunLocust, own_network: Callable[..., OwnNetwork]) -> None:
    """By 12 s to all nodes: in seconds, with the remedy."""
    network = own_network("--latency", "instant")
    network.localnet.add_faults([{"kind": "clock-skew", "delay": -12}])
    finished = run_locust(*SHORT, *network.arguments, "HcsSubmitter", **network.environment)
    assert_refused(finished, network, "this machine's clock is 12 s ahead of its own; set it, e.g. by NTP")
    assert check(network).stdout.count("this machine's clock is 12 s ahead") == 4


def test_a_dead_second_address_is_a_warning(run_locust: RunLocust, own_network: Callable[..., OwnNetwork]) -> None:
    """The run goes on; `check` says FAILED of that address."""
    network = own_network("--latency", "instant")
    file = Path(network.arguments[-1])
    fields = json.loads(file.read_text())
    file.write_text(json.dumps({**fields, "nodes": {**fields["nodes"], "127.0.0.1:9": "0.0.3"}}))
    finished = run_locust(*SHORT, *network.arguments, "HcsSubmitter", **network.environment)
    assert finished.exit_code == 0, finished.output
    assert "WARNING/hedera_users.preflight: node 0.0.3 127.0.0.1:9: could not be reached" in finished.output
    assert "FAILED" in next(line for line in check(network).stdout.splitlines() if "127.0.0.1:9:" in line)


@pytest.mark.parametrize(
    ("fields", "options", "says"),
    [
        ({"relay": "http://127.0.0.1:9"}, ("RelayReader",), "relay http://127.0.0.1:9: RELAY_UNREACHABLE"),
        ({"mirror_grpc": "127.0.0.1:9"}, ("--confirm", "mirror", "HcsSubmitter"), "mirror gRPC 127.0.0.1:9: could not"),
        (
            {"mirror_rest": "http://127.0.0.1:9"},
            ("HcsSubmitter",),
            "mirror REST http://127.0.0.1:9: MIRROR_UNREACHABLE",
        ),
    ],
    ids=["relay", "stream", "rest"],
)
def test_what_a_run_needs_is_there(
    run_locust: RunLocust,
    own_network: Callable[..., OwnNetwork],
    fields: dict[str, str],
    options: tuple[str, ...],
    says: str,
) -> None:
    """Relay, mirror stream and mirror REST, where the run uses them."""
    network = own_network("--latency", "instant")
    file = Path(network.arguments[-1])
    file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))
    finished = run_locust(*SHORT, *network.arguments, *options, **network.environment)
    assert_refused(finished, network, says)


def with_key(network: OwnNetwork, key: PrivateKey) -> dict[str, str]:
    """The environment of a new account with this key, given as 32 raw bytes."""
    running = network.localnet
    client = HederaClient(
        running.network, Operator.parse(running.operator_id, running.operator_key), lane=3, rpc_timeout=10
    )
    node, own_id = client.next_node(), client.new_transaction_id()
    client.submit(client.prepare(bodies.create_account(key.public_key(), initial_balance=500 * HBAR), node, own_id))
    account = client.await_receipt(own_id, node, timeout=10, interval=0.05).account_id
    client.close()
    assert account is not None
    return {"OPERATOR_ID": account, "OPERATOR_KEY": key.to_string_raw()}


@pytest.mark.parametrize("processes", [(), ("--processes", "2")], ids=["alone", "workers"])
def test_an_ecdsa_key_needs_no_type(
    run_locust: RunLocust, own_network: Callable[..., OwnNetwork], processes: tuple[str, ...]
) -> None:
    """Its 32 bytes are enough: the mirror tells the type, to the workers too; a wrong type is told."""
    network = own_network("--latency", "instant")
    environment = with_key(network, PrivateKey.generate_ecdsa())
    finished = run_locust(*SHORT, *processes, *network.arguments, "HcsSubmitter", **environment)
    assert finished.exit_code == 0, finished.output
    assert finished.report["run"]["operator_id"] == environment["OPERATOR_ID"]
    if processes:
        return
    before = accepted(network)
    finished = run_locust(*SHORT, *network.arguments, "HcsSubmitter", **environment, OPERATOR_KEY_TYPE="ed25519")
    assert (finished.exit_code, len(errors(finished))) == (2, 1)
    assert "set OPERATOR_KEY_TYPE=ecdsa" in errors(finished)[0]
    assert accepted(network) == before
    assert check(network, **environment).returncode == 0


@pytest.fixture
def cheap_hbar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    """The ready line of a network on which an hbar is worth 6 cents, and the options that lead to it.

    It runs in a thread of this process: no option of the embedded network's sets its rate.
    """
    monkeypatch.setattr(embedded, "ExchangeRate", lambda: ExchangeRate(100, 600))
    ready: Future[dict[str, Any]] = Future()
    over: Future[None] = Future()

    async def main() -> None:
        running = embedded.LocalNetwork(parse_options(["--latency", "instant"]))
        await running.start()
        ready.set_result(running.ready_line)
        await asyncio.wrap_future(over)
        await running.stop()

    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(uvloop.run, main())
        line = ready.result(10)
        file = tmp_path / "cheap.json"
        fields = ("nodes", "mirror_rest", "mirror_grpc", "relay")
        file.write_text(json.dumps({name: line[name] for name in fields}))
        yield line, ("--network", "custom", "--network-file", str(file))
        over.set_result(None)
        running.result(10)


def test_files_are_stored_at_six_cents_an_hbar(run_locust: RunLocust, cheap_hbar: Any) -> None:
    """4,096 bytes cost 6.5 hbar then, more than SDKs offer for a file; and a bound that is too low is told before."""
    line, arguments = cheap_hbar
    paying = {"OPERATOR_ID": line["operator_id"], "OPERATOR_KEY": line["operator_key"]}
    options = (*SHORT, *arguments, "--model-bytes", "10240", "ModelStorer")
    refused = run_locust(*options, "--max-fee", "5", **paying)
    assert (refused.exit_code, len(errors(refused))) == (2, 1), refused.output
    assert "at $0.0600 an hbar, storing 4,096 bytes of a file costs 6.5" in errors(refused)[0]
    assert "--max-fee 5 offers less" in errors(refused)[0]
    finished = run_locust(*options, **paying)
    assert finished.exit_code == 0, finished.output
    stored = next(one for one in finished.report["operations"] if one["name"] == "hfs.store")
    assert stored["succeeded"] > 0
    bounded = run_locust(*options, "--max-fee", "7", **paying)
    assert bounded.exit_code == 0, "a bound between the price and twice as much is enough"


def test_the_embedded_networks_fees_can_be_bounded_too_low_as_well(run_locust: RunLocust) -> None:
    """Nothing else can be wrong there."""
    finished = run_locust(*SHORT, "--localnet-latency", "instant", "--max-fee", "0.001", "HcsSubmitter")
    assert (finished.exit_code, len(errors(finished))) == (2, 1), finished.output
    assert "creating a topic costs 0.15" in errors(finished)[0]
