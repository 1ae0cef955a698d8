"""Each drill of the scenario `reliability` passes, and fails when what it drills is switched off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest

from tests.e2e.locust_command import Finished

BASE = (
    *("-f", "tests/e2e/unprotected_locustfile.py", "--headless", "--scenario", "reliability"),
    *("--localnet-consensus-delay", "0.2", "--users", "400", "--spawn-rate", "400"),
    *("--confirm-timeout", "30", "--stop-timeout", "5"),
)


class Family(NamedTuple):
    """Drills that are run together.

    Attributes:
        drills: Their short names.
        without: What the locustfile leaves out, for them to fail; "" for nothing.
        options: Options that switch a protection off.
        passes: Those of them that pass all the same, since what they drill is still there.
    """

    drills: tuple[str, ...]
    without: str = ""
    options: tuple[str, ...] = ()
    passes: frozenset[str] = frozenset()


OFF = ("--attempts", "1", "--breaker-failures", "10000", "--queue", "0")
FAMILIES = {
    "same id": Family(("lost-acks", "duplicate"), "same-id"),
}
LONG = {
    "retry and breaker": Family(("retry", "breaker", "clock"), options=OFF),
    "resubscribe": Family(("mirror-outage",), "resubscribe"),
    "node spread": Family(("dead-node", "slow-node"), "node-spread"),
    "second opinion": Family(("mirror-silent",), "second-opinion"),
    "queue and budget": Family(
        ("together", "queue", "network-gone", "busy-storm"),
        options=("--queue", "0", "--concurrency", "1", "--retry-budget", "0"),
    ),
    "graceful": Family(("graceful",), "graceful"),
    "memory": Family(("graceful", "memory"), "memory", passes=frozenset({"graceful"})),
}


def results(finished: Finished) -> dict[str, Any]:
    """The results of the drills by their short names, with what was observed."""
    return {one["key"]: (one["passed"], one["observed"]) for one in finished.report["drills"]}


def run(run_locust: Callable[..., Finished], family: Family, environment: Mapping[str, str], *options: str) -> Finished:
    """Run the drills of a family."""
    return run_locust(*BASE, "--drills", ",".join(family.drills), *options, timeout=110, **environment)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_without_its_protection_a_drill_fails(run_locust: Callable[..., Finished], family: Family) -> None:
    """And the run with it."""
    done = run(run_locust, family, {"WITHOUT": family.without}, *family.options)
    found = results(done)
    assert {key: passed for key, (passed, _) in found.items()} == {
        key: key in family.passes for key in family.drills
    }, found
    assert done.exit_code in (1, 3), done.output
    assert "POOR" in done.output or family.passes


@pytest.mark.background
@pytest.mark.parametrize("family", LONG.values(), ids=LONG)
def test_the_others_fail_too(run_locust: Callable[..., Finished], family: Family) -> None:
    """`make drills` runs them: a run of all tests has time for one family."""
    test_without_its_protection_a_drill_fails(run_locust, family)


@pytest.mark.background
@pytest.mark.timeout(300)
@pytest.mark.parametrize("family", {**FAMILIES, **LONG}.values(), ids={**FAMILIES, **LONG})
def test_with_everything_they_pass(run_locust: Callable[..., Finished], family: Family) -> None:
    """The same drills, as short as they are without; with a smaller budget, for its reserve counts in a short storm."""
    found = results(run(run_locust, family, {}, "--queue-expiry", "8", "--retry-budget", "200"))
    assert {key for key, (passed, _) in found.items() if not passed} == set(), found


@pytest.mark.background
@pytest.mark.timeout(600)
def test_the_whole_suite(run_locust: Callable[..., Finished]) -> None:
    """By its profile alone."""
    done = run_locust("--headless", "--scenario", "reliability", timeout=580)
    assert {one["name"]: one["observed"] for one in done.report["drills"] if not one["passed"]} == {}
    assert done.exit_code == 0, done.output
    assert done.report["run"]["suite"]["rating"] == "EXCELLENT"
    assert f"{len(done.report['drills'])} tests, success rate 100 %, EXCELLENT, " in done.output
