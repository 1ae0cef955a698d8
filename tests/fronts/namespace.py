"""A run with a network of its own, in which packets can be dropped: `python -m tests.fronts.namespace SCENARIO FOLDER`.

It is started by `unshare --net`, starts the embedded network and the real `locust` there, does to their packets what
the scenario says, and prints one line of JSON about it. Only lost packets show what a client notices of a silent
connection: a proxy that stops reading is still acknowledged by its kernel.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from localnet_launcher import start_localnet
from tests.e2e.locust_command import LOCUST, ROOT, OwnNetwork, clean_environment, wait_for_run

RUN_S: Final = 26
RESET_S: Final = 0.05
_TABLE: Final = "inet fronts"
_ESTABLISHED: Final = "01"


def silent(ports: list[int]) -> dict[str, Any]:
    """Drop every packet of one connection to a node, both ways, for good."""
    local, remote = next(pair for pair in connections() if pair[1] in ports)
    for source, target in ((local, remote), (remote, local)):
        nft(f"add rule {_TABLE} out tcp sport {source} tcp dport {target} drop")
    return {"dropped": [local, remote]}


def resets(ports: list[int]) -> dict[str, Any]:
    """Answer every packet to a node with a reset, for RESET_S; connections that are tried meanwhile are refused."""
    some = ", ".join(map(str, ports))
    nft(f"add rule {_TABLE} out tcp dport {{ {some} }} reject with tcp reset")
    time.sleep(RESET_S)
    nft(f"flush chain {_TABLE} out")
    return {}


@dataclass(frozen=True)
class Scenario:
    """What happens, with how many users, and how many nodes they know.

    Attributes:
        happens: Does it, given the nodes' ports; returns what there is to say about it.
    """

    happens: Callable[[list[int]], dict[str, Any]]
    users: int
    nodes: int


SCENARIOS: Final = {
    # With others to turn to, a dead connection is left alone after a few deadlines; a network of one node has none.
    "silent": Scenario(silent, users=20, nodes=1),
    "resets": Scenario(resets, users=200, nodes=4),
}


def connections() -> list[tuple[int, int]]:
    """Local and remote port of every established connection of this network."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    rows = [line.split() for line in lines]
    return [(port_of(row[1]), port_of(row[2])) for row in rows if row[3] == _ESTABLISHED]


def port_of(address: str) -> int:
    """The port of an address as the kernel lists it."""
    return int(address.rpartition(":")[2], 16)


def nft(command: str) -> None:
    """Change the rules of this network."""
    subprocess.run(["nft", command], check=True)


def run(name: str, folder: Path, *options: str) -> dict[str, Any]:
    """Do one scenario; returns what came of it. All times are those of the embedded network's ledger."""
    scenario = SCENARIOS[name]
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    nft(f"add table {_TABLE}")
    nft(f"add chain {_TABLE} out {{ type filter hook output priority 0; }}")
    localnet = start_localnet("--latency", "instant", "--consensus-delay", "0.2", "--throttles", "off")
    try:
        nodes = dict(list(localnet.network.nodes.items())[: scenario.nodes])
        network = localnet.network.model_copy(update={"nodes": nodes})
        file = folder / "network.json"
        file.write_text(network.model_dump_json(exclude={"name", "control"}))
        own = OwnNetwork(localnet, ("--network", "custom", "--network-file", str(file)), {})
        environment = {"OPERATOR_ID": localnet.operator_id, "OPERATOR_KEY": localnet.operator_key}
        load = [
            *("--headless", "--only-summary", "--users", str(scenario.users), "--spawn-rate", "100"),
            *(
                "--think-time",
                "0.05",
                "--run-time",
                f"{RUN_S}s",
                "--stop-timeout",
                "60",
                "--report-dir",
                str(folder / "out"),
            ),
        ]
        process = subprocess.Popen(
            [*LOCUST, *load, *own.arguments, *options, "HcsSubmitter"],
            cwd=ROOT,
            env=clean_environment(**environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            wait_for_run(folder)
            at = time.time()
            done = scenario.happens([int(address.rpartition(":")[2]) for address in nodes])
            output, _ = process.communicate(timeout=150)
        finally:
            process.kill()
        return {**done, "exit_code": process.returncode, "output": output, "at": at, **seen(own, at)}
    finally:
        localnet.stop()


def seen(own: OwnNetwork, at: float) -> dict[str, Any]:
    """When messages arrived after `at`, in seconds after it."""
    arrivals = [one["arrival"] for one in own.ledger() if one["type"] == "CONSENSUSSUBMITMESSAGE"]
    return {"arrivals": sorted(round(one - at, 3) for one in arrivals if one >= at)}


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])))
