"""Runs on a network of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from localnet_launcher import start_localnet
from tests.reports.runs import Runs


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    """Runs on a network of the test's own."""
    running = start_localnet("--consensus-delay", "0.1", "--throttles", "off")
    runs = Runs(running, tmp_path)
    yield runs
    for process in runs.processes:
        if process.poll() is None:
            process.kill()
        process.communicate()
    running.stop()
