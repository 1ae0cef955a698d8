"""Turns the fields of `RunSettings` into Locust options, and Locust's parsed options back into settings."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from typing import Any, Final, Literal, Protocol, get_args, get_origin

from pydantic.fields import FieldInfo

from config.gates.reading import Joined
from config.levels import levels_text
from config.parsing import SettingsError, parse_settings
from config.settings import OneOf, Repeated, RunSettings, option_name

STOP_TIMEOUT: Final = "30s"
"""Locust's `--stop-timeout`, unless it is given: a run that stops lets its operations end. Locust's own 0 would kill
them, and an operation that is killed after it was sent has an unknown outcome."""


WEB_HOST: Final = "127.0.0.1"
"""Default of Locust's `--web-host`: anyone who can reach the web UI can start load. `*` is every interface."""


class _Parser(Protocol):
    """The methods of Locust's argument parser that are used here."""

    def add_argument(self, *flags: str, **options: Any) -> Any: ...

    def set_defaults(self, **values: Any) -> None: ...


class _AnyChoice(list[str]):
    """Choices that are shown (in `--help` and as the web form's dropdown) but not enforced by argparse.

    argparse stops at the first wrong value; the settings model names all wrong values at once.
    """

    def __contains__(self, _: object) -> bool:
        return True


def add_options(parser: _Parser) -> None:
    """Add one option per settings field, with the `LOCUST_…` variable and the web form field that belong to it."""
    parser.set_defaults(stop_timeout=STOP_TIMEOUT, web_host=WEB_HOST)
    for name, field in RunSettings.model_fields.items():
        if field.annotation is bool:
            parser.add_argument(
                option_name(name), env_var=f"LOCUST_{name.upper()}", action="store_true", help=field.description
            )
            continue
        choices = _choices(field)
        default = levels_text(field.default) if isinstance(field.default, tuple) else str(field.default)
        # On the parser, not on a group of its own: only options added here get a field in the web form.
        parser.add_argument(
            option_name(name),
            env_var=f"LOCUST_{name.upper()}",
            # Texts only: the model converts and checks, so that every way in is judged by the same rules.
            default=default,
            metavar=None if choices else name.rpartition("_")[2].upper(),
            choices=_AnyChoice(choices) if choices else None,
            help=f"{field.description} (default: {default or 'none'})",
            **({"action": Joined} if any(isinstance(mark, Repeated) for mark in field.metadata) else {}),
        )


def settings_from(options: Namespace | None) -> RunSettings:
    """Return the checked settings that Locust's parsed options hold.

    Raises:
        SettingsError: with one line per wrong value.
    """
    return parse_settings(vars(options) if options is not None else {})


def faults_in_form(options: Namespace | None, form: Iterable[tuple[str, str]]) -> list[str]:
    """Return the faults that the options would have with the web form applied; empty when there is none."""
    values = {**(vars(options) if options is not None else {}), **dict(form)}
    try:
        parse_settings(values)
    except SettingsError as error:
        return error.faults
    return []


def _choices(field: FieldInfo) -> tuple[str, ...]:
    listed = next((mark for mark in field.metadata if isinstance(mark, OneOf)), None)
    if listed is not None:
        return tuple(listed)
    return get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
