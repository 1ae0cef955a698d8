"""What operations are called in a sentence; in tables and data they keep the names that scripts know them by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "audit-event": ("audit event", "audit events"),
    "store-model": ("stored model", "stored models"),
    "hcs.submit": ("HCS message", "HCS messages"),
    "hfs.store": ("stored file", "stored files"),
    "hfs.fetch": ("fetched file", "fetched files"),
    "mirror.event": ("delivered event", "delivered events"),
}
"""Singular and plural of the operations of this project's own users."""

MEASURED_TO: Final[Mapping[str, str]] = {
    "queued": "the client's own queue",
    "ack": "the node's acknowledgement",
    "receipt": "the receipt",
    "mirror": "the mirror",
    "application": "the application's own answer",
}
"""Where the time of an operation ends, by confirmation level."""


def one(name: str) -> str:
    """An operation, as in `2,007 ms per audit event`; a name that is not this project's stands as it is."""
    return NAMES.get(name, (name, ""))[0]


def several(name: str) -> str:
    """Operations of a kind, as in `20 HCS messages per second`."""
    return NAMES.get(name, ("", f"{name} operations"))[1]


def measured_to(confirm: str) -> str:
    """Where the time of an operation at a level ends, as in `measured to the receipt`."""
    return MEASURED_TO.get(confirm, f"“{confirm}”")


def listed(parts: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
