"""Every module of the rooms is named by a test."""

from __future__ import annotations

from pathlib import Path

import pytest

import hedera_load
from tests.project.modules_named import Modules

ROOT = Path(__file__).resolve().parents[2]


def test_every_module_is_named_by_a_test() -> None:
    """By a file `test_*.py`: what fixtures and helpers import does not count, since any test may use them."""
    modules = Modules(ROOT, [*hedera_load.ROOMS, "hedera_load.py", "locustfile.py"])
    named = {module for file in (ROOT / "tests").rglob("test_*.py") for module in modules.named_by(file.read_text())}
    assert modules.names - named == set()


@pytest.fixture
def modules(tmp_path: Path) -> Modules:
    """A house of one room, and a module beside it."""
    files = {
        "room/__init__.py": "from room.first import Public",
        "room/first.py": "class Public: ...\nclass Own: ...",
        "room/second.py": "from room.first import Public",
        "room/__main__.py": "",
        "room/inner/__init__.py": "def work(): ...",
        "door.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return Modules(tmp_path, ["room", "door.py"])


def test_packages_count_where_they_hold_code(modules: Modules) -> None:
    """One that only passes on names is no module to be tested."""
    assert modules.names == {"room.first", "room.second", "room.__main__", "room.inner", "door"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("import room.first", {"room.first"}),
        ("import room.first as other", {"room.first"}),
        ("from room import first", {"room.first"}),
        ("from room.first import Own", {"room.first"}),
        ("from room import Public", {"room.first"}),
        ("import room\nroom.Public()", {"room.first"}),
        ("import room\nroom.inner.work()", {"room.inner"}),
        ("from room import inner\ninner.work()", {"room.inner"}),
        ("import room", set()),
        ("import room as other\nother.inner.work()", {"room.inner"}),
        ("import room.first\nroom.second", {"room.first", "room.second"}),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from room.first import Own", set()),
        ("import typing\nif typing.TYPE_CHECKING:\n    from room.first import Own", set()),
        ("def test():\n    from room.first import Own", {"room.first"}),
        ("SCRIPT = '''\n    import os\n    from room.second import Public\n'''", {"room.second"}),
        ("'''We import room.first here, which is no Python.'''", set()),
        ("'room.first'", set()),
        ("# import room.first", set()),
        ("run([python, '-m', 'room', 'words'])", {"room.__main__"}),
        ("run((python, '-m', 'room.second'))", {"room.second"}),
        ("run([python, 'room'])", set()),
        ("import door", {"door"}),
        ("from elsewhere import first", set()),
    ],
)
def test_what_a_text_names(modules: Modules, text: str, named: set[str]) -> None:
    """Imports that happen, here or in a script, and commands; not what is only said."""
    assert modules.named_by(text) == named
