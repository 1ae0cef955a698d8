"""Fixtures that more than one room's tests use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from config.launcher import Localnet, start_localnet


@pytest.fixture(scope="session")
def localnet() -> Iterator[Localnet]:
    """One embedded network without delays, shared by the tests that do not change how it behaves."""
    running = start_localnet("--consensus-delay", "0", "--mirror-lag", "0")
    yield running
    running.stop()
