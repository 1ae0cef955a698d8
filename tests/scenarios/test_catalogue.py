"""Every scenario: its file, its profile and its names agree, and its profile is one that Locust takes."""

from __future__ import annotations

from locust.argument_parser import get_parser

from pathlib import Path

import pytest

from config import scenarios
from config.parsing import parse_settings
from config.scenarios import profile_of, scenario_names
from config.settings import RunSettings
from hedera_users.base import HederaUser
from scenarios.catalogue import every_scenario, scenario
from scenarios.hooks import profile_values
from scenarios.scenario import Drill

NAMES = scenario_names()


def test_a_file_for_each_profile_and_a_profile_for_each_file() -> None:
    """Neither is forgotten."""
    folder = Path(scenarios.PROFILES).parent.parent / "scenarios" / "catalogue"
    files = {path.stem.replace("_", "-") for path in folder.glob("*.py")} - {"--init--"}
    assert files == set(NAMES)
    assert [one.name for one in every_scenario()] == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_is_complete(name: str) -> None:
    """It asks one question, has users that belong to a session, and expects something of each run."""
    one = scenario(name)
    assert one.question.endswith("?")
    assert one.users
    assert all(issubclass(user, HederaUser) for user in one.users)
    assert one.expectations
    assert len({each.name for each in one.expectations}) == len(one.expectations)
    assert one.instead_of <= {"requests", "success", "rate", "overhead"}
    keys = [drill.key for drill in one.drills]
    assert all(keys)
    assert len(set(keys)) == len(keys)
    for drill in one.expectations:
        if isinstance(drill, Drill):
            assert {fault.get("name") for fault in drill.faults} <= {drill.name}


@pytest.mark.parametrize("name", NAMES)
def test_its_profile_is_taken(name: str) -> None:
    """Every option in it, and in its short form, is Locust's or the project's, and has a value that is taken."""
    values = profile_values(name)
    ours = {key.replace("-", "_"): value for key, value in values.items()}
    ours = {key: value for key, value in ours.items() if key in RunSettings.model_fields}
    assert parse_settings(ours).scenario == name
    _, others = get_parser().parse_known_args(["--config", str(profile_of(name)), *scenario(name).brief])
    names = {word.partition("=")[0].lstrip("-").replace("-", "_") for word in others if word.startswith("--")}
    assert names <= set(RunSettings.model_fields)
