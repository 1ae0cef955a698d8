"""Several processes that know nothing of each other pay with one account at the same time, and nobody is harmed.

Ids that independent processes draw meet by chance once in a million or less (`hedera_client.ids.TransactionIds`). A
short slice of this runs always; the full minute in the background.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from reports.schema.published import violations
from tests.e2e.locust_command import ROOT, OwnNetwork, clean_environment

RATE = 300
NETWORK = ("--consensus-delay", "0.3", "--throttles", "off", "--mirror-rate-limit", "0")
LENGTHS = [
    pytest.param(10, id="slice"),
    pytest.param(60, id="minute", marks=[pytest.mark.background, pytest.mark.timeout(300)]),
]


def load(network: OwnNetwork, seconds: int) -> tuple[str, ...]:
    """A run's command line: so many messages a second, each to its receipt."""
    return (
        *("--headless", "--only-summary", "--users", "400", "--spawn-rate", "400", "--run-time", f"{seconds}s"),
        *("--arrival-rate", f"{RATE}/s", "--confirm", "receipt", "--stop-timeout", "20", "--audit-timeout", "30"),
        # How much of the rate a machine keeps is no question of ids; that enough was sent is asked below.
        *("--least-rate", "0", *network.arguments, "HcsSubmitter"),
    )


def reports(folder: Path) -> list[dict[str, Any]]:
    """The reports of all runs."""
    found = [json.loads(path.read_text()) for path in folder.glob("out/*/report.json") if not path.parent.is_symlink()]
    assert all(violations(report) == [] for report in found)
    return found


def assert_clean(report: dict[str, Any], seconds: int) -> None:
    """Nothing failed, nothing is missing, and no id was met twice; at a rate at which ids are close to each other."""
    audit, accounting = report["audit"], report["accounting"]
    assert audit["delivered"] == audit["acknowledged"] == accounting["succeeded"] == accounting["started"]
    assert (audit["lost"], audit["corrupted"], audit["collided"], audit["duplicated"]) == (0, 0, 0, 0)
    assert (accounting["collisions"], accounting["balanced"], audit["doubt"]) == (0, True, None)
    assert accounting["started"] > 100 * (seconds - 4)
    assert report["run"]["exit_code"] == 0


def messages(network: OwnNetwork) -> Counter[str]:
    """How the network's own ledger says that messages ended."""
    return Counter(one["status"] for one in network.ledger() if one["type"] == "CONSENSUSSUBMITMESSAGE")


@pytest.mark.parametrize("seconds", LENGTHS)
def test_two_runs_with_one_operator_are_both_clean(
    spawn: Any, finish: Any, own_network: Any, tmp_path: Path, seconds: int
) -> None:
    """Neither is told of the other's messages, and the ledger holds all of both."""
    network = own_network(*NETWORK)
    both = [spawn(*load(network, seconds), **network.environment) for _ in range(2)]
    ended = [finish(one, seconds + 90) for one in both]
    assert [one.exit_code for one in ended] == [0, 0], ended[0].output + ended[1].output
    first, second = reports(tmp_path)
    assert_clean(first, seconds)
    assert_clean(second, seconds)
    assert messages(network) == {"SUCCESS": first["audit"]["delivered"] + second["audit"]["delivered"]}


@pytest.mark.parametrize("seconds", LENGTHS)
def test_a_run_beside_the_sdk_with_the_same_operator_is_clean(
    spawn: Any, finish: Any, own_network: Any, tmp_path: Path, seconds: int
) -> None:
    """The unmodified Python SDK draws each valid start from the clock; neither it nor the run is told anything odd."""
    network = own_network(*NETWORK)
    application = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.sdk_payer", str(tmp_path / "network.json"), str(seconds + 5)],
        cwd=ROOT,
        env=clean_environment(**network.environment),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        ended = finish(spawn(*load(network, seconds), **network.environment), seconds + 90)
        output, _ = application.communicate(timeout=60)
    finally:
        application.kill()
        application.wait()
    assert ended.exit_code == 0, ended.output
    (report,) = reports(tmp_path)
    assert_clean(report, seconds)
    told = json.loads(output)
    assert told["failed"] == []
    assert told["succeeded"] > seconds
    assert messages(network) == {"SUCCESS": report["audit"]["delivered"] + told["succeeded"]}
