"""Which version a run was made with: one number, and the revision of the checkout that the code is in, if any."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from config import version
from config.version import ROOT, Version, this_version, version_of


def git(folder: Path, *arguments: str) -> str:
    """What git says in a folder."""
    who = ("-c", "user.name=t", "-c", "user.email=t@localhost")
    done = subprocess.run(["git", *who, "-C", str(folder), *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The files that the version is read from, in no checkout."""
    folder = tmp_path / "project"
    (folder / "config").mkdir(parents=True)
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copy(ROOT / "config" / "version.py", folder / "config")
    return folder


def commit(folder: Path) -> str:
    """Make a folder a checkout of a commit that holds all of it; returns the commit."""
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "x")
    return git(folder, "rev-parse", "HEAD")


def test_the_number_stands_in_one_place() -> None:
    """pyproject.toml says it; nothing else in the code does."""
    number = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert this_version().version == number
    rooms = ("config", "hedera_client", "hedera_users", "localnet", "reports", "resilience")
    code = [file for room in rooms for file in (ROOT / room).rglob("*.py")]
    assert len(code) > 100
    assert [file for file in code if f'= "{number}"' in file.read_text()] == []


def test_a_checkout_has_a_revision_and_says_whether_it_was_changed(project: Path) -> None:
    revision = commit(project)
    (project / "reports").mkdir()
    (project / "reports" / "report.json").write_text("{}")  # what runs leave there is no change of the code
    found = version_of(project)
    assert (found.revision, found.modified) == (revision[:12], False)
    (project / "config" / "version.py").write_text("# changed\n")
    assert version_of(project) == found.model_copy(update={"modified": True})


def test_without_a_checkout_there_is_a_version_and_no_revision(project: Path) -> None:
    number = tomllib.loads((project / "pyproject.toml").read_text())["project"]["version"]
    assert version_of(project) == Version(version=number, revision="", modified=None)


def test_without_git_there_is_a_version_and_no_revision(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checkout is there, and nobody who could read it."""
    commit(project)
    monkeypatch.setenv("PATH", str(project))
    found = version_of(project)
    assert (found.version, found.revision, found.modified) == (this_version().version, "", None)


def test_a_copy_in_somebody_elses_checkout_has_no_revision_of_his(project: Path) -> None:
    """A virtual environment in an application's checkout: that commit says nothing of this code."""
    (project.parent / ".gitignore").write_text("project/\n")
    commit(project.parent)
    assert version_of(project).revision == ""


def test_a_copy_that_somebody_else_has_committed_has_his_revision(project: Path) -> None:
    """A folder of a larger repository; what is changed elsewhere in that is no change of this code."""
    other = project.parent / "other.txt"
    other.write_text("x")
    revision = commit(project.parent)
    other.write_text("y")
    found = version_of(project)
    assert (found.revision, found.modified) == (revision[:12], False)


def test_a_hooks_variables_do_not_lead_elsewhere(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A git hook has variables that name the repository it is of, whatever folder git is called for."""
    revision = commit(project)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "x").write_text("x")
    commit(elsewhere)
    monkeypatch.setenv("GIT_DIR", str(elsewhere / ".git"))
    assert version_of(project).revision == revision[:12]


def test_somebody_elses_pyproject_is_not_asked(project: Path) -> None:
    """Code that was copied without its own file; it is installed nowhere either."""
    (project / "pyproject.toml").write_text('[project]\nname = "shop"\nversion = "9.9.9"\n')
    assert version_of(project).version == "unknown"
    (project / "pyproject.toml").write_text("[project\n")
    assert version_of(project).version == "unknown"


def test_a_git_that_hangs_is_not_waited_for(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that does not answer costs a run its revision and nothing else."""
    slow = project / "git"
    slow.write_text("#!/bin/sh\nexec sleep 30\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{project}:/usr/bin:/bin")
    monkeypatch.setattr(version, "GIT_TIMEOUT_S", 0.1)
    assert version_of(project).revision == ""
