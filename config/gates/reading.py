"""Finds the gates of a run: those of `--gate`, which may hold several, and those of the file that `--gates` names."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from config.gates.language import Gate, GateError
from config.gates.parser import parse_gate

SEPARATOR: Final = ";"
COMMENT: Final = "#"

MOST_BYTES: Final = 100_000
"""Size of a file of gates at most: what is larger is another file."""


class Written(NamedTuple):
    """One gate as it was written.

    Attributes:
        text: The gate.
        place: The option, or the option, its file and the line in it; the gate follows.
    """

    text: str
    place: str

    def refused(self, error: GateError) -> str:
        """One line that refuses it: place, gate, column, what would be right."""
        return f"{self.place} {self.text!r}: {error}"


class Joined(argparse.Action):
    """An option that may be given several times; its value is one text, as it is in variables, profiles and forms."""

    def __call__(self, _: object, namespace: argparse.Namespace, values: Any, *__: object) -> None:
        """Add a value to those before."""
        before = getattr(namespace, self.dest, None)
        setattr(namespace, self.dest, f"{before}{SEPARATOR} {values}" if before else values)


def written(gate: str, file: str) -> list[Written]:
    """The gates of the two options, in the order in which they stand; what is empty is left out.

    Args:
        gate: Value of `--gate`.
        file: Value of `--gates`; "" for none.

    Raises:
        ValueError: the file cannot be read; one line without the option.
    """
    found = [Written(text, "--gate") for text in split(gate)]
    return found + list(_of_file(file)) if file else found


def parsed(gates: list[Written]) -> tuple[list[Gate], list[str]]:
    """The gates, each once, and one line for each that is none."""
    found: dict[Gate, None] = {}
    faults = []
    for one in gates:
        try:
            found[parse_gate(one.text)] = None
        except GateError as error:
            faults.append(one.refused(error))
    return list(found), faults


def expressions(gate: str, file: str) -> tuple[str, ...]:
    """The gates of a run that was found to be right, as they print; its description carries them to whoever judges it.

    Raises:
        ValueError: the file cannot be read any more.
    """
    return tuple(str(one) for one in parsed(written(gate, file))[0])


def faults_of(gate: str, file: str) -> list[str]:
    """What is wrong with the two options' values as such, one line each."""
    try:
        return parsed(written(gate, file))[1]
    except ValueError as error:
        return [f"--gates {file!r}: {error}"]


def split(text: str) -> list[str]:
    """The gates of a text in which several stand one after another; a separator within quotes is none."""
    parts, quoted = [""], False
    for character in text:
        quoted ^= character == '"'
        if character == SEPARATOR and not quoted:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip(" \t") for part in parts if part.strip(" \t")]


def _of_file(path: str) -> Iterator[Written]:
    """A gate, or several, in each line; a comment stands in a line of its own."""
    try:
        with Path(path).open(encoding="utf-8") as lines:
            content = lines.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is no text"
        raise ValueError(f"{why}; name a text file with a gate in each line (docs/gates.md)") from error
    if len(content) > MOST_BYTES:
        raise ValueError("it is too long to be a list of gates; name a text file with a gate in each line")
    for number, line in enumerate(content.splitlines(), 1):
        if not line.lstrip().startswith(COMMENT):
            yield from (Written(text, f"--gates {path!r}, line {number}:") for text in split(line))
