"""Real runs of the real command, on an embedded network that outlives them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localnet_launcher import Localnet

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Runs:
    """Starts `locust` against one embedded network; `folder` holds the runs' reports."""

    localnet: Localnet
    folder: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start it in the background."""
        file = self.folder / "network.json"
        file.write_text(self.localnet.network.model_dump_json(exclude={"name"}))
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "OPERATOR_"))}
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "locust", "--only-summary", "--network", "custom", "--network-file", str(file)),
                *("--report-dir", str(self.folder / "out"), *arguments),
            ],
            cwd=ROOT,
            env={**clean, "OPERATOR_ID": self.localnet.operator_id, "OPERATOR_KEY": self.localnet.operator_key},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.processes.append(process)
        return process

    def audit(self, folder: Path) -> subprocess.CompletedProcess[str]:
        """`python -m reports audit` on a run's folder."""
        command = [sys.executable, "-m", "reports", "audit", str(folder)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)

    @property
    def newest(self) -> Path:
        """Folder of the newest run."""
        return max((one for one in (self.folder / "out").iterdir() if not one.is_symlink()), key=lambda one: one.name)

    def report(self) -> dict[str, Any]:
        """report.json of the newest run."""
        loaded: dict[str, Any] = json.loads((self.newest / "report.json").read_text())
        return loaded


def wait_until(is_so: Callable[[], Any], seconds: float = 90.0) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.1)


def free_port() -> str:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])
