"""Records what the processes of real runs use, second by second: the fixtures of `tests/data/resources/`.

    nice -n 5 python -m tests.record_resources FILE USER_CLASS SECONDS RATE [WORKERS]

Starts `locust` with `tests/e2e/leaking_locustfile.py` on the embedded network, looks at each of its processes once a
second from the first user on, and writes one JSON file.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from tests.e2e.locust_command import LOCUST, ROOT, clean_environment

PER_USER_S = 3.0
"""Users for each operation due per second: one takes about 2 s to its receipt."""


def main(target: str, user_class: str, seconds: str, rate: str, workers: str = "4") -> None:
    """Record one run."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        command = [
            *(*LOCUST, "-f", str(ROOT / "tests/e2e/leaking_locustfile.py"), "--headless", "--only-summary"),
            *("--processes", workers, "-u", str(int(float(rate) * PER_USER_S)), "-r", "20", "-t", f"{seconds}s"),
            *("--arrival-rate", rate, "--report-dir", str(out), user_class),
        ]
        run = subprocess.Popen(command, cwd=ROOT, env=clean_environment(), stdout=subprocess.DEVNULL)
        looks: dict[str, list[list[float]]] = {}
        while run.poll() is None:
            if list(out.glob("*/journal.sqlite")):
                look(psutil.Process(run.pid), looks)
            time.sleep(1.0)
        report = json.loads((out / "latest" / "report.json").read_text())
    Path(target).write_text(json.dumps(recording(report, looks, [*command[-5:], user_class]), separators=(",", ":")))


def look(run: psutil.Process, looks: dict[str, list[list[float]]]) -> None:
    """Note what each process of a run uses now."""
    for process in [run, *run.children(recursive=True)]:
        with suppress(psutil.Error):
            name = "network" if "localnet" in process.cmdline() else f"{'master' if process == run else 'worker'}"
            memory = process.memory_info()
            looks.setdefault(f"{name} {process.pid}", []).append(
                [
                    round(time.time(), 2),
                    memory.rss,
                    memory.rss - memory.shared,
                    process.num_fds(),
                    process.num_threads(),
                ]
            )


def recording(report: dict[str, Any], looks: dict[str, list[list[float]]], command: list[str]) -> dict[str, Any]:
    """The contents of a fixture: seconds since the first operation, and what each process used then."""
    run = report["run"]
    began, ended = run["started_at"], run["started_at"] + run["load_s"]
    return {
        "made_by": "python -m tests.record_resources",
        "command": command,
        "machine": platform.platform(),
        "load_s": run["load_s"],
        "operations": report["accounting"]["started"],
        "workers": run["workers"],
        "columns": ["t", "rss_bytes", "private_bytes", "handles", "threads"],
        "processes": {
            name: [[round(t - began, 2), *rest] for t, *rest in rows if began <= t <= ended]
            for name, rows in looks.items()
        },
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
