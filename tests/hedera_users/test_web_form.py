"""Whoever reaches the web UI can start load, and nothing else: no code, no file, no address of his own."""

from __future__ import annotations

from locust.env import Environment

from argparse import Namespace
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from config.settings import RunSettings
from hedera_users.web_form import FIXED, LOAD, judge_request, overreach

OPTIONS = {
    **{name: str(field.default) for name, field in RunSettings.model_fields.items()},
    "confirm": "receipt",
    "watch_pid": "",
    "watch_metrics": "",
    "web_host": "127.0.0.1",
    "csv_prefix": None,
    "html_file": None,
    "hedera_run": None,
    "locustfile": "locustfile.py",
    "headless": False,
    "num_users": None,
    "reset_stats": False,
    "only_summary": False,
}


def ask(path: str = "/swarm", method: str = "POST", host: str = "localhost:8089", **headers: str) -> Any:
    """What the guard says to a request; None where Locust may have it."""
    form = {"user_count": "5", "spawn_rate": "5"}
    with Flask("test").test_request_context(path, method=method, data=form, headers={"Host": host, **headers}):
        environment = Environment(parsed_options=Namespace(**OPTIONS))
        return judge_request(environment)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("baseline", "python:antigravity:fly"),
        ("baseline", "http:http://192.0.2.1/"),
        ("report_dir", "elsewhere"),
        ("network_file", "/etc/hostname"),
        ("localnet_faults", "plan.json"),
        ("breaker_storage", "redis://192.0.2.1/0"),
        ("watch_pid", "1"),
        ("watch_metrics", "http://192.0.2.1/metrics"),
        ("csv_prefix", "stats"),
        ("html_file", "page.html"),
        ("locustfile", "other.py"),
        ("hedera_run", "{}"),
        ("headless", "true"),
        ("web_host", "*"),
    ],
)
def test_what_names_code_files_or_addresses_is_not_the_forms_to_set(name: str, value: str) -> None:
    """One line with option, value and where it may be given; the same value as is in force may stand in the form."""
    (line,) = overreach(OPTIONS, [("user_count", "5"), (name, value)])
    assert repr(value) in line
    assert "command line or in a profile" in line
    assert overreach({**OPTIONS, name: value}, [(name, value)]) == []


def test_the_form_as_locust_sends_it_passes() -> None:
    """Locust's page sends every option of ours with its present value, and what the user has changed."""
    form = {name: str(value) for name, value in OPTIONS.items() if name in RunSettings.model_fields}
    assert overreach(OPTIONS, {**form, "message_bytes": "512", "baseline": "fixed:51ms"}.items()) == []
    assert overreach(OPTIONS, [("baseline", "nonsense")]) == []  # refused for what it is, by the settings


@given(st.dictionaries(st.sampled_from(sorted(OPTIONS)), st.text(max_size=20), max_size=8))
def test_whatever_a_form_holds_nothing_but_load_and_harmless_options_changes(form: dict[str, str]) -> None:
    """Of what passes, only fields that cannot name code, files or addresses differ from what was in force."""
    if overreach(OPTIONS, form.items()):
        return
    changed = {name for name, value in form.items() if value != ("" if OPTIONS[name] is None else str(OPTIONS[name]))}
    assert not changed & set(FIXED)
    assert changed <= set(LOAD) | set(RunSettings.model_fields) | {"headless", "reset_stats", "only_summary"}
    assert not ({"headless", "reset_stats", "only_summary"} & changed) or all(
        form[name] == str(OPTIONS[name]).lower() for name in {"headless", "reset_stats", "only_summary"} & changed
    )


@pytest.mark.parametrize("header", ["Origin", "Referer"])
def test_a_page_of_another_site_starts_nothing(header: str) -> None:
    """A browser sends such a request with the user's access; it names where it comes from."""
    answer, code = ask(**{header: "https://elsewhere.example/page"})
    assert code == 403
    assert "elsewhere.example" in answer.get_json()["message"]
    assert ask("/stop", **{header: "https://elsewhere.example"})[1] == 403
    assert ask(**{header: "http://localhost:8089/"}) is None
    assert ask() is None  # a script that is no browser
    assert ask("/stats/requests", "GET", **{header: "https://elsewhere.example"}) is None  # Locust sends no CORS header


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "http://localhost:9999",
        "http://localhost",
        "http://localhost:8089.elsewhere.example",
        "http://elsewhere.example/localhost:8089",
        "http://localhost:8089@elsewhere.example",
    ],
)
@pytest.mark.parametrize("path", ["/swarm", "/stop", "/stats/reset", "/user"])
def test_near_misses_of_this_page_start_nothing(origin: str, path: str) -> None:
    """A page in a sandbox, another server on this machine, and names that only look like this one."""
    assert ask(path, Origin=origin)[1] == 403
    assert ask(path, Origin="http://localhost:8089") is None


def test_a_second_value_of_the_same_field_is_looked_at_too() -> None:
    """Whichever of the two Locust would take."""
    for form in (
        [("baseline", "sqlite"), ("baseline", "python:a:b")],
        [("baseline", "python:a:b"), ("baseline", "sqlite")],
    ):
        (line,) = overreach(OPTIONS, form)
        assert "python:a:b" in line


def test_a_foreign_name_that_points_here_is_not_answered() -> None:
    """On loopback the UI has three names; any other was made to point to this machine by somebody else."""
    assert ask("/", "GET", "elsewhere.example:8089")[1] == 403
    for name in ("localhost", "127.0.0.1:8089", "[::1]:8089"):
        assert ask("/", "GET", name) is None
