"""Fixtures that more than one room's tests use."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

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

SHORT = (*("test_front_door", "test_options", "test_preflight", "test_proxies", "test_wrong_configurations"),)
"""Of these, files whose commands end before there is a load, or nearly so: they go where there is time for them."""


class Lanes(LoadScopeScheduling):
    """Whole runs go in one lane and all other tests in another, where tests go side by side (`make test`).

    Never two whole runs at once: each keeps a core busy, and what it measures would be the other one. (Groups by mark,
    xdist's `--dist loadgroup`, are none with pytest 9.2 and xdist 3.8.0: it writes them into a name that is not read.)
    """

    def _split_scope(self, nodeid: str) -> str:
        _, folder, *rest = nodeid.partition("::")[0].removesuffix(".py").split("/")
        return "runs" if folder in WHOLE_RUNS and rest[-1] not in SHORT else "rooms"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Lanes:
    """What xdist asks for who runs which test."""
    return Lanes(config, log)


@pytest.fixture(scope="session")
def localnet() -> Iterator[Localnet]:
    """One embedded network without delays, shared by the tests that do not change how it behaves."""
    running = start_localnet("--latency", "instant", "--throttles", "off", "--mirror-rate-limit", "0")
    yield running
    running.stop()
