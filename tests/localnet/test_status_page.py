"""The page for people shows what goes on, and nothing that a message brings becomes markup."""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from localnet_launcher import Localnet
    from tests.localnet.clients import Wire


def test_the_page_shows_what_goes_on(localnet: Localnet, wire: Wire) -> None:
    """Nodes, transactions, topics with their last message, files; without token, and telling none."""
    topic = wire.create_topic(memo="<b>memo</b>")
    wire.carry_out(wire.message(topic, b"<script>alert(1)</script>"))
    page = requests.get(f"{localnet.network.control}/", timeout=10)
    assert page.status_code == 200
    for word in ("0.0.3", "CONSENSUSSUBMITMESSAGE", f"0.0.{topic}", "&lt;b&gt;memo", "&lt;script&gt;alert(1)"):
        assert word in page.text
    assert "<script>" not in page.text
    assert localnet.token not in page.text
    assert localnet.operator_key not in page.text
    assert requests.get(f"{localnet.network.control}/ledger", timeout=10).status_code == 401
