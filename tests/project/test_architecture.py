"""The house as docs/architecture.md describes it, held against the import contracts and against the code itself."""

from __future__ import annotations

import re
import tomllib
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import grimp
import pytest

ROOT = Path(__file__).parents[2]
LINTER: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
ROOMS = frozenset(LINTER["root_packages"])


def table() -> dict[str, set[str]]:
    """Each room of the table "Rooms and floors", and the rooms that it says it may import."""
    rows = re.findall(r"^\| [^|]+ \| `(\w+)/` \|[^|]*\|([^|]*)\|$", (ROOT / "docs/architecture.md").read_text(), re.M)
    return {room: ROOMS & set(re.findall(r"`(\w+)`", may)) for room, may in rows}


def contracts() -> dict[str, set[str]]:
    """Each room, and the rooms that no contract forbids it."""
    allowed = {room: set(ROOMS - {room}) for room in ROOMS}
    for contract in LINTER["contracts"]:
        if contract["type"] == "layers" and "containers" not in contract:
            floors = [set(layer.split(" | ")) for layer in contract["layers"]]
            for number, floor in enumerate(floors):
                for room in floor:
                    allowed[room] -= floor.union(*floors[:number])
        elif contract["type"] == "forbidden":
            for room in contract["source_modules"]:
                allowed[room] -= set(contract["forbidden_modules"])
    return allowed


def test_the_table_says_what_the_contracts_hold() -> None:
    """Neither allows an import that the other does not."""
    assert table() == contracts()


def test_what_is_to_be_opened_is_there() -> None:
    """The table "Where to change what" names files and folders of the tree."""
    _, _, rest = (ROOT / "docs/architecture.md").read_text().partition("## Where to change what")
    named = re.findall(r"`([\w/]+(?:\.py|/))`", rest.partition("\n## ")[0])
    assert len(named) > 20
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_no_contract_has_an_exception() -> None:
    """No import is let through beside a contract."""
    assert [contract["name"] for contract in LINTER["contracts"] if "ignore_imports" in contract] == []


def test_every_room_is_in_the_table() -> None:
    """A package at the top of the tree is a room, and a room is a package."""
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert packages == ROOMS == set(table())


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_no_module_imports_itself_by_way_of_others(room: str) -> None:
    """Within a room imports have a direction too, also what is imported for its types alone."""
    graph = grimp.build_graph(room)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
