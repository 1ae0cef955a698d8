"""A network that turns nothing away: what is too much waits in a line before its nodes, and only times tell of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.locust_command import Finished
from tests.fronts.fronted import Fronted

AT_ONCE = 2
CALL_S = 0.02
NODES = 4


@pytest.mark.background
@pytest.mark.timeout(300)
def test_a_search_finds_what_a_line_lets_through(
    fronted: Callable[..., Fronted], run_locust: Callable[..., Finished], tmp_path: Path
) -> None:
    """HAProxy passes two calls at once to each node, which takes 20 ms for one: 400 a second at most, and no BUSY."""
    slow = {"kind": "node-slow", "delay": CALL_S, "operations": ["submitMessage"]}
    (tmp_path / "slow.json").write_text(json.dumps([slow]))
    chain = fronted("haproxy-http", "--throttles", "off", "--faults", str(tmp_path / "slow.json"), at_once=AT_ONCE)
    done = run_locust(
        *("--headless", "--config", "config/profiles/capacity.conf", "--arrival-rate", "2000", *chain.arguments),
        timeout=290,
        **chain.environment,
    )
    found = done.report["capacity"]
    assert done.exit_code == 0, done.output
    assert found["limit_by"] == "network", found
    assert "p95" in found["why"]
    most = max(step["succeeded_per_s"] for step in found["steps"])
    assert NODES * AT_ONCE / CALL_S * 0.8 < most <= NODES * AT_ONCE / CALL_S * 1.02
    assert found["rate_per_s"] == pytest.approx(most, rel=0.08), found["steps"]
    assert done.report["audit"]["lost"] == done.report["audit"]["duplicated"] == 0
