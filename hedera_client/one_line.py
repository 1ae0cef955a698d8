"""Somebody else's text as part of a sentence of ours."""

from __future__ import annotations

import re
from typing import Final

_NOT_FOR_A_LINE: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


def one_line(text: str, most: int) -> str:
    """A foreign text without line ends and without what moves a terminal's cursor, at most so many characters."""
    return _NOT_FOR_A_LINE.sub(" ", text).strip()[:most]
