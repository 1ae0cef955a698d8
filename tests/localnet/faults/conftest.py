"""A network to break, shared by the tests of faults."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localnet_launcher import Localnet, start_localnet
from tests.localnet.faults.control import Faults


@pytest.fixture(scope="session")
def broken() -> Iterator[Localnet]:
    """A network without delays that tests of faults may break, and mend again."""
    running = start_localnet("--latency", "instant", "--throttles", "off", "--seed", "7")
    yield running
    running.stop()


@pytest.fixture
def faults(broken: Localnet) -> Iterator[Faults]:
    """Its faults; none outlives its test."""
    faults = Faults(broken)
    yield faults
    faults.clear()
