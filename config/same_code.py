"""Whether two processes run the same code: the project's own files, and the packages that it pins.

Processes of one run that differ add up figures that do not mean the same, and nothing in the figures shows it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Final

from config.version import NAME

ROOT: Final = Path(__file__).resolve().parent.parent

ROOMS: Final = ("config", "grpc_http2", "hedera_client", "hedera_users", "records", "reports", "resilience")
"""Folders whose code a worker runs; the embedded network is a process of its own beside the master."""

PINS: Final = "requirements.txt"

_PIN: Final = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)
_SHOWN: Final = 12


@cache
def fingerprint() -> dict[str, str]:
    """What this process runs: `project`, a digest of the project's code, and the version of each package that it pins.

    A package that is pinned and not there has the version "none".
    """
    return {"project": _digest(ROOT), **_packages(ROOT / PINS)}


def differences(mine: Mapping[str, str], masters: Mapping[str, str]) -> str:
    """What a worker has to say of code that differs from its master's, in one line; "" where nothing does.

    Args:
        mine: The worker's `fingerprint`.
        masters: The master's; empty where it is of a revision that does not tell.
    """
    if mine.get("project") != masters.get("project"):
        theirs = masters.get("project", "unknown")
        return (
            f"it runs other code than its master (digest {mine.get('project')}, not {theirs}): run the same revision "
            "of the project on both"
        )
    packages = [
        f"{name} {mine[name]}, not {masters[name]}"
        for name in sorted(set(mine) & set(masters))
        if mine[name] != masters[name]
    ]
    if not packages:
        return ""
    return f"it has other packages than its master ({'; '.join(packages)}): install {PINS} on both"


def _digest(root: Path) -> str:
    """Digest of the names and texts of all code below the rooms, however its lines end."""
    digest = sha256()
    for path in sorted(path for room in ROOMS for path in (root / room).rglob("*.py")):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()[:_SHOWN]


def _packages(pins: Path) -> dict[str, str]:
    """The installed version of each package that a file of pins names; an installation has them as its requirements."""
    found = {}
    for name in _PIN.findall(pins.read_text(encoding="utf-8") if pins.is_file() else _installed_pins()):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "none"
    return found


def _installed_pins() -> str:
    try:
        return "\n".join(metadata.requires(NAME) or ())
    except metadata.PackageNotFoundError:
        return ""
