"""The unmodified official JavaScript SDK against the embedded network.

It needs Node.js and npm. Where they are missing the tests are skipped; with REQUIRE_NODE=1, as in CI, they fail.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from config.launcher import Localnet

HERE = Path(__file__).parent
INSTALL_S = 300
RUN_S = 60


@pytest.fixture(scope="module")
def node() -> str:
    """Node.js, with the SDK installed beside the script."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is None or npm is None:
        reason = "the JavaScript SDK's tests need Node.js and npm; install them (apt install nodejs npm)"
        if os.environ.get("REQUIRE_NODE"):
            pytest.fail(reason)
        pytest.skip(reason)
    if not (HERE / "node_modules" / "@hiero-ledger" / "sdk").exists():
        subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=HERE, check=True, timeout=INSTALL_S)
    return found


@pytest.mark.timeout(INSTALL_S + RUN_S)
def test_topics_files_and_accounts(node: str, localnet: Localnet) -> None:
    """Create, submit, subscribe; create, append, read; receipts, records, balances; a refusal has its real status."""
    ready = {
        "nodes": localnet.network.nodes,
        "mirror_grpc": localnet.network.mirror_grpc,
        "operator_id": localnet.operator_id,
        "operator_key": localnet.operator_key,
    }
    done = subprocess.run(
        [node, "javascript.mjs"],
        cwd=HERE,
        env={**os.environ, "LOCALNET": json.dumps(ready)},
        capture_output=True,
        text=True,
        timeout=RUN_S,
    )
    assert done.returncode == 0, done.stderr
    out: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
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
