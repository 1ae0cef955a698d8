"""The real `locust` command as a user would type it, the network it goes to, and what it leaves behind."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from localnet_launcher import Localnet
from reports.schema.published import violations

ROOT = Path(__file__).resolve().parents[2]


LOCUST = [sys.executable, "-m", "locust"]


@dataclass(frozen=True)
class Finished:
    """What a finished `locust` left: exit code, output, and the report where there is one."""

    exit_code: int
    output: str
    report_dir: Path

    @property
    def report(self) -> dict[str, Any]:
        """The newest report.json, which is of the published form whatever the run was like."""
        loaded: dict[str, Any] = json.loads((self.report_dir / "latest" / "report.json").read_text())
        assert violations(loaded) == []
        return loaded


def clean_environment(**extra: str) -> dict[str, str]:
    """The environment without anybody's Locust options or credentials, plus `extra`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LOCUST_", "OPERATOR_"))}
    return {**kept, **extra}


def free_port() -> str:
    """A port on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def wait_for_run(folder: Path) -> Path:
    """Wait until a run keeps its journal, and a little longer, so that it is in its middle; returns its folder."""
    deadline = time.monotonic() + 40
    while not (found := list(folder.glob("out/*/journal.sqlite"))):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(3)
    return found[0].parent


@dataclass(frozen=True)
class OwnNetwork:
    """An embedded network that outlives the run, reached as a custom one, so that its ledger can be read afterwards."""

    localnet: Localnet
    arguments: tuple[str, ...]
    environment: dict[str, str]

    def ledger(self) -> list[dict[str, Any]]:
        """Every transaction it has seen."""
        entries: list[dict[str, Any]] = []
        after: int | None = -1
        while after is not None:
            answer = requests.get(
                f"{self.localnet.network.control}/ledger",
                params={"after": after, "limit": 10_000},
                headers={"Authorization": f"Bearer {self.localnet.token}"},
                timeout=30,
            )
            answer.raise_for_status()
            page = answer.json()
            entries += page["entries"]
            after = page["next"]
        return entries
