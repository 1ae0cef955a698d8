"""What the scenario `relay` makes of a report."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.schema.report import Report
from scenarios.catalogue.relay import SCENARIO
from tests.reports.sample import sample_report

NAMES = ("relay.sendRawTransaction", "relay.getBalance", "relay.feeHistory", "relay.eth_blockNumber")
BAD = ("failed", "rejected", "unknown")


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """A report in which ten of each succeeded."""
    made = sample_report(tmp_path)
    template = made["operations"][0]
    done = {"arm": None, "started": 10, "succeeded": 10, **dict.fromkeys(BAD, 0)}
    made["operations"] = [{**template, **done, "name": name} for name in NAMES]  # type: ignore[typeddict-item]
    made["errors"] = []
    return made


def failing(report: Report) -> set[str]:
    """The expectations that do not hold, or cannot tell."""
    return {one.name for one in SCENARIO.expectations if not one.judge(report).passed}


@pytest.mark.parametrize(
    ("name", "expectation"),
    list(zip(NAMES, ("transfers", "balances", "reads", "reads"), strict=True)),
)
def test_each_expectation_is_about_its_operations(report: Report, name: str, expectation: str) -> None:
    """One that did not succeed fails it, and no other."""
    assert failing(report) == set()
    one = next(one for one in report["operations"] if one["name"] == name)
    one["succeeded"], one["failed"] = 9, 1
    assert failing(report) == {expectation}


def test_what_was_not_there_tells_nothing(report: Report) -> None:
    """No transfer, no answer to whether they succeed."""
    report["operations"] = []
    assert failing(report) == {"transfers", "balances", "reads"}
    assert {one.judge(report).passed for one in SCENARIO.expectations} == {None, True}


def test_limits_are_told_by_their_name(report: Report) -> None:
    """With what was retried, and what was not in the end; an error without a name fails."""
    error = {"operation": "relay.getLogs", "status": "RELAY_RATE_LIMITED", "count": 2, "arm": None}
    report["errors"] = [error]  # type: ignore[list-item]
    report["resilience"]["retries"]["by_status"]["RELAY_RATE_LIMITED"] = 5
    judge = SCENARIO.expectations[-1].judge
    assert judge(report) == ("7 calls were limited; errors: RELAY_RATE_LIMITED 2", True)
    report["errors"][0]["status"] = ""
    assert judge(report).passed is False
