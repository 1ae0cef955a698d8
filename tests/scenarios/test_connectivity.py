"""Whether every endpoint answers, and how fast."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

from hedera_client.credentials import Operator
from hedera_client.health import endpoints
from hedera_users.endpoint_caller import operation_name
from localnet_launcher import Localnet
from reports.schema.report import Report
from scenarios.catalogue.connectivity import fast, reached
from tests.reports.sample import sample_report


def run(folder: Path, *ended: tuple[str, int, int], p50: float = 30.0) -> Report:
    """A run of these endpoints: name, succeeded, failed."""
    report = sample_report(folder)
    one = deepcopy(report["operations"][0])
    made: list[Any] = []
    for name, succeeded, failed in ended:
        latency = {**one["latency_ms"], "p50": p50} if succeeded and one["latency_ms"] else None
        made.append({**one, "name": name, "succeeded": succeeded, "failed": failed, "latency_ms": latency})
    report["operations"] = [*made, one]
    return report


def test_every_attempt_has_to_be_answered(tmp_path: Path) -> None:
    """One of many that fails is named; too few attempts tell nothing."""
    well = run(tmp_path, ("connect.node 0.0.3", 12, 0), ("connect.relay", 10, 0))
    assert reached(well) == ("2 endpoints answered all of 22 attempts", True)
    bad = run(tmp_path, ("connect.node 0.0.3", 12, 0), ("connect.relay", 10, 1))
    assert reached(bad) == ("answered: connect.relay 10 of 11", False)
    few = run(tmp_path, ("connect.node 0.0.3", 12, 0), ("connect.relay", 9, 0))
    assert reached(few) == ("9 attempts at one of 2 endpoints are too few", None)
    assert reached(run(tmp_path)).passed is None


def test_a_slow_endpoint_is_named(tmp_path: Path) -> None:
    """By its median."""
    assert fast(run(tmp_path, ("connect.relay", 10, 0))) == ("connect.relay took 30.0 ms", True)
    assert fast(run(tmp_path, ("connect.relay", 10, 0), p50=2_500.0)) == ("connect.relay took 2.50 s", False)
    assert fast(run(tmp_path, ("connect.relay", 0, 10))).passed is None


def test_every_endpoint_is_looked_at(localnet: Localnet) -> None:
    """Those of the embedded network answer; a node at two addresses is two endpoints."""
    operator = Operator.parse(localnet.operator_id, localnet.operator_key)
    found = endpoints(localnet.network, operator, timeout=10.0)
    nodes = sorted(f"connect.node {account}" for account in localnet.network.nodes.values())
    assert sorted(map(operation_name, found)) == sorted(
        [*nodes, "connect.mirror-rest", "connect.mirror-grpc", "connect.relay"]
    )
    assert all(one.look() for one in found)
    (address, account), *_ = localnet.network.nodes.items()
    twice = localnet.network.model_copy(update={"nodes": {address: account, "127.0.0.1:1": account}, "relay": None})
    names = [operation_name(one) for one in endpoints(twice, operator)]
    assert names[:2] == [f"connect.node {account} {address}", f"connect.node {account} 127.0.0.1:1"]
    assert len(names) == 4
