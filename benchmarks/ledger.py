"""What the embedded network itself says of every transaction: its ledger, read page by page."""

from __future__ import annotations

from typing import Any, Final

import requests

from localnet_launcher import Localnet

_PAGE: Final = 10_000
_TIMEOUT_S: Final = 60


def read_ledger(localnet: Localnet) -> list[dict[str, Any]]:
    """Every transaction that the network remembers, in order of arrival; the form is `localnet.ledger.entry_json`.

    Raises:
        requests.RequestException: it does not answer.
    """
    entries: list[dict[str, Any]] = []
    after: int | None = -1
    while after is not None:
        answer = requests.get(
            f"{localnet.network.control}/ledger",
            params={"after": after, "limit": _PAGE},
            headers={"Authorization": f"Bearer {localnet.token}"},
            timeout=_TIMEOUT_S,
        )
        answer.raise_for_status()
        page: dict[str, Any] = answer.json()
        entries += page["entries"]
        after = page["next"]
    return entries
