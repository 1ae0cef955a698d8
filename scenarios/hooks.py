"""Locust's hooks: lets a scenario's users, shape and drills take the place of what would run without it."""

from __future__ import annotations

from locust.env import Environment
from locust.runners import WorkerRunner

import argparse
import math
import os
import sys
from collections.abc import Mapping
from typing import Any

import configargparse
from flask import Response, jsonify, request

from config.scenarios import profile_of, scenario_names
from hedera_users.local_checks import refuse
from records.sources import plan_faults, plan_moments
from scenarios.catalogue import every_scenario, scenario
from scenarios.scenario import Plan

_FORM_NAMES = {"users": "user_count"}
"""Names of Locust's own form for options that are called otherwise on the command line."""

NOTHING = Plan((), [], {}, 0.0)
"""The plan where there is no scenario."""

_LOAD = ("user_count", "spawn_rate", "run_time")


class Hooks:
    """The hooks of one process."""

    def __init__(self) -> None:
        self._own: tuple[list[Any], Any] = ([], None)

    def install(self, events: Any) -> None:
        """Register those that come before a run is set up."""
        events.init_command_line_parser.add_listener(add_profile)
        events.init.add_listener(self.on_init)

    def install_web(self, events: Any) -> None:
        """Register those that come after the web form was checked, which is when a run may be started from it."""
        events.init.add_listener(self.on_init_web)

    def on_init(self, environment: Environment, runner: Any, **_: Any) -> None:
        """Let the chosen scenario's users take part; a worker knows the users of all, for its master chooses."""
        if isinstance(runner, WorkerRunner):
            know_all_users(environment)
            return
        self._own = (list(environment.user_classes), environment.shape_class)
        options: Any = environment.parsed_options
        name = getattr(options, "scenario", "")
        if name in scenario_names() and not options.user_classes:  # what is wrong is refused with the other options
            try:
                plan = self._take_up(environment, name, options.drills)
            except ValueError as error:
                refuse([f"--drills {options.drills!r}: {error}"])
            if plan.length_s and options.headless and not options.run_time:
                options.run_time = math.ceil(plan.length_s)

    def on_init_web(self, environment: Environment, web_ui: Any = None, **_: Any) -> None:
        """Take up the scenario that is chosen in the web form, each time a run is started from it."""
        if web_ui is not None:
            web_ui.app.before_request(lambda: self._on_request(environment))

    def _take_up(self, environment: Environment, name: str, drills: str) -> Plan:
        """Let a scenario take part; "" for what the locustfile and the command line say.

        Raises:
            ValueError: it has no such drills; nothing has changed.
        """
        own_users, own_shape = self._own
        chosen = scenario(name) if name else None
        plan = NOTHING if chosen is None else chosen.plan(drills)
        environment.user_classes = list(own_users if chosen is None else chosen.users)
        environment.shape_class = own_shape
        if chosen is not None and chosen.shape is not None:
            environment.shape_class = chosen.shape(environment.parsed_options)  # type: ignore[arg-type]
        if environment.shape_class is not None:
            environment.shape_class.runner = environment.runner
        plan_faults(environment, plan.faults)
        plan_moments(environment, plan.moments)
        return plan

    def _on_request(self, environment: Environment) -> Response | None:
        if request.method != "POST" or not request.path.endswith("/swarm"):
            return None
        options: Any = environment.parsed_options
        name = request.form.get("scenario", options.scenario)
        if name:
            request.form = type(request.form)(filled_in(request.form, name, vars(options)))
        try:
            plan = self._take_up(environment, name, request.form.get("drills", options.drills))
        except ValueError as error:
            return jsonify({"success": False, "message": str(error), "host": environment.host})
        if plan.length_s and not request.form.get("run_time"):
            request.form = type(request.form)({**request.form, "run_time": f"{math.ceil(plan.length_s)}s"})
        return None


def know_all_users(environment: Environment) -> None:
    """Let a process run users of every scenario, besides those of its locustfile."""
    of_scenarios = (one for every in every_scenario() for one in every.users)
    environment.user_classes = list(dict.fromkeys([*environment.user_classes, *of_scenarios]))


def add_profile(parser: Any, **_: Any) -> None:
    """Let `--scenario NAME` alone mean its profile too; the command line and the environment override its values."""
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    early.add_argument("--scenario", default=os.environ.get("LOCUST_SCENARIO", ""))
    try:
        name = early.parse_known_args(sys.argv[1:])[0].scenario
    except SystemExit:  # without a value: Locust's own parser says so
        return
    if name in scenario_names():
        # There is no public way to name one more file once the parser is made; `--config` would be the user's.
        parser._default_config_files = [*parser._default_config_files, str(profile_of(name))]


def filled_in(form: Mapping[str, str], name: str, present: Mapping[str, Any]) -> dict[str, str]:
    """A web form in which a scenario's profile fills in what was left as the form showed it.

    Args:
        form: What was sent.
        name: The scenario.
        present: Locust's options in force, which the form shows.
    """
    filled = dict(form)
    for key, value in profile_values(name).items():
        field = _FORM_NAMES.get(key, key.replace("-", "_"))
        untouched = filled[field] == _shown(field, present) if field in filled else field in _LOAD
        if untouched:
            filled[field] = value
    return filled


def profile_values(name: str) -> dict[str, str]:
    """The options of a scenario's profile as texts, by their names on the command line."""
    with profile_of(name).open(encoding="utf-8") as lines:
        return {key: str(value) for key, value in configargparse.DefaultConfigFileParser().parse(lines).items()}


def _shown(field: str, present: Mapping[str, Any]) -> str:
    """What the form shows in a field before anybody changes it."""
    if field == "user_count":
        return str(present.get("num_users") or 1)
    value = present.get(field)
    if value is None:
        return "1" if field == "spawn_rate" else ""
    return str(value)
