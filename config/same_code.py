"""Whether two processes run the same code: the project's own files, and the packages that it pins.

If they differed, figures of different meaning would be added up, and nothing in the figures would show it.
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

ROOMS: Final = (
    *("config", "grpc_http2", "hedera_client", "hedera_users", "records", "reports", "resilience"),
    "scenarios",
)
"""Folders whose code a worker runs; the embedded network is a separate process beside the master."""

PINS: Final = "requirements.txt"

_PIN: Final = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)
_SHOWN: Final = 12


@cache
def fingerprint() -> dict[str, str]:
    """The code of this process: `project`, a digest of the project's code, and the version of each pinned package.

    A pinned package that is not installed has the version "none".
    """
    return {"project": _digest(ROOT), **_packages(ROOT / PINS)}


def differences(mine: Mapping[str, str], masters: Mapping[str, str]) -> str:
    """How a worker's code differs from its master's, in one line; "" where it does not.

    Args:
        mine: The worker's `fingerprint`.
        masters: The master's; empty where its revision does not send one.
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
    """Digest of the names and texts of all code below the rooms; line endings do not matter."""
    digest = sha256()
    for path in sorted(path for room in ROOMS for path in (root / room).rglob("*.py")):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()[:_SHOWN]


def _packages(pins: Path) -> dict[str, str]:
    """The installed version of each package that a requirements file, or else the installation's metadata, pins."""
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
