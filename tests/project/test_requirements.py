"""What is imported is declared: a run's libraries in requirements.txt, those of tests and benchmarks in -dev.txt."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

import hedera_load

ROOT = Path(__file__).resolve().parents[2]
RUN = (*hedera_load.ROOMS, "hedera_load.py", "locustfile.py")
DEVELOPMENT = ("tests", "benchmarks")
OURS = {*hedera_load.ROOMS, "hedera_load", "locustfile", *DEVELOPMENT}


def declared(*files: str) -> set[str]:
    """The distributions that files of requirements name, in their normalised form; every one has an exact pin."""
    lines = [line.partition(" #")[0].strip() for file in files for line in (ROOT / file).read_text().splitlines()]
    pins = [line for line in lines if line and not line.startswith(("#", "-r "))]
    assert [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", pin)] == []
    return {normalised(pin.partition("==")[0]) for pin in pins}


def normalised(name: str) -> str:
    """A distribution's name as an index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(places: Iterable[str]) -> dict[str, str]:
    """The top-level modules of others that Python files import, each with one file that does."""
    found: dict[str, str] = {}
    for place in places:
        path = ROOT / place
        for file in [path] if path.is_file() else path.rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                names: list[str] = []
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and node.level == 0:
                    names = [node.module or ""]
                found.update((name.partition(".")[0], str(file.relative_to(ROOT))) for name in names)
    return {name: file for name, file in found.items() if name not in OURS and name not in sys.stdlib_module_names}


def undeclared(places: Iterable[str], requirements: set[str]) -> dict[str, str]:
    """Modules of which no distribution is declared, each with a file that imports it."""
    owners = packages_distributions()
    return {
        module: file
        for module, file in imported(places).items()
        if not {normalised(one) for one in owners.get(module, (module,))} & requirements
    }


def test_what_a_run_imports_is_declared() -> None:
    """A library that is only there because another one needs it is gone when that one changes its mind."""
    assert undeclared(RUN, declared("requirements.txt")) == {}


def test_what_tests_and_benchmarks_import_is_declared() -> None:
    """Beside what a run needs."""
    assert undeclared(DEVELOPMENT, declared("requirements.txt", "requirements-dev.txt")) == {}


def test_what_is_declared_is_imported() -> None:
    """A library that nobody uses any more is not installed."""
    owners = packages_distributions()
    used = {normalised(one) for module in imported(RUN) for one in owners.get(module, ())}
    assert declared("requirements.txt") - used == set()
