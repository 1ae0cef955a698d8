"""From the values of options to a run's settings, or to everything that is invalid about them at once."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import ValidationError

from config.gates.reading import faults_of
from config.networks import NETWORK_NAMES
from config.option_conflicts import contradictions
from config.secrets import without_secrets
from config.settings import RunSettings, option_name, read_faults


class SettingsError(ValueError):
    """One or more options are invalid. `faults` holds one line for each: option, value and what would be valid."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def parse_settings(values: dict[str, Any]) -> RunSettings:
    """Check option values (strings are converted) and return them typed.

    Other names are ignored, so Locust's own options may be passed along.

    Raises:
        SettingsError: with all faults at once.
    """
    ours = {name: values[name] for name in RunSettings.model_fields if values.get(name) is not None}
    try:
        settings = RunSettings(**ours)
    except ValidationError as error:
        raise SettingsError([_fault(dict(e)) for e in error.errors()]) from None
    faults = contradictions(settings) + _faults_of_files(settings)
    if faults:
        raise SettingsError(faults)
    return settings


def _faults_of_files(settings: RunSettings) -> list[str]:
    """Faults of the files that options name. Checked where values are read only: workers may not have the files."""
    faults = []
    try:
        settings.known_network()
    except ValueError as error:
        path, why = repr(settings.network_file), str(error)
        faults.append(f"--network-file {why}" if why.startswith(path) else f"--network-file {path}: {why}")
    try:
        if settings.localnet_faults:
            read_faults(settings.localnet_faults)
    except ValueError as error:
        faults.append(f"--localnet-faults {settings.localnet_faults!r}: {error}")
    return faults + faults_of(settings.gate, settings.gates)


def _fault(error: dict[str, Any]) -> str:
    """One pydantic error as one line."""
    message = str(error["msg"]).removeprefix("Value error, ")
    if not error["loc"]:
        return message
    field = str(error["loc"][0])
    remedy = message[0].lower() + message[1:]
    if error["type"] == "literal_error":
        choices = NETWORK_NAMES if field == "network" else get_args(RunSettings.model_fields[field].annotation)
        remedy = f"choose one of {', '.join(choices)}"
    return without_secrets(f"{option_name(field)} {error['input']!r}: {remedy}")
