"""Topics that runs leave for later ones: found again on a real network, and only where they can be written to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hedera_client import Operator
from hedera_users.kept_topics import FILE_NAME, KeptTopics
from tests.e2e.locust_command import Finished, OwnNetwork

SHORT = ("--headless", "--only-summary", "-u", "4", "-r", "4", "-t", "3s", "--think-time", "0.1", "HcsSubmitter")


@pytest.fixture
def network(own_network: Callable[..., OwnNetwork]) -> OwnNetwork:
    return own_network("--latency", "instant")


def test_two_runs_write_to_the_same_topics(
    network: OwnNetwork, run_locust: Callable[..., Finished], tmp_path: Path
) -> None:
    """Each audits its own part, hash chain included; the second deletes them, and a third makes new ones."""
    first = run_locust(*network.arguments, "--reuse", *SHORT, **network.environment)
    assert first.exit_code == 0, first.output
    topics = first.report["run"]["topics"]
    second = run_locust(*network.arguments, "--reuse", "--cleanup", *SHORT, **network.environment)
    assert second.exit_code == 0, second.output
    assert second.report["run"]["topics"] == topics
    assert second.report["audit"]["running_hash_verified"] is True
    assert second.report["audit"]["delivered"] == second.report["audit"]["acknowledged"] > 0
    (events,) = (one for one in second.report["audit"]["topics"] if one["topic_id"] == topics["events"])
    assert events["rows"] == second.report["audit"]["delivered"]  # those of the first are not read again
    assert f"Deleted topics {', '.join(sorted(topics.values()))}" in second.output
    third = run_locust(*network.arguments, "--reuse", *SHORT, **network.environment)
    assert third.exit_code == 0, third.output
    assert not set(third.report["run"]["topics"].values()) & set(topics.values())


def test_what_cannot_be_read_is_no_topic(tmp_path: Path, network: OwnNetwork, caplog: pytest.LogCaptureFixture) -> None:
    """A broken file, another account's entries, an id that the network does not know, or none at all."""
    operator = Operator.parse(network.localnet.operator_id, network.localnet.operator_key)
    kept = KeptTopics(tmp_path, network.localnet.network, operator)
    assert kept.usable(["events"], 5.0) == {}
    kept.keep({"events": "0.0.999999", "models": "nonsense"})
    other = KeptTopics(tmp_path, network.localnet.network, Operator.parse("0.0.77", network.localnet.operator_key))
    assert kept.usable(["events", "models"], 5.0) == other.usable(["events"], 5.0) == {}
    (tmp_path / FILE_NAME).write_text("{")
    assert kept.usable(["events"], 5.0) == {}
    assert "topics are made anew" in caplog.text
