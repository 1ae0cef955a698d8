"""The terms of docs/glossary.md, and the code that follows them."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.project.test_architecture import ROOMS

ROOT = Path(__file__).parents[2]
SECTIONS = dict(re.findall(r"^## (.+)\n\n((?:.+\n|\n(?!##))+)", (ROOT / "docs/glossary.md").read_text(), re.M))
RESERVED = "Reserved words"


def rows(section: str) -> list[list[str]]:
    """The cells of a section's table, without its head."""
    table = [line for line in SECTIONS[section].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


TERMS = [row for section in SECTIONS if section != RESERVED for row in rows(section)]
NAMED = sorted({name for *_, code in TERMS for name in re.findall(r"`([\w.]+)`", code)})


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def members(node: ast.AST) -> dict[str, ast.AST]:
    """What a module or a class defines or imports, by name."""
    found: dict[str, ast.AST] = {}
    for one in getattr(node, "body", []):
        if isinstance(one, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found[one.name] = one
        elif isinstance(one, ast.Assign | ast.AnnAssign):
            targets = one.targets if isinstance(one, ast.Assign) else [one.target]
            found.update({target.id: one for target in targets if isinstance(target, ast.Name)})
        elif isinstance(one, ast.Import | ast.ImportFrom):
            found.update({alias.asname or alias.name: one for alias in one.names})
    return found


def exists(name: str) -> bool:
    """Whether a dotted name is a module, or something that a module or a class of it defines."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        base = ROOT.joinpath(*parts[:count])
        path = next((one for one in (base.with_suffix(".py"), base / "__init__.py") if one.is_file()), None)
        if path is not None:
            node: ast.AST | None = parsed(path)
            for part in parts[count:]:
                node = members(node).get(part) if node is not None else None
            return node is not None
    return False


def test_each_term_stands_once() -> None:
    """In one row, and with a meaning."""
    terms = Counter(term.strip() for row in TERMS for term in row[0].split(","))
    assert len(terms) > 80
    assert [term for term, count in terms.items() if count > 1] == []
    assert [row[0] for row in TERMS if len(row) == 3 and not row[1]] == []


@pytest.mark.parametrize("name", NAMED)
def test_what_it_names_exists(name: str) -> None:
    """Modules, classes, functions, attributes."""
    assert exists(name)


def test_names_that_do_not_exist_are_noticed() -> None:
    """Neither in a module nor in a class."""
    assert not exists("records.operation.OperationRecords")
    assert not exists("records.operation.OperationRecord.nothing")
    assert not exists("nothing.at_all")


def named_with(word: str) -> Iterator[str]:
    """Files of the rooms with a module, class or function that has a word, or a form of it, in its name."""
    has_word = re.compile(rf"(?:^|_|(?<=[a-z0-9])(?=[A-Z])|un){word}", re.IGNORECASE)
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            names = [path.stem, *(getattr(node, "name", "") for node in ast.walk(parsed(path)) if _defines(node))]
            if any(has_word.search(name) for name in names):
                yield str(path.relative_to(ROOT))


def _defines(node: ast.AST) -> bool:
    return isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)


@pytest.mark.parametrize("row", rows(RESERVED), ids=lambda row: row[0].split(",")[0])
def test_reserved_words_stand_where_they_have_their_meaning(row: list[str]) -> None:
    """The first form of a word is the beginning of the others, but for a last e."""
    word = row[0].split(",")[0]
    allowed = tuple(re.findall(r"`(\w+/[\w./]*)`", row[1]))
    elsewhere = {path for path in named_with(word.removesuffix("e")) if not path.startswith(allowed)}
    assert elsewhere == set()
