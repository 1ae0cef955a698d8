"""A scenario brings its users, shape and faults; its profile fills in the options."""

from __future__ import annotations

from locust.argument_parser import get_parser
from locust.env import Environment

import math
import sys
from argparse import Namespace

import pytest

from hedera_users.burster import FILES, TOGETHER
from hedera_users.hcs_submitter import HcsSubmitter
from hedera_users.model_storer import ModelStorer
from records.sources import planned_faults, planned_moments
from scenarios import hooks
from scenarios.catalogue import every_scenario, scenario
from scenarios.drills import nodes, retry


def environment_of(name: str, **options: object) -> Environment:
    """Locust's environment of a process that was started with `--scenario`."""
    defaults = {"drills": "", "headless": True, "run_time": None}
    parsed = Namespace(scenario=name, user_classes=[], **{**defaults, **options})
    environment = Environment(user_classes=[ModelStorer], parsed_options=parsed)
    environment.create_local_runner()
    return environment


def test_users_and_faults_are_the_scenarios() -> None:
    """The locustfile's own users stay away."""
    environment = environment_of("reliability")
    hooks.Hooks().on_init(environment, environment.runner)
    assert environment.user_classes == list(scenario("reliability").users)
    plan = scenario("reliability").plan()
    assert planned_faults(environment) == plan.faults != []
    assert planned_moments(environment) == plan.moments
    assert set(plan.moments) == {TOGETHER, FILES}
    assert environment.parsed_options.run_time == math.ceil(plan.length_s)


def test_some_of_the_drills() -> None:
    """By their short names, in the scenario's order; a run time that is given stays."""
    environment = environment_of("reliability", drills="dead-node, retry", run_time=7)
    hooks.Hooks().on_init(environment, environment.runner)
    names = [fault["name"] for fault in planned_faults(environment)]
    assert list(dict.fromkeys(names)) == [retry.NAME, nodes.DEAD]
    assert planned_moments(environment) == {}
    assert environment.parsed_options.run_time == 7


def test_a_drill_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    """One line, and the exit code of a wrong configuration."""
    environment = environment_of("reliability", drills="retry,earthquake")
    with pytest.raises(SystemExit) as ended:
        hooks.Hooks().on_init(environment, environment.runner)
    assert ended.value.code == 2
    assert "--drills 'retry,earthquake': scenario reliability has no drill earthquake; use" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", "no-such-scenario"])
def test_without_one_nothing_changes(name: str) -> None:
    """A name that is wrong is refused elsewhere, with the other options."""
    environment = environment_of(name)
    hooks.Hooks().on_init(environment, environment.runner)
    assert environment.user_classes == [ModelStorer]
    assert planned_faults(environment) == []


def test_a_worker_knows_the_users_of_all() -> None:
    """Its master chooses the scenario."""
    environment = Environment(user_classes=[HcsSubmitter], parsed_options=None)
    hooks.know_all_users(environment)
    assert set(environment.user_classes) == {HcsSubmitter, *(one for each in every_scenario() for one in each.users)}
    assert len(environment.user_classes) == len(set(environment.user_classes))


@pytest.mark.parametrize("arguments", [["--scenario", "reliability"], ["--scenario=reliability"], []])
def test_the_name_brings_the_profile(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    """Also from the environment; what is given beside it wins."""
    monkeypatch.setattr(sys, "argv", ["locust", *arguments, "--run-time", "7s"])
    if not arguments:
        monkeypatch.setenv("LOCUST_SCENARIO", "reliability")
    parser = get_parser()
    hooks.add_profile(parser)
    options, _ = parser.parse_known_args(["--run-time", "7s"])
    assert (options.run_time, options.num_users) == (7, int(hooks.profile_values("reliability")["users"]))


def test_a_form_is_filled_in_where_it_was_left_as_it_was() -> None:
    """What somebody typed stays."""
    present = {"num_users": None, "spawn_rate": None, "arrival_rate": "0.0", "think_time": "0.5"}
    form = {"user_count": "1", "spawn_rate": "9", "arrival_rate": "0.0", "think_time": "0.5", "scenario": "reliability"}
    profile = hooks.profile_values("reliability")
    filled = hooks.filled_in(form, "reliability", present)
    assert filled == form | {
        "user_count": profile["users"],
        "arrival_rate": profile["arrival-rate"],
    }
