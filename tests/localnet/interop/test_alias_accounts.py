"""Accounts with aliases by the unmodified official JavaScript SDK; it needs what `test_javascript` needs."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.localnet.interop import test_javascript

if TYPE_CHECKING:
    from config.launcher import Localnet

node = test_javascript.node  # a fixture is found by its name in the module
TIMEOUT_S = test_javascript.INSTALL_S + test_javascript.RUN_S


@pytest.mark.timeout(TIMEOUT_S)
def test_accounts_with_aliases(node: str, localnet: Localnet) -> None:
    """The SDK reads each kind of info (CN:tok/CryptoGetAccountInfoHandler), and finds what transfers made (HIP-583)."""
    ready = {
        "nodes": localnet.network.nodes,
        "mirror_grpc": localnet.network.mirror_grpc,
        "operator_id": localnet.operator_id,
        "operator_key": localnet.operator_key,
    }
    done = subprocess.run(
        [node, "alias_accounts.mjs"],
        cwd=test_javascript.HERE,
        env={**os.environ, "LOCALNET": json.dumps(ready)},
        capture_output=True,
        text=True,
        timeout=test_javascript.RUN_S,
    )
    assert done.returncode == 0, done.stderr
    out: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    created, keyed, hollow, completed = (out[name] for name in ("created", "keyed", "hollow", "completed"))
    for one in (created, keyed, hollow):
        assert one["address"] == one["wanted"]
    assert (created["alias"], created["key"], created["node"]) == (None, created["owner"], 2)
    assert (keyed["alias"], keyed["key"], keyed["hbar"], keyed["children"]) == (keyed["owner"], keyed["owner"], 5, 1)
    assert (hollow["alias"], hollow["hbar"]) == (None, 5)
    assert hollow["key"] != completed["key"] == completed["owner"]
    assert 3 < completed["hbar"] < 4
    assert out["refused"] == "INVALID_SIGNATURE"
