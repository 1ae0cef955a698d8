"""A proxy in the environment has no part in what goes on within this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.locust_command import Finished, OwnNetwork

NOWHERE = "http://127.0.0.1:9"
EVERY = {name: NOWHERE for one in ("http", "https", "all", "grpc") for name in (f"{one}_proxy", f"{one}_PROXY".upper())}
SHORT = ("--headless", "--users", "4", "--spawn-rate", "10", "--run-time", "3s", "--think-time", "0.2")


@pytest.mark.parametrize("transport", ["http2", "grpc"])
def test_the_embedded_network_is_reached_directly(run_locust: Callable[..., Finished], transport: str) -> None:
    """Nodes, mirror by REST and by stream, relay, control and audit, with every variable set to a dead proxy."""
    options = ("--confirm", "mirror", "--localnet-latency", "instant", "--transport", transport)
    finished = run_locust(*SHORT, *options, "HcsSubmitter", "RelayReader", **EVERY)
    assert finished.exit_code == 0, finished.output
    names = {one["name"] for one in finished.report["operations"]}
    assert "hcs.submit" in names
    assert any(name.startswith("relay.") for name in names)
    assert all(one["succeeded"] > 0 for one in finished.report["operations"])


def test_so_is_a_network_of_ones_own_on_this_machine(
    run_locust: Callable[..., Finished], own_network: Callable[..., OwnNetwork], tmp_path: Path
) -> None:
    """By the name `localhost` too."""
    network = own_network("--latency", "instant")
    file = tmp_path / "by-name.json"
    file.write_text((tmp_path / "network.json").read_text().replace("127.0.0.1", "localhost"))
    arguments = ("--network", "custom", "--network-file", str(file), "--confirm", "mirror")
    finished = run_locust(*SHORT, *arguments, "HcsSubmitter", **network.environment, **EVERY)
    assert finished.exit_code == 0, finished.output
