"""What a run watches: ids of processes and addresses, from text and back."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from config.parsing import SettingsError, parse_settings
from config.run import Run
from config.settings import RunSettings
from config.watches import parse_list
from hedera_users.local_checks import watch_faults
from tests.reports.ledger import run


def test_lists_with_commas() -> None:
    """Each once, in their order; nothing is a list too."""
    assert parse_list("b, a,b c") == parse_list(["b", "a", "c"]) == ("b", "a", "c")
    settings = RunSettings(watch_pid="12, 7,12", watch_metrics="http://a/metrics,https://b:1/m?x=1")
    assert settings.watch_pid == (12, 7)
    assert settings.watch_metrics == ("http://a/metrics", "https://b:1/m?x=1")
    assert RunSettings().watch_pid == RunSettings(watch_pid="").watch_pid == ()
    assert RunSettings.model_validate_json(settings.model_dump_json()) == settings


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("watch_pid", "x"),
        ("watch_pid", "0"),
        ("watch_pid", "-4"),
        ("watch_metrics", "host:9090"),
        ("watch_metrics", "ftp://x"),
    ],
)
def test_what_is_wrong_is_one_line(option: str, value: str) -> None:
    """With what would be right."""
    with pytest.raises(SettingsError) as raised:
        parse_settings({option: value})
    (fault,) = raised.value.faults
    assert fault.startswith(f"--{option.replace('_', '-')} {value!r}: give ")


def test_a_process_that_is_not_there_is_refused() -> None:
    """Before anything is started."""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    settings = RunSettings(watch_pid=f"{os.getpid()},{ended.pid}")
    assert watch_faults(settings) == [f"--watch-pid {ended.pid}: no process of this machine has this id"]


def test_secrets_stay_out_of_what_is_stored() -> None:
    """An address may hold a password."""
    described = run()
    settings = described.settings.model_copy(update={"watch_metrics": ("http://user:hush@host/metrics",)})
    stored = described.model_copy(update={"settings": settings}).without_secrets().model_dump_json()
    assert "hush" not in stored
    assert Run.model_validate_json(stored).settings.watch_metrics
