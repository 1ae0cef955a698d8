"""Nodes whose clock is not that of this machine, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TOO_EARLY: Final = "INVALID_TRANSACTION_START"
"""What a node answers whose clock is behind the start of a transaction."""


def behind(by_member: Mapping[str, Mapping[str, int]]) -> list[str]:
    """One sentence for each node that refused attempts because its clock is behind; without a full stop.

    Args:
        by_member: Retries by the node that gave the answer before it, and by status.
    """
    return [
        f"The clock of node {node} is behind this machine's: it refused {found[TOO_EARLY]} attempts with {TOO_EARLY}, "
        "which went on elsewhere or later. Where all nodes say so, it is this machine's clock that is ahead (NTP)"
        for node, found in sorted(by_member.items())
        if node and found.get(TOO_EARLY)
    ]
