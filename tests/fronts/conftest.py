"""Real fronts before an embedded network, and real runs through them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.fixtures import finish, own_network, run_locust, spawn
from tests.e2e.locust_command import OwnNetwork
from tests.fronts.fronted import Fronted
from tests.fronts.row import Row

__all__ = ["finish", "fronted", "own_network", "run_locust", "spawn"]


@pytest.fixture
def fronted(own_network: Callable[..., OwnNetwork], tmp_path: Path) -> Iterator[Callable[..., Fronted]]:
    """Start an embedded network and fronts of one kind before it; all of it ends with the test."""
    rows: list[Row] = []

    def start(name: str, *options: str, **front_options: Any) -> Fronted:
        own = own_network(*options)
        row = Row(name, tmp_path / name, own.localnet.network, **front_options)
        rows.append(row)
        row.start()
        file = tmp_path / "fronts.json"
        file.write_text(row.network.model_dump_json(exclude={"name", "control"}))
        return Fronted(own, row, ("--network", "custom", "--network-file", str(file)))

    yield start
    for row in rows:
        row.stop()
