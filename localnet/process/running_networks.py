"""Lets the command line find a running network, so that its token need not be copied.

A running network has one file in a folder that only its user can read, and removes it when it ends.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path


def folder() -> Path:
    """Where the files are; mode 0700."""
    path = Path(tempfile.gettempdir()) / f"hedera-localnet-{os.getuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    if path.stat().st_uid != os.getuid():
        raise PermissionError(f"{path} belongs to another user")
    return path


def announce(control: str, token: str) -> Path:
    """Announce this process's network; returns the file, to be removed in the end."""
    path = folder() / f"{os.getpid()}.json"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"control": control, "token": token}, file)
    return path


def find() -> tuple[str, str] | None:
    """(control URL, token) of the network that was started last and still runs; None where there is none."""
    for path in sorted(folder().glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True):
        if Path(f"/proc/{path.stem}").exists() or not Path("/proc").exists():
            said = json.loads(path.read_text())
            return said["control"], said["token"]
        path.unlink(missing_ok=True)
    return None
