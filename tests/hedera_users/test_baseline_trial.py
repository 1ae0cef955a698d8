"""A baseline is tried once before anything is paid, and in time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from config.settings import RunSettings
from hedera_users.baseline_trial import baseline_faults, has_baseline
from hedera_users.hcs_submitter import HcsSubmitter
from hedera_users.overhead_user import OverheadUser

ROOT = Path(__file__).resolve().parents[2]

APPLICATION = """
calls = []
def store(kind, payload):
    calls.append((kind, payload))
def idle(kind, payload):
    from time import sleep
    sleep(30)
"""


@pytest.fixture
def application(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A module of the user's own."""
    (tmp_path / "tried_app.py").write_text(APPLICATION)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("tried_app", None)


def test_it_is_called_once_with_an_event_of_the_runs_size(application: None) -> None:
    """Of the run's form too, under a name that tells it from a run's."""
    settings = RunSettings(baseline="python:tried_app:store", message_bytes=512)
    assert baseline_faults(settings, tries=False) == []
    assert sys.modules["tried_app"].calls == []
    assert baseline_faults(settings, tries=True) == []
    ((kind, payload),) = sys.modules["tried_app"].calls
    assert (kind, len(payload), json.loads(payload)["run"]) == ("audit-event", 512, "trial")


def test_one_that_does_not_come_back_is_given_up(tmp_path: Path) -> None:
    """Under Locust's patching, as in a run, whatever it waits for."""
    (tmp_path / "tried_app.py").write_text(APPLICATION)
    code = (
        "import locust\nfrom config.settings import RunSettings\n"
        "from hedera_users.baseline_trial import baseline_faults\n"
        "print(baseline_faults(RunSettings(baseline='python:tried_app:idle'), tries=True, limit=0.2))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{tmp_path}"},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.stdout.strip() == str(
        ["--baseline 'python:tried_app:idle': its trial call was not done within 0.2 s; mend it, or choose another"]
    ), done.stderr


class _Head(BaseHTTPRequestHandler):
    seen: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        type(self).seen.append(self.path)
        self.send_response(405)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


def test_a_server_that_answers_anything_is_there() -> None:
    """It is asked for its head, which writes nothing."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Head)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}/events"
        assert baseline_faults(RunSettings(baseline=f"http:{url}"), tries=True) == []
        assert _Head.seen == ["/events"]
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("baseline", ["sqlite", "fixed:51ms"])
def test_others_need_no_trial(baseline: str) -> None:
    """What this project does itself is not tried."""
    assert baseline_faults(RunSettings(baseline=baseline), tries=True) == []


def test_only_where_somebody_has_a_baseline() -> None:
    """A run of submitters alone does without."""
    assert has_baseline([HcsSubmitter, OverheadUser])
    assert not has_baseline([HcsSubmitter])
