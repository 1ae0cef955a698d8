"""Starts the embedded network as a process of its own and stops it again."""

from __future__ import annotations

import json
import os
import select
import site
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from config.networks import Network, network_from_ready
from config.proxies import requests_session

READY_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 5.0
CONTROL_TIMEOUT_S = 10.0

_PASSED_ON = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "TMP", "TEMP", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "SYSTEMROOT")
_PASSED_ON_PREFIXES = ("LC_", "PYTHON", "COVERAGE_")
"""What Python and its libraries need to be found and to behave as here."""

_ROOT = Path(__file__).resolve().parent.parent


class LocalnetError(RuntimeError):
    """The embedded network did not become ready; the message contains its output."""


@dataclass(slots=True)
class Localnet:
    """A running embedded network. It ends with `stop()`, or by itself when this process is gone.

    Attributes:
        network: Its addresses.
        operator_id: The account that pays.
        operator_key: Its documented key; worth nothing anywhere else.
        token: The token of its control API.
        process: The process it runs in.
    """

    network: Network
    operator_id: str
    operator_key: str = field(repr=False)
    token: str = field(repr=False)
    process: subprocess.Popen[str] = field(repr=False)

    @property
    def alive(self) -> bool:
        """Whether its process still runs."""
        return self.process.poll() is None

    def faults(self) -> list[dict[str, Any]]:
        """Every fault since it began: over, active and scheduled (docs/faults.md); empty when it cannot be asked."""
        try:
            return self._control("GET", "/faults")
        except LocalnetError:
            return []

    def add_faults(self, faults: list[Any]) -> None:
        """Begin or schedule faults, all or none.

        Raises:
            LocalnetError: one of them is invalid; the message is one line.
        """
        self._control("POST", "/faults", json=faults)

    def clear_faults(self) -> None:
        """End all faults, and cancel those that have not begun."""
        self._control("DELETE", "/faults")

    def _control(self, method: str, path: str, **options: Any) -> list[dict[str, Any]]:
        try:
            url = f"{self.network.control}{path}"
            with requests_session(url) as session:
                answer = session.request(
                    method,
                    url,
                    headers={"Authorization": f"Bearer {self.token}"},
                    timeout=CONTROL_TIMEOUT_S,
                    **options,
                )
            data = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise LocalnetError(f"the embedded network's control API does not answer: {error}") from error
        if answer.status_code != requests.codes.ok:
            raise LocalnetError(f"the embedded network refused a fault: {data.get('error', answer.reason)}")
        faults: list[dict[str, Any]] = data["faults"]
        return faults

    def stop(self) -> None:
        """End the process; returns when it is gone. May be called again."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


def start_localnet(*arguments: str) -> Localnet:
    """Start `python -m localnet` with `arguments` (e.g. `"--consensus-delay", "0"`) and wait until it is ready.

    The child watches its standard input and ends when this process is gone, however it goes.

    Raises:
        LocalnetError: it ended before it was ready, or was not ready within READY_TIMEOUT_S.
    """
    # -P: modules of the same name in the current folder are not imported in place of ours, or of a library's.
    command = [sys.executable, "-P", "-m", "localnet", "--exit-with-parent", *arguments]
    environment = {**_needed(os.environ), "PYTHONPATH": _import_path()}
    process = subprocess.Popen(  # noqa: S603 (our own module)
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        # Ctrl-C in a terminal reaches a whole process group; the network has to outlive the run until it is audited.
        start_new_session=True,
    )
    ready = _read_ready_line(process)
    return Localnet(
        network=network_from_ready(ready),
        operator_id=ready["operator_id"],
        operator_key=ready["operator_key"],
        token=ready["token"],
        process=process,
    )


def _needed(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that the embedded network needs: no credentials, and none of Locust's options."""
    return {
        name: value for name, value in environment.items() if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
    }


def _import_path() -> str:
    """PYTHONPATH, with which the child finds `localnet`.

    Empty where this is installed: site-packages named in PYTHONPATH would come before the standard library.
    """
    looked_at = {Path(folder).resolve() for folder in [*site.getsitepackages(), site.getusersitepackages()]}
    return "" if _ROOT in looked_at else str(_ROOT)


def _read_ready_line(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    deadline = time.monotonic() + READY_TIMEOUT_S
    line = ""
    while not line and time.monotonic() < deadline:
        readable, _, _ = select.select([process.stdout], [], [], 0.5)
        if readable:
            line = process.stdout.readline()
            if not line:
                break
    if not line:
        process.kill()
        code = process.wait()
        raise LocalnetError(f"the embedded network did not start (exit code {code}); what it said is above")
    ready: dict[str, Any] = json.loads(line)
    return ready
