"""Every scenario has a file here, named after it, with a `SCENARIO`; and a profile in `config/profiles/`."""

from __future__ import annotations

from importlib import import_module

from config.scenarios import profile_of, scenario_names
from scenarios.scenario import Scenario


def scenario(name: str) -> Scenario:
    """A scenario by its name.

    Raises:
        ValueError: there is no such scenario; the message is one line.
    """
    profile_of(name)
    found: Scenario = import_module(f"scenarios.catalogue.{name.replace('-', '_')}").SCENARIO
    return found


def every_scenario() -> list[Scenario]:
    """All scenarios, in alphabetical order."""
    return [scenario(name) for name in scenario_names()]
