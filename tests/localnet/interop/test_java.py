"""The unmodified official Java SDK against the embedded network.

It needs java 17 or newer, with its compiler. Where that is missing the test is skipped; with REQUIRE_JAVA=1, as in CI,
it fails.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from localnet_launcher import Localnet

HERE = Path(__file__).parent
INSTALL_S = 300
RUN_S = 90


@pytest.mark.timeout(INSTALL_S + RUN_S)
@pytest.mark.parametrize("ages", ["real", "hurried"])
def test_topics_files_and_accounts(java: list[str], ages: str, request: pytest.FixtureRequest) -> None:
    """Chunks, receipts, records, subscriptions, files, accounts; refusals have the real network's statuses. Also where
    connections do not live long."""
    if ages == "hurried":
        ready = request.getfixturevalue("hurried")
        at, others = ready["nodes"], [ready[name] for name in ("mirror_grpc", "operator_id", "operator_key")]
    else:
        localnet: Localnet = request.getfixturevalue("localnet")
        at, others = localnet.network.nodes, [localnet.network.mirror_grpc, localnet.operator_id, localnet.operator_key]
    arguments = [",".join(f"{address}={account}" for address, account in at.items()), *others]
    done = subprocess.run(
        [*java, "JavaInterop.java", *arguments], cwd=HERE, capture_output=True, text=True, timeout=RUN_S
    )
    assert done.returncode == 0, done.stderr
    assert dict(line.split("=", 1) for line in done.stdout.splitlines()) == {
        "chunk1": "SUCCESS 48",
        "chunk2": "SUCCESS 48",
        "chunk3": "SUCCESS 48",
        "record": "SUCCESS true",
        "charged": "true",
        "sum": "0",
        "topic": "from Java 4",
        "mirror3": "3000",  # three chunks, put together by the SDK
        "mirror4": "4",
        "delivered": "true",
        "file": "true",
        "size": "9005",
        "balance": "300000000",
        "refused": "INVALID_TOPIC_ID",
        "token": "NOT_SUPPORTED",
    }
