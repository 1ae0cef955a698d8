"""Where a report comes from: settings, versions, command line and machines. No secret is among them."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Final

import psutil

from config.run import Run
from config.secrets import without_secrets
from config.version import Version
from reports.collect.collector import Sender
from reports.measure.resources import CPU_WARNING_PERCENT
from reports.schema.resources import Process, Resources, Usage
from reports.schema.run import Machine, Network, Project
from reports.wording.network import network_words
from reports.wording.warnings import no_processor_left

PACKAGES: Final = ("locust", "hiero-sdk-python", "grpcio", "gevent", "tenacity", "pybreaker", "hdrhistogram", "scipy")


def settings(run: Run) -> dict[str, object]:
    """Every setting of the run, without what URLs hold of secrets."""
    return run.without_secrets().settings.model_dump(mode="json")


def project(version: Version) -> Project:
    """The project that makes the run."""
    return {
        "name": version.name,
        "version": version.version,
        "revision": version.revision,
        "modified": version.modified,
    }


def network(run: Run) -> Network:
    """Where the network was reached, and where its nodes were known from."""
    kept = run.without_secrets()
    words, besides = network_words(run.settings)
    return {
        "name": kept.network.name,
        "nodes": dict(kept.network.nodes),
        "mirror_rest": kept.network.mirror_rest,
        "mirror_grpc": kept.network.mirror_grpc,
        "tls": kept.network.tls,
        "words": words,
        "besides": besides,
        "node_source": kept.node_source,
        "node_remarks": list(kept.node_remarks),
    }


def versions() -> dict[str, str]:
    """The Python and the packages that the figures depend on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "unknown"
    return found


def command_line(arguments: Sequence[str]) -> str:
    """What was typed, without the path of the program and without credentials in URLs."""
    program, *rest = arguments or ["locust"]
    name = Path(program).name
    return without_secrets(" ".join(["locust" if name == "__main__.py" else name, *rest]))


def machine() -> Machine:
    """The machine that this process runs on."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "cores": os.cpu_count() or 1,
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
    }


def resources(senders: Sequence[Sender], master: Usage | None, skip_s: float) -> Resources:
    """Return the report's `resources`: what each process used, and a warning for every one that had none left.

    Args:
        senders: Processes that generated load.
        master: What the master used, where there is one.
        skip_s: Seconds that the run was set up before users began; samples are counted from there.
    """
    processes: list[Process] = [] if master is None else [{"role": "master", "name": "master", **master}]
    processes += [
        {"role": "local" if sender.name == "local" else "worker", "name": sender.name, **sender.resources}
        for sender in senders
        if sender.resources
    ]
    for process in processes:
        process["samples"] = [[round(t - skip_s, 1), *rest] for t, *rest in process["samples"] if t >= skip_s]
    warnings = [
        no_processor_left(process["name"], process["cpu_percent"]["max"])
        for process in processes
        if process["cpu_percent"]["max"] > CPU_WARNING_PERCENT
    ]
    return {"processes": processes, "warnings": warnings}


def argv() -> list[str]:
    """The command line of this process, without what URLs hold of secrets."""
    return [without_secrets(argument) for argument in sys.argv]
