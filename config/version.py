"""The project's version: the number in `pyproject.toml`, and in a checkout its revision."""

from __future__ import annotations

import os
import subprocess
import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

ROOT: Final = Path(__file__).resolve().parent.parent

NAME: Final = "hedera-load"

REVISION_DIGITS: Final = 12

GIT_TIMEOUT_S: Final = 5.0


class Version(BaseModel):
    """The project as it is on this machine.

    Attributes:
        name: Of the project.
        version: As `pyproject.toml` says, e.g. `0.1.0`; "unknown" where neither it nor the installation does.
        revision: The first REVISION_DIGITS digits of the commit; "" where the code is in no checkout.
        modified: Whether files of the commit were changed; None where there is no revision.
    """

    model_config = ConfigDict(frozen=True)

    name: str = NAME
    version: str = "unknown"
    revision: str = ""
    modified: bool | None = None


@cache
def this_version() -> Version:
    """The version that this process runs, as of when it was first asked for: code that was loaded does not change."""
    return version_of(ROOT)


def version_of(root: Path) -> Version:
    """The version of the project in a folder."""
    revision, modified = _checkout(root)
    return Version(version=_number(root), revision=revision, modified=modified)


def _number(root: Path) -> str:
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        if project["name"] == NAME:  # a copy without its own file may be inside another project
            return str(project["version"])
    except (OSError, ValueError, KeyError):
        pass
    try:
        return metadata.version(NAME)
    except metadata.PackageNotFoundError:
        return "unknown"


def _checkout(root: Path) -> tuple[str, bool | None]:
    """The commit that a folder's files are of, and whether they were changed since.

    A folder that the checkout does not track, such as a virtual environment's, does not belong to the commit.
    """
    this_file = str(Path(__file__).resolve().relative_to(ROOT))
    if not _git(root, "ls-files", "--", this_file):
        return "", None
    revision = _git(root, "rev-parse", f"--short={REVISION_DIGITS}", "HEAD")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", ".")
    if not revision or changed is None:
        return "", None
    return revision, bool(changed)


def _git(root: Path, *arguments: str) -> str | None:
    """The output of git; None where it is not installed, or fails."""
    # A git hook that runs this has variables that name another repository. Files that belong to somebody else, as in a
    # container, are looked at all the same: this process runs code of the same folder.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "--no-optional-locks", "-c", "safe.directory=*", "-C", str(root), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 (arguments of our own)
            command,
            env={**environment, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=GIT_TIMEOUT_S,
            check=True,
            text=True,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
