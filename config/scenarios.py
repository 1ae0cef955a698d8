"""Which scenarios there are, by name: the profiles that name one. What a profile cannot say is in `scenarios`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

PROFILES: Final = Path(__file__).with_name("profiles")

_NAMES_ONE: Final = re.compile(r"^scenario\s*=\s*(\S+)\s*$", re.MULTILINE)


@cache
def scenario_names() -> tuple[str, ...]:
    """Names of all scenarios, in alphabetical order."""
    profiles = sorted(PROFILES.glob("*.conf"))
    return tuple(path.stem for path in profiles if _NAMES_ONE.findall(path.read_text(encoding="utf-8")) == [path.stem])


def profile_of(name: str) -> Path:
    """The profile of a scenario: Locust options with the values that it runs with.

    Raises:
        ValueError: there is no such scenario; the message is one line.
    """
    if name not in scenario_names():
        raise ValueError(f"there is no such scenario; use one of {', '.join(scenario_names())}")
    return PROFILES / f"{name}.conf"
