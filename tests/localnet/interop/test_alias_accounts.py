"""Accounts with aliases by the unmodified official JavaScript SDK; it needs what `test_javascript` needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.localnet.interop.programs import INSTALL_S, RUN_S, JavaScript

if TYPE_CHECKING:
    from localnet_launcher import Localnet


@pytest.mark.timeout(INSTALL_S + RUN_S)
def test_accounts_with_aliases(javascript: JavaScript, localnet: Localnet) -> None:
    """The SDK reads each kind of info (CN:tok/CryptoGetAccountInfoHandler), and finds what transfers made (HIP-583)."""
    ready = {
        "nodes": localnet.network.nodes,
        "mirror_grpc": localnet.network.mirror_grpc,
        "operator_id": localnet.operator_id,
        "operator_key": localnet.operator_key,
    }
    out = javascript.run("alias_accounts.mjs", ready=ready)
    created, keyed, hollow, completed = (out[name] for name in ("created", "keyed", "hollow", "completed"))
    for one in (created, keyed, hollow):
        assert one["address"] == one["wanted"]
    assert (created["alias"], created["key"], created["node"]) == (None, created["owner"], 2)
    assert (keyed["alias"], keyed["key"], keyed["hbar"], keyed["children"]) == (keyed["owner"], keyed["owner"], 5, 1)
    assert (hollow["alias"], hollow["hbar"]) == (None, 5)
    assert hollow["key"] != completed["key"] == completed["owner"]
    assert 3 < completed["hbar"] < 4
    assert out["refused"] == "INVALID_SIGNATURE"
