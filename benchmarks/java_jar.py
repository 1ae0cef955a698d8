"""The official Java SDK with all that it needs, as one jar."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

DISTRIBUTION: Final = "hedera-sdk-py==2.50.0"
"""A Python package that carries the Java SDK 2.50.0 with all that it needs as one jar; nothing else of it is used."""


def fetch_java_sdk(folder: Path) -> Path:
    """Download DISTRIBUTION into `folder` and take the jar out of it; returns the jar.

    Raises:
        subprocess.CalledProcessError: it could not be downloaded.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*command, "--dest", str(folder), DISTRIBUTION], check=True, timeout=300)  # noqa: S603 (pinned)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        name = next(name for name in wheel.namelist() if name.endswith(".jar"))
        return Path(wheel.extract(name, folder))
