"""Fixtures that more than one room's tests use."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# The tests' own process keeps plain threads: patching it after ssl was imported breaks ssl. What runs under Locust's
# patching runs in a process of its own, which must not inherit the switch.
os.environ["LOCUST_SKIP_MONKEY_PATCH"] = "1"
import locust  # noqa: F401

del os.environ["LOCUST_SKIP_MONKEY_PATCH"]

from config.launcher import Localnet, start_localnet

# Tests run on slow and busy machines: how long an example takes says nothing.
settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")


@pytest.fixture(scope="session")
def localnet() -> Iterator[Localnet]:
    """One embedded network without delays, shared by the tests that do not change how it behaves."""
    running = start_localnet("--latency", "instant", "--throttles", "off", "--mirror-rate-limit", "0")
    yield running
    running.stop()
