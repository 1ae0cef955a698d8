"""What another team does: installs the checkout, writes a locustfile of its own, runs it, and reads the report."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from typing import Any

import pytest

import hedera_load
from config.same_code import fingerprint
from reports.schema.published import violations
from tests.e2e.locust_command import ROOT, clean_environment

README = ROOT / "README.md"
SHORT = ("--headless", "-u", "4", "-r", "4", "-t", "4s", "--stop-timeout", "15", "--localnet-consensus-delay", "0.2")


def own_environment() -> dict[str, str]:
    """The environment of somebody who does not know the checkout."""
    return {name: value for name, value in clean_environment().items() if name != "PYTHONPATH"}


def own_locustfile() -> str:
    """The locustfile that the README shows."""
    (found,) = re.findall(r"```python\n(from locust .*?)```", README.read_text(), re.S)
    return str(found)


def installed_into(folder: Path, *what: str) -> Path:
    """Make a fresh virtual environment, install into it with pip, and return its folder of programs."""
    venv.create(folder, symlinks=True)
    programs = folder / "bin"
    command = [sys.executable, "-m", "pip", "--python", str(programs / "python"), "install", "--quiet", "--no-compile"]
    subprocess.run([*command, *what], check=True, cwd=folder, env=own_environment(), timeout=900)
    return programs


def run(*command: str | Path, cwd: Path, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; its output is one text."""
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=own_environment(),
        timeout=timeout,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


@pytest.mark.timeout(1200)  # it installs all that a run needs, which takes a minute on an idle machine
def test_an_installed_checkout_runs_a_locustfile_of_somebody_else(tmp_path: Path) -> None:
    """In an empty folder: options, embedded network and report are there, and nothing comes from the checkout."""
    programs = installed_into(tmp_path / "venv", str(ROOT))
    packed = run(programs / "python", "-c", _LIST_FILES, cwd=tmp_path)
    assert set(packed.stdout.split()) == files_of_the_rooms()
    told = run(
        programs / "python", "-c", "from config.same_code import fingerprint; print(*fingerprint())", cwd=tmp_path
    )
    assert set(told.stdout.split()) == set(fingerprint())  # a worker that is installed can be held against a checkout
    folder = tmp_path / "empty"
    folder.mkdir()
    (folder / "locustfile.py").write_text(own_locustfile())
    finished = run(programs / "locust", *SHORT, cwd=folder)
    assert finished.returncode == 0, finished.stdout
    report: dict[str, Any] = json.loads((folder / "reports" / "out" / "latest" / "report.json").read_text())
    assert violations(report) == []
    (own,) = report["operations"]
    assert own["name"] == "sign-contract"
    assert own["succeeded"] > 4
    assert report["audit"]["acknowledged"] == report["audit"]["delivered"] == own["succeeded"]
    assert report["overhead"] == []
    assert "has no effect" not in finished.stdout
    assert (folder / "reports" / "out" / "latest" / "report.html").read_text().endswith("</html>")
    assert str(ROOT) not in finished.stdout


_LIST_FILES = """
from importlib.metadata import files
print(*(one for one in files("hedera-load") if ".dist-info" not in str(one) and "__pycache__" not in str(one)
        and not str(one).startswith("..")), sep="\\n")
"""


def files_of_the_rooms() -> set[str]:
    """Every file below a room, and the front door itself; without what running leaves behind."""
    found = [path for room in hedera_load.ROOMS for path in (ROOT / room).rglob("*") if path.is_file()]
    names = {str(path.relative_to(ROOT)) for path in found if "__pycache__" not in path.parts}
    return {"hedera_load.py", *(name for name in names if not name.startswith("reports/out/"))}


def test_the_rooms_are_the_same_in_every_list() -> None:
    """Those that are installed, those that are looked for, those whose imports are held, and those with types."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    rooms = set(hedera_load.ROOMS)
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]) == rooms | {"hedera_load.py"}
    assert set(project["tool"]["importlinter"]["root_packages"]) == rooms
    assert set(project["tool"]["mypy"]["packages"]) == rooms
    there = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert there == rooms


@pytest.mark.timeout(300)
def test_an_editable_install_is_the_checkout_wherever_one_stands(tmp_path: Path) -> None:
    """Also beside a `reports/out` that an earlier run has left."""
    programs = installed_into(tmp_path / "venv", "--no-deps", "--editable", str(ROOT))
    (tmp_path / "reports" / "out").mkdir(parents=True)
    said = run(programs / "python", "-c", "import reports, config; print(reports.__file__)", cwd=tmp_path)
    assert said.stdout.strip() == str(ROOT / "reports" / "__init__.py")


@pytest.mark.parametrize("name", ["config", "reports"])
def test_a_package_of_the_same_name_is_one_line(tmp_path: Path, name: str) -> None:
    """A team's own `config` beside its locustfile hides ours, and then nothing would work."""
    hiding = tmp_path / name / "__init__.py"
    hiding.parent.mkdir()
    hiding.touch()
    (tmp_path / "locustfile.py").write_text(own_locustfile())
    ended = beside_the_checkout(tmp_path)
    assert ended.returncode == 2
    (line,) = ended.stdout.splitlines()
    assert line.startswith(f"locust: error: hedera-load's package '{name}' is hidden by {hiding}: ")


def test_a_folder_of_the_same_name_hides_nothing(tmp_path: Path) -> None:
    """`reports/` is made by every run, and many have a `config/` full of files."""
    for name in hedera_load.ROOMS:
        (tmp_path / name).mkdir()
    (tmp_path / "locustfile.py").write_text(own_locustfile())
    ended = beside_the_checkout(tmp_path, "--list")
    assert (ended.returncode, ended.stdout.split()[-1]) == (0, "Clerk"), ended.stdout


def beside_the_checkout(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `locust` in a folder of somebody else's, with the checkout at the end of Python's path."""
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(f"import sys; sys.path.append({str(ROOT)!r})")
    return subprocess.run(
        [sys.executable, "-m", "locust", "--headless", *arguments],
        cwd=folder,
        env={**own_environment(), "PYTHONPATH": str(folder / "site")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )


def test_the_network_is_not_taken_from_the_current_folder(tmp_path: Path) -> None:
    """A `localnet.py` or `aiohttp.py` of somebody else's is not run in its place."""
    (tmp_path / "localnet.py").write_text("raise SystemExit('not this one')")
    (tmp_path / "aiohttp.py").write_text("raise SystemExit('not this one')")
    code = "from localnet_launcher import start_localnet; start_localnet().stop(); print('ready')"
    environment = {**own_environment(), "PYTHONPATH": str(ROOT)}
    said = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=tmp_path, env=environment, text=True, capture_output=True, timeout=60
    )
    assert said.stdout.strip() == "ready", said.stderr
