"""Which modules of the rooms a test names: what it imports, itself or in a script that it runs, or starts with `-m`."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

_START: Final = "-m"
"""What stands before a module's name in a command."""


@dataclass(frozen=True, slots=True)
class Import:
    """One name that a text imports.

    Attributes:
        module: Where it is imported from.
        name: What is imported from there; "" for the module itself.
        bound: What it is called in the text.
    """

    module: str
    name: str
    bound: str

    @property
    def path(self) -> str:
        """What `bound` stands for; `import a.b` binds `a`."""
        if self.name:
            return f"{self.module}.{self.name}"
        return self.bound if self.module.startswith(f"{self.bound}.") else self.module


class Modules:
    """The modules of a source tree.

    Args:
        root: Folder that is on the path of imports.
        places: Packages (folders) and modules (files) in it.

    Attributes:
        names: All of them but packages whose `__init__` only passes on what stands in others.
    """

    def __init__(self, root: Path, places: Iterable[str]) -> None:
        self._files: dict[str, Path] = {}
        for place in places:
            path = root / place
            for file in [path] if path.is_file() else path.rglob("*.py"):
                parts = file.relative_to(root).with_suffix("").parts
                self._files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
        self._exported = {
            module: {one.bound: one for one in imports(ast.parse(file.read_text()))}
            for module, file in self._files.items()
            if file.name == "__init__.py"
        }
        self._tops = {module.partition(".")[0] for module in self._files}
        self.names = {
            module for module, file in self._files.items() if module not in self._exported or _holds_code(file)
        }

    def named_by(self, text: str) -> set[str]:
        """The modules that a test's text names.

        That is what it imports when it runs, a module or a name of it, also through the package that passes the name
        on, or as an attribute of a package; the same in strings that are Python, which it runs in processes of their
        own; and `-m` with a module's name in a command. What only type checkers import is not named.
        """
        tree = ast.parse(text)
        nodes = list(ast.walk(tree))
        found = set(self._named(tree, nodes))
        for script in _scripts(nodes):
            found.update(self._named(script, ast.walk(script)))
        return found & self.names

    def _named(self, tree: ast.Module, nodes: Iterable[ast.AST]) -> Iterator[str]:
        """What a tree of these nodes names, but for the scripts in it."""
        imported = list(imports(tree))
        for one in imported:
            yield from self._meant(one.module, one.name)
        bound = {one.bound: one.path for one in imported if one.path.partition(".")[0] in self._tops}
        for node in nodes:
            if isinstance(node, ast.Attribute) and bound:
                yield from self._by_attribute(node, bound)
            elif isinstance(node, ast.List | ast.Tuple):
                yield from self._started(node)

    def _meant(self, module: str, name: str, known: frozenset[tuple[str, str]] = frozenset()) -> Iterator[str]:
        """The modules that are named by `from module import name`; the one that has the name, not those on the way."""
        if not name or f"{module}.{name}" in self._files:
            yield f"{module}.{name}" if name else module
            return
        passed_on = self._exported.get(module, {}).get(name)
        if passed_on is not None and (module, name) not in known:
            yield from self._meant(passed_on.module, passed_on.name, known | {(module, name)})
        else:
            yield module

    def _by_attribute(self, node: ast.Attribute, bound: dict[str, str]) -> Iterator[str]:
        """The modules that are reached as attributes: `package.module.function` after `import package`."""
        names = _chain(node)
        if names and names[0] in bound:
            path = bound[names[0]].split(".") + names[1:]
            for length in range(1, len(path)):
                module = ".".join(path[:length])
                if module in self._files:
                    yield from self._meant(module, path[length])

    def _started(self, command: ast.List | ast.Tuple) -> Iterator[str]:
        """The modules that a command starts: `-m`, and then a name."""
        words = [one.value if isinstance(one, ast.Constant) else None for one in command.elts]
        for before, word in pairwise(words):
            if before == _START and isinstance(word, str):
                yield f"{word}.__main__" if f"{word}.__main__" in self._files else word


def imports(tree: ast.Module) -> Iterator[Import]:
    """What a tree imports when it runs, not under `if TYPE_CHECKING:`; relative imports are not our form."""
    left: list[ast.AST] = list(tree.body)
    while left:
        node = left.pop()
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, "", alias.asname or alias.name.partition(".")[0])
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                yield Import(node.module, alias.name, alias.asname or alias.name)
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            left += node.orelse
        else:
            for block in ("body", "orelse", "finalbody", "handlers", "cases"):
                left += getattr(node, block, ())


def _scripts(nodes: Iterable[ast.AST]) -> Iterator[ast.Module]:
    """The strings among nodes that are Python and import something."""
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "import " in node.value:
            try:
                yield ast.parse(textwrap.dedent(node.value))
            except SyntaxError:
                continue


def _chain(node: ast.AST) -> list[str]:
    """The names of `a.b.c`; empty for anything else."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    return [node.id, *names] if isinstance(node, ast.Name) else []


def _holds_code(file: Path) -> bool:
    """Whether an `__init__` holds code of its own: a function or a class."""
    return any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in ast.parse(file.read_text()).body)
