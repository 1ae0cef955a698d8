"""A master and workers that a test starts one by one, as processes of their own."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from reports.schema.published import violations
from tests.e2e.locust_command import LOCUST, ROOT, OwnNetwork, clean_environment, free_port


class Swarm:
    """A master and its workers, each with its output in a file.

    Args:
        folder: Of the files.
        network: That the run is for.
        load: The master's options.
    """

    def __init__(self, folder: Path, network: OwnNetwork, *load: str) -> None:
        self.folder = folder
        self.network = network
        self.port = free_port()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._start(
            "master",
            *("--headless", "--only-summary", "--master", "--expect-workers", "1", "--master-bind-port", self.port),
            *("--report-dir", str(folder / "out"), *network.arguments, *load),
        )

    def worker(self, name: str, *options: str, folder: Path = ROOT, **environment: str) -> None:
        """Start a worker; a variable that is empty is not set."""
        self._start(name, "--worker", "--master-port", self.port, *options, folder=folder, **environment)

    def said(self, name: str) -> str:
        """What a process has said so far."""
        return (self.folder / f"{name}.log").read_text()

    def wait(self, what: Callable[[], object]) -> None:
        """Wait until something is so; a process takes seconds to start, and many where the machine is busy."""
        deadline = time.monotonic() + 150
        while not what():
            assert time.monotonic() < deadline, {name: self.said(name) for name in self.processes}
            assert self.processes["master"].poll() is None, self.said("master")
            time.sleep(0.2)

    def begin(self) -> None:
        """Wait until the first worker's users do something."""
        self.worker("first")
        self.wait(lambda: len(self.senders()) == 1)

    def senders(self) -> set[str]:
        """Workers whose messages have come to the journal."""
        found: set[str] = set()
        for journal in self.folder.glob("out/2*/journal.sqlite"):
            with closing(sqlite3.connect(journal)) as reading, suppress(sqlite3.OperationalError):  # being made
                found |= {sender for (sender,) in reading.execute("SELECT DISTINCT sender FROM sent")}
        return found

    def end(self) -> int:
        """Stop the run as Ctrl-C does; return its exit code."""
        self.processes["master"].send_signal(signal.SIGINT)
        return self.processes["master"].wait(60)

    def kill(self) -> None:
        """End whatever still runs."""
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
            process.wait()

    def report(self) -> dict[str, Any]:
        """report.json of the run, which is of the published form."""
        loaded: dict[str, Any] = json.loads((self.folder / "out" / "latest" / "report.json").read_text())
        assert violations(loaded) == []
        return loaded

    def _start(self, name: str, *arguments: str, folder: Path = ROOT, **environment: str) -> None:
        variables = clean_environment(**{**self.network.environment, **environment})
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [*LOCUST, *arguments],
                cwd=folder,
                env={key: value for key, value in variables.items() if value},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
