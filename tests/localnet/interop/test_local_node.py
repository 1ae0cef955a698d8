"""The official Python SDK finds the network without being told where it is; JavaScript's: test_javascript.py."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest


@pytest.mark.parametrize("ports", ["solo", "local-node"])
def test_by_name(on_fixed_ports: Callable[..., Any], ports: str) -> None:
    """`Network("solo")` finds node and estimates of fees (hiero-sdk-python 0.3.0: client/network.py,
    query/fee_estimate_query.py). With `localhost` and `local` it asks for REST at the mirror's gRPC port."""
    assert on_fixed_ports(ports, sys.executable, "local_node.py", "solo") == {"sequence": 1, "estimate": True}
