"""The unmodified official JavaScript SDK against the embedded network.

It needs Node.js and npm. Where they are missing the tests are skipped; with REQUIRE_NODE=1, as in CI, they fail.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.localnet.interop.programs import INSTALL_S, RUN_S, JavaScript

if TYPE_CHECKING:
    from localnet_launcher import Localnet


@pytest.mark.timeout(INSTALL_S + RUN_S)
@pytest.mark.parametrize("ports", ["solo", "local-node"])
def test_for_local_node(javascript: JavaScript, on_fixed_ports: Callable[..., Any], ports: str) -> None:
    """`Client.forLocalNode()`, unmodified, finds nodes, mirror, REST and estimates of fees (@hiero-ledger/sdk 2.87.0:
    ClientConstants.js LocalNodeNetwork, MirrorNode.js, FeeEstimateQuery.js)."""
    assert on_fixed_ports(ports, *javascript.command("local_node.mjs")) == {
        "topic": {"status": "SUCCESS", "sequence": 1, "delivered": "found", "memo": "local node"},
        "balance": True,
        "estimate": True,
    }


@pytest.mark.timeout(INSTALL_S + RUN_S)
def test_a_load_over_connections_that_end(javascript: JavaScript, hurried: dict[str, Any]) -> None:
    """With ten calls per connection and connections that are asked to leave all the time, no call of grpc-js fails."""
    out = javascript.run("load.mjs", "60", "6", ready=hurried)
    assert not out["failed"]
    assert out["answered"] > 60


@pytest.mark.timeout(INSTALL_S + RUN_S)
@pytest.mark.parametrize("ages", ["real", "hurried"])
def test_topics_files_and_accounts(javascript: JavaScript, ages: str, request: pytest.FixtureRequest) -> None:
    """Create, submit, subscribe; create, append, read; receipts, records, balances; a refusal has its real status. Also
    where connections do not live long."""
    if ages == "hurried":
        ready = request.getfixturevalue("hurried")
    else:
        localnet: Localnet = request.getfixturevalue("localnet")
        ready = {
            "nodes": localnet.network.nodes,
            "mirror_grpc": localnet.network.mirror_grpc,
            "operator_id": localnet.operator_id,
            "operator_key": localnet.operator_key,
        }
    out = javascript.run("javascript.mjs", ready=ready)
    assert out["topic"] == {
        "status": "SUCCESS",
        "sequence": 1,
        "memo": "from JavaScript",
        "last": 4,
        "delivered": True,
        "hash": 48,
    }
    assert out["record"]["fee"] > 0
    assert (out["record"]["sum"], out["record"]["consensus"], out["record"]["hash"]) == (0, True, 48)
    assert out["file"] == {"same": True, "size": 6_006}
    assert out["balance"] == 300_000_000
    assert out["refused"] == "INVALID_TOPIC_ID"
