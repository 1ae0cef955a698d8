"""Checks requests to the web UI: only starts from its own page, with harmless values, are carried out.

Locust's form sets whatever option a request names. Here it may set the load and this project's own options; what names
code, files or addresses comes from the command line, the environment or a profile, and the form can only repeat it.
"""

from __future__ import annotations

from locust.env import Environment

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from flask import Response, jsonify, request

from config.baselines import parse_baseline
from config.options import faults_in_form
from config.parsing import parse_settings
from config.settings import RunSettings, option_name

LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")

LOAD: Final = ("user_count", "spawn_rate", "run_time", "host", "user_classes", "shape_class", "profile")
"""Fields of Locust's own form."""

FIXED: Final = (
    *("network_file", "report_dir", "localnet_faults", "breaker_storage", "with_hedera", "watch_pid", "watch_metrics"),
    "gates",
)
"""Options of ours that name code, files, processes or addresses."""

HARMLESS_BASELINES: Final = ("sqlite", "fixed")
"""Baselines that the form may choose; the others run code or call an address."""

FORBIDDEN: Final = 403


def judge_request(environment: Environment) -> Response | tuple[Response, int] | None:
    """Answer a request that must not be carried out; None lets Locust take it over.

    Refused are requests that change something and come from another site's page, requests for another host than this
    one while the web UI listens on loopback (a foreign name that was made to point here), and starts with values that
    are wrong or that only the command line may set.
    """
    options: Any = environment.parsed_options
    why = _foreign(request.method, dict(request.headers), getattr(options, "web_host", ""))
    if why:
        return told(environment, [why]), FORBIDDEN
    if not starts_a_run():
        return None
    faults = overreach(vars(options) if options is not None else {}, request.form.items(multi=True))
    faults = faults or faults_in_form(options, request.form.items()) or _faults_of_shapes(environment)
    if faults:
        return told(environment, faults)
    if options is not None and not request.form.get("run_time"):
        options.run_time = None  # Locust would start it without a limit, and keep an earlier start's among the options
    return None


def starts_a_run() -> bool:
    """Whether the present request is one that starts a run."""
    return request.method == "POST" and request.path.endswith("/swarm")


def settings_of_form(environment: Environment) -> RunSettings:
    """The settings that a start from the form will have; the form was judged before.

    Raises:
        SettingsError: it was not.
    """
    options: Any = environment.parsed_options
    return parse_settings({**(vars(options) if options is not None else {}), **dict(request.form.items())})


def _faults_of_shapes(environment: Environment) -> list[str]:
    """A shape of the form beside the class picker, which takes a locustfile's shape or none."""
    shape = request.form.get("shape", "")
    picking: Any = environment.web_ui
    if not shape or picking is None or not picking.userclass_picker_is_active:
        return []
    return [f"--shape {shape!r}: the class picker takes its place; start the web UI without --class-picker"]


def overreach(options: Mapping[str, Any], form: Iterable[tuple[str, str]]) -> list[str]:
    """What of a form only the command line may set, one line each; repeating the present value is fine.

    Args:
        options: The options in force.
        form: Fields and values.
    """
    found = []
    for name, value in form:
        present = _as_text(options.get(name))
        if name in LOAD or name not in options or value == present:
            continue
        if name == "baseline":
            if not _harmless(value):
                found.append(
                    f"--baseline {value!r}: the form may choose {' or '.join(HARMLESS_BASELINES)}; {_ELSEWHERE}"
                )
        elif name in FIXED or name not in RunSettings.model_fields:
            found.append(f"{option_name(name)} {value!r}: the form cannot change it from {present!r}; {_ELSEWHERE}")
    return found


_ELSEWHERE: Final = "give it on the command line or in a profile"


def _harmless(baseline: str) -> bool:
    try:
        return parse_baseline(baseline).kind in HARMLESS_BASELINES
    except ValueError:
        return True  # it is refused for what it is


def _as_text(value: Any) -> str:
    """An option's value as the form repeats it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _foreign(method: str, headers: Mapping[str, str], bound_to: str) -> str:
    """Why a request is not from this UI's own page; "" where it is, or where nothing speaks against it."""
    host = headers.get("Host", "")
    if bound_to in LOOPBACK and _name(host) not in LOOPBACK:
        return f"the web UI listens on {bound_to} and answers to no other name than {', '.join(LOOPBACK)}, not {host!r}"
    if method in ("GET", "HEAD", "OPTIONS"):
        return ""
    origin = headers.get("Origin") or headers.get("Referer") or ""
    if origin and urlsplit(origin).netloc != host:
        return f"a request from {urlsplit(origin).netloc or origin!r} is not taken; use this UI's own page"
    return ""


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return host


def told(environment: Environment, faults: list[str]) -> Response:
    """An answer in the form in which Locust's page shows it."""
    return jsonify({"success": False, "message": "\n".join(faults), "host": environment.host})
