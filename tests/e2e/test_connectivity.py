"""The scenario that calls every endpoint, where all answer and where one does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.locust_command import Finished


@pytest.mark.background
def test_one_endpoint_that_does_not_answer_is_named(run_locust: Callable[..., Finished], tmp_path: Path) -> None:
    """A node that is down fails its own attempts and the expectation; the others answer every time."""
    faults = tmp_path / "faults.json"
    faults.write_text(json.dumps([{"kind": "node-down", "nodes": ["0.0.3"], "start": 8, "duration": 60}]))
    quick = ("--headless", "--scenario", "connectivity", "--run-time", "16s", "--localnet-faults", str(faults))
    done = run_locust(*quick)
    report = done.report
    assert done.exit_code == 1, done.output
    by_name = {one["name"]: one for one in report["operations"]}
    assert len(by_name) == 7
    assert by_name["connect.node 0.0.3"]["failed"] > 0
    assert all(one["succeeded"] >= 10 and not one["failed"] for name, one in by_name.items() if name[-5:] != "0.0.3")
    (result,) = [one for one in report["drills"] if one["name"] == "reached"]
    assert result["passed"] is False
    assert result["observed"].startswith("answered: connect.node 0.0.3 ")
