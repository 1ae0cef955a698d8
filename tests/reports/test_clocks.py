"""Nodes whose clock is behind are named."""

from __future__ import annotations

from reports.wording.clocks import TOO_EARLY, behind


def test_only_nodes_that_said_so_are_named() -> None:
    """In the order of their ids; a service without nodes has no clock."""
    found = behind(
        {"0.0.6": {TOO_EARLY: 5, "BUSY": 1}, "0.0.3": {TOO_EARLY: 1}, "0.0.4": {"BUSY": 9}, "": {TOO_EARLY: 2}}
    )
    assert [line.split(" is behind")[0] for line in found] == ["The clock of node 0.0.3", "The clock of node 0.0.6"]
    assert "it refused 5 attempts with INVALID_TRANSACTION_START" in found[1]
