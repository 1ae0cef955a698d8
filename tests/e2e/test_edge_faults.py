"""The drills on a network that cannot be broken: their faults are made at the client's own edge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.locust_command import Finished, OwnNetwork
from tests.e2e.test_drills import results

BASE = (
    *("-f", "tests/e2e/unprotected_locustfile.py", "--headless", "--scenario", "reliability"),
    *("--users", "400", "--spawn-rate", "400", "--confirm-timeout", "30", "--stop-timeout", "5"),
)


def run(
    run_locust: Callable[..., Finished], network: OwnNetwork, drills: str, *options: str, **environment: str
) -> Finished:
    """Run drills on an embedded network of which the run knows no more than addresses."""
    return run_locust(
        *(*BASE, *network.arguments, "--drills", drills, *options), timeout=110, **network.environment, **environment
    )


@pytest.fixture
def unbreakable(own_network: Callable[..., OwnNetwork], tmp_path: Any) -> OwnNetwork:
    """A network without a control API, as far as the run knows."""
    network = own_network("--consensus-delay", "0.2")
    plain = network.localnet.network.model_dump_json(exclude={"name", "control"})
    (tmp_path / "network.json").write_text(plain)
    return network


def test_a_drill_fails_without_its_protection(run_locust: Callable[..., Finished], unbreakable: OwnNetwork) -> None:
    """And one whose fault cannot be made there cannot tell, and says why."""
    found = results(done := run(run_locust, unbreakable, "dead-node,clock", "--edge-faults", "--attempts", "1"))
    assert found["dead-node"][0] is False, found
    assert found["clock"][0] is None
    assert "client's edge cannot make this fault" in found["clock"][1]
    assert [one["edge"] for one in done.report["timeline"]["faults"]] == [True]
    assert done.exit_code == 1, done.output


@pytest.mark.background
@pytest.mark.parametrize(
    ("drills", "options"),
    [
        ("dead-node,slow-node,lost-acks", ()),
        ("duplicate,network-gone", ()),
        ("mirror-outage,mirror-silent", ()),
        ("dead-node,lost-acks", ("--processes", "2")),
    ],
)
def test_with_everything_they_pass(
    run_locust: Callable[..., Finished], unbreakable: OwnNetwork, drills: str, options: tuple[str, ...]
) -> None:
    """Each of them was hit, and marked so."""
    done = run(run_locust, unbreakable, drills, "--edge-faults", *options)
    found = results(done)
    assert {key for key, (passed, _) in found.items() if not passed} == set(), found
    assert all(one["edge"] and one["hits"] for one in done.report["timeline"]["faults"])
    assert done.exit_code == 0, done.output
    assert "at the client's edge" in "".join(path.read_text() for path in done.report_dir.rglob("*.md"))


@pytest.mark.background
def test_unasked_nothing_is_injected(run_locust: Callable[..., Finished], unbreakable: OwnNetwork) -> None:
    """The drills say which option would."""
    done = run(run_locust, unbreakable, "dead-node")
    assert not done.report["timeline"]["faults"]
    assert results(done)["dead-node"][0] is None
    assert "--edge-faults" in results(done)["dead-node"][1]
