"""Makes text from outside fit for a line of the console, a log or a report."""

from __future__ import annotations

import re
from typing import Final

_NOT_FOR_A_LINE: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


def one_line(text: str, most: int) -> str:
    """A text without line ends and terminal control characters, cut off after `most` characters."""
    return _NOT_FOR_A_LINE.sub(" ", text).strip()[:most]
