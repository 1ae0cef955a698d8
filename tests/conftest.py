"""Fixtures that more than one room's tests use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The tests' own process keeps plain threads: patching it after ssl was imported breaks ssl. What runs under Locust's
# patching runs in a process of its own, which must not inherit the switch.
os.environ["LOCUST_SKIP_MONKEY_PATCH"] = "1"
import locust  # noqa: F401

del os.environ["LOCUST_SKIP_MONKEY_PATCH"]

from localnet_launcher import Localnet, start_localnet

# Tests run on slow and busy machines: how long an example takes says nothing.
settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")


WHOLE_RUNS = ("e2e", "fronts", "chaos")
"""Folders of tests that mostly wait, for runs of `locust` that take their time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let whole runs go in one lane and all other tests in another, where tests go side by side (`make test`).

    Never two whole runs at once: each keeps a core busy, and what it measures would be the other one.
    """
    for item in items:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        item.add_marker(pytest.mark.xdist_group("runs" if folder in WHOLE_RUNS else "rooms"))


@pytest.fixture(scope="session")
def localnet() -> Iterator[Localnet]:
    """One embedded network without delays, shared by the tests that do not change how it behaves."""
    running = start_localnet("--latency", "instant", "--throttles", "off", "--mirror-rate-limit", "0")
    yield running
    running.stop()
