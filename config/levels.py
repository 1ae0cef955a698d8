"""Confirmation levels: how far an operation must get to count as succeeded, and how `--confirm` names several."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BeforeValidator, PlainSerializer

Confirm = Literal["queued", "ack", "receipt", "mirror"]

QUEUED: Final = "queued"
ACK: Final = "ack"
RECEIPT: Final = "receipt"
MIRROR: Final = "mirror"

LEVELS: Final[tuple[Confirm, ...]] = get_args(Confirm)
"""In the order in which an operation reaches them: the client's own queue, a node's acknowledgement, the receipt after
consensus, the mirror."""

APPLICATION: Final = "application"
"""How far an operation got that an application of the user's own has done (`--with-hedera`): as far as the application
goes before it answers. It is none of `--confirm`'s."""

_SEPARATOR: Final = re.compile(r"[,\s]+")


def parse_levels(value: Any) -> Any:
    """Read a `--confirm` value: one level, or several with commas or blanks between them.

    Returns:
        The levels in the order in which an operation reaches them, each once.

    Raises:
        ValueError: one is invalid, or the value is empty; the message lists the levels.
    """
    named = _SEPARATOR.split(value.strip(", \t\n")) if isinstance(value, str) else list(value)
    if not set(named) <= set(LEVELS):
        raise ValueError(f"choose one or more of {', '.join(LEVELS)}, with commas between them")
    return tuple(level for level in LEVELS if level in named)


def levels_text(levels: tuple[Confirm, ...]) -> str:
    """Levels as `--confirm` takes them, e.g. `ack,receipt`."""
    return ",".join(levels)


Levels = Annotated[tuple[Confirm, ...], BeforeValidator(parse_levels), PlainSerializer(levels_text, return_type=str)]
"""A field that is parsed from text to a tuple of levels, and serialised as text."""
