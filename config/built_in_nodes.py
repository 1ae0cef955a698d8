"""The built-in lists of the public networks' nodes, each with its date; used when the mirror cannot be asked.

A list is a JSON file in `config/addresses/`, in the form that a mirror gives an address book, with `network`, `date`
and `source` beside `nodes`. `make addresses` writes it anew.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from config.address_book import Entry, entries_from_rows

FOLDER: Final = Path(__file__).parent / "addresses"


@dataclass(frozen=True, slots=True)
class BuiltInList:
    """A dated list of a network's nodes.

    Attributes:
        network: E.g. `mainnet`.
        date: The day on which it was right, `YYYY-MM-DD`.
        source: Where it was taken from, in words.
        entries: The nodes.
    """

    network: str
    date: str
    source: str
    entries: tuple[Entry, ...]


def built_in_list(network: str, folder: Path | None = None) -> BuiltInList:
    """Read a network's list.

    Args:
        network: E.g. `mainnet`.
        folder: Where lists are kept; FOLDER unless given.

    Raises:
        ValueError: the file is missing or malformed, e.g. edited by hand.
    """
    path = (folder or FOLDER) / f"{network}.json"
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        day = date.fromisoformat(fields["date"]).isoformat()
        return BuiltInList(network, day, str(fields["source"]), tuple(entries_from_rows(fields["nodes"])))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"the built-in list {str(path)!r} cannot be read: {error!r}") from error


def write_built_in_list(listed: BuiltInList, folder: Path | None = None) -> Path:
    """Replace a network's list atomically; returns its path.

    Raises:
        OSError: it cannot be written; the old file is unchanged.
    """
    path = (folder or FOLDER) / f"{listed.network}.json"
    head = {"network": listed.network, "date": listed.date, "source": listed.source}
    replace_file(path, book_text(head, listed.entries))
    return path


def book_text(head: Mapping[str, str], entries: Sequence[Entry]) -> str:
    """A list as JSON: its own fields, then one line per node, so that a diff shows one line per change.

    Entries that could not be read are left out.
    """
    fields = [f" {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)},\n" for name, value in head.items()]
    nodes = [f"  {json.dumps(entry.as_row(), ensure_ascii=False)}" for entry in entries if not entry.fault]
    return "{\n" + "".join(fields) + ' "nodes": [\n' + ",\n".join(nodes) + "\n ]\n}\n"


def replace_file(path: Path, text: str) -> None:
    """Write a file so that a reader finds the old text or the new one, never a part.

    Half a character, which JSON from outside may hold and UTF-8 has no bytes for, is written as JSON's own escape.

    Raises:
        OSError: it cannot be written; the old file is unchanged.
    """
    descriptor, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        Path(scratch).chmod(0o644)
        Path(scratch).replace(path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
