"""`--with-hedera`: an application of the user's own does the operation, with Hedera and without.

The one of `examples/node-app` needs Node.js and npm. Where they are missing its tests are skipped; with REQUIRE_NODE=1,
as in CI, they fail.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hiero_sdk_python import AccountCreateTransaction, Hbar, PrivateKey

from tests.e2e.locust_command import ROOT, Finished, OwnNetwork, clean_environment
from tests.localnet.clients import sdk_client

EXAMPLE = ROOT / "examples" / "node-app"
INSTALL_S, RUN_S = 300, 90
EXTRA_MS = 80


@dataclass(frozen=True)
class NodeApp:
    """The example, installed."""

    node: str
    folder: Path


@pytest.fixture(scope="module")
def node_app(tmp_path_factory: pytest.TempPathFactory) -> NodeApp:
    """The example in a folder of its own, as its README says: `npm ci`."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        reason = "the example needs Node.js and npm; install them (apt install nodejs npm)"
        if os.environ.get("REQUIRE_NODE"):
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("node-app")
    for name in ("app.mjs", "package.json", "package-lock.json"):
        shutil.copy(EXAMPLE / name, folder)
    subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=folder, check=True, timeout=INSTALL_S)
    return NodeApp(node, folder)


class Running:
    """The example while it runs: where it is, and afterwards what it measured itself."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert process.stdout is not None
        self.url = f"http://127.0.0.1:{json.loads(process.stdout.readline())['port']}"

    def stop(self) -> list[float]:
        """End it; returns milliseconds that each of its writes to Hedera took, by its own clock."""
        self._process.terminate()
        said, errors = self._process.communicate(timeout=10)
        assert errors == ""
        return [json.loads(line)["hedera_ms"] for line in said.splitlines()]


@pytest.fixture
def start(node_app: NodeApp) -> Iterator[Callable[..., Running]]:
    """Start the example on a network, paid by an account of its own."""
    processes = []

    def starting(network: OwnNetwork, account: tuple[str, str], **environment: str) -> Running:
        variables = {"NODES": json.dumps(network.localnet.network.nodes), "PORT": "0", **environment}
        process = subprocess.Popen(
            [node_app.node, "app.mjs"],
            cwd=node_app.folder,
            env=clean_environment(OPERATOR_ID=account[0], OPERATOR_KEY=account[1], **variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return Running(process)

    yield starting
    for process in processes:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture
def network(own_network: Callable[..., OwnNetwork]) -> OwnNetwork:
    """A network that takes no time of its own: what is measured is the application, and what it was made to wait."""
    return own_network("--latency", "instant", "--throttles", "off", "--mirror-rate-limit", "0")


@pytest.fixture
def account(network: OwnNetwork) -> tuple[str, str]:
    """An account for the application, which the load test knows nothing of: id and key."""
    key = PrivateKey.generate_ed25519()
    create = AccountCreateTransaction().set_key_without_alias(key.public_key()).set_initial_balance(Hbar(100))
    receipt = create.execute(sdk_client(network.localnet))
    return str(receipt.account_id), key.to_string_der()


def arguments(network: OwnNetwork, with_hedera: str, baseline: str, *more: str) -> tuple[str, ...]:
    """A command that compares the two."""
    return (
        *("--headless", "--only-summary", "--users", "6", "--spawn-rate", "6", "--run-time", "8s"),
        *("--stop-timeout", "20", "--think-time", "0.05", "--baseline", baseline, "--with-hedera", with_hedera),
        *(*network.arguments, "OverheadUser", *more),  # Locust takes every word after --tags for one
    )


def the_overhead(finished: Finished) -> dict[str, Any]:
    """The only comparison of audit events."""
    (found,) = [one for one in finished.report["overhead"] if one["operation"] == "audit-event"]
    return dict(found)


@pytest.mark.timeout(INSTALL_S + RUN_S)
def test_an_application_in_another_language(
    run_locust: Any, start: Callable[..., Running], network: OwnNetwork, account: tuple[str, str]
) -> None:
    """Its events and models, paid by its own account: the audit proves every one of them, in chunks or whole."""
    app = start(network, account, EXTRA_MS=str(EXTRA_MS))
    finished: Finished = run_locust(
        *arguments(network, f"http:{app.url}/with", f"http:{app.url}/without"), **network.environment
    )
    assert finished.exit_code == 0, finished.output
    audit = finished.report["audit"]
    assert audit["acknowledged"] == audit["delivered"] > 30
    assert (audit["lost"], audit["duplicated"], audit["doubt"]) == (0, 0, None)
    assert audit["running_hash_verified"] is True
    payers = {entry["payer"] for entry in network.ledger() if entry["type"] == "CONSENSUSSUBMITMESSAGE"}
    assert payers == {account[0]}, "an account of its own pays, and the topic takes its messages"

    assert min(app.stop()) > EXTRA_MS
    assert {one["operation"] for one in finished.report["overhead"]} == {"audit-event", "store-model"}
    assert the_overhead(finished)["confirm"] == "application"
    assert the_overhead(finished)["absolute_ms"]["ci95"][0] > EXTRA_MS


@pytest.mark.background
@pytest.mark.timeout(INSTALL_S + RUN_S)
def test_audit_events_alone(
    run_locust: Any, start: Callable[..., Running], network: OwnNetwork, account: tuple[str, str]
) -> None:
    """Locust's tags name the operations; the interval holds the mean of what the application measured itself."""
    app = start(network, account, EXTRA_MS=str(EXTRA_MS))
    finished: Finished = run_locust(
        *arguments(network, f"http:{app.url}/with", f"http:{app.url}/without", "--tags", "audit-event"),
        **network.environment,
    )
    truth = app.stop()
    assert finished.exit_code == 0, finished.output
    assert [one["operation"] for one in finished.report["overhead"]] == ["audit-event"]
    assert the_overhead(finished)["pairs"] > 50
    low, high = the_overhead(finished)["absolute_ms"]["ci95"]
    mean = sum(truth) / len(truth)
    assert mean > EXTRA_MS
    assert low - 5 <= mean <= high + 5, (low, mean, high)  # its own clock stops before the answer is on its way
    assert "to the application's own answer" in finished.report["run"]["headline"]


@pytest.mark.background
@pytest.mark.timeout(INSTALL_S + RUN_S)
def test_an_application_that_forwards_nothing_is_asked_about(
    run_locust: Any, start: Callable[..., Running], network: OwnNetwork, account: tuple[str, str]
) -> None:
    """Both arms the same: nothing is on the topic, nothing is called lost, and the run is inconclusive."""
    app = start(network, account)
    url = f"http:{app.url}/without"
    finished: Finished = run_locust(*arguments(network, url, url, "--audit-timeout", "8"), **network.environment)
    assert finished.exit_code == 5, finished.output
    report = finished.report
    assert report["audit"]["lost"] == 0
    assert "audit events were done, and none stands on topic" in report["audit"]["doubt"]
    assert report["run"]["topics"]["application"] in report["audit"]["doubt"]
