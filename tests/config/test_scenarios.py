"""The names of scenarios, which are profiles that name themselves, as an option."""

from __future__ import annotations

import pytest

from config import scenarios
from config.options import faults_in_form
from config.parsing import SettingsError, parse_settings


def test_a_profile_that_names_itself_is_a_scenario() -> None:
    """The others, such as quick, are profiles and nothing more."""
    assert "reliability" in scenarios.scenario_names()
    assert "quick" not in scenarios.scenario_names()
    assert scenarios.profile_of("reliability").name == "reliability.conf"


def test_an_unknown_scenario_is_one_line_with_those_there_are() -> None:
    """On the command line and in the form alike."""
    with pytest.raises(SettingsError) as refused:
        parse_settings({"scenario": "relaibility"})
    (line,) = refused.value.faults
    assert line.startswith("--scenario 'relaibility': there is no such scenario; use one of ")
    assert "reliability" in line
    assert faults_in_form(None, [("scenario", "quick")]) != []
    assert faults_in_form(None, [("scenario", "reliability"), ("scenario", "")]) == []
