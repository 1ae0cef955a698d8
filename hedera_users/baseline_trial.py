"""Tries the operation without Hedera once, before anything is paid: a baseline that fails compares nothing.

The application that does it with Hedera is looked for, and not tried: there is no topic yet that it could write to.
"""

from __future__ import annotations

from locust import User

import random
import time
from collections.abc import Callable, Iterable
from typing import Final

import gevent
import requests

from config.baselines import parse_baseline, parse_with_hedera
from config.proxies import requests_session
from config.secrets import without_secrets
from config.settings import RunSettings
from hedera_client.http_client import cause
from hedera_users.application_ways import application_function
from hedera_users.baseline import baseline_function
from hedera_users.own_functions import left_unawaited
from hedera_users.payloads import audit_event
from records.envelope import Envelope

TRIAL_S: Final = 5.0
"""Seconds that a trial may take."""

TRIAL_RUN: Final = "trial"
"""Name of the run in the event that a trial call is given, so that the application can tell it."""

_KIND: Final = "audit-event"


def has_baseline(user_classes: Iterable[type[User]]) -> bool:
    """Whether one of the user classes does the operation without Hedera."""
    return any("baseline" in (getattr(one, "looks_at", None) or ()) for one in user_classes)


def baseline_faults(settings: RunSettings, *, tries: bool, limit: float = TRIAL_S) -> list[str]:
    """What is wrong with a run's baseline, and with the user's own application with Hedera, one line each.

    A function of the user's own is imported, and called once with an event like those of the run; its application sees
    one event more. A server is asked for its head (HTTP HEAD), which writes nothing; any answer will do. The
    function of `--with-hedera` is imported, and not called.

    Args:
        settings: What was asked for.
        tries: Whether it is called, or only looked at.
        limit: Seconds that the call may take.
    """
    return [*_baseline_faults(settings, limit, tries=tries), *_application_faults(settings, limit, tries=tries)]


def _baseline_faults(settings: RunSettings, limit: float, *, tries: bool) -> list[str]:
    try:
        function = baseline_function(settings.baseline)
    except ValueError as error:
        return [str(error)]
    if not tries:
        return []
    spec = parse_baseline(settings.baseline)
    shown = f"--baseline {without_secrets(settings.baseline)!r}"
    if function is not None:
        why = _why_not_done(function, _payload(settings), limit)
        return [f"{shown}: its trial call {why}; mend it, or choose another"] if why else []
    return _server_faults(shown, spec.target, limit) if spec.kind == "http" else []


def _application_faults(settings: RunSettings, limit: float, *, tries: bool) -> list[str]:
    spec = parse_with_hedera(settings.with_hedera)
    try:
        application_function(settings.with_hedera)
    except ValueError as error:
        return [str(error)]
    if not tries or spec is None or spec.kind != "http":
        return []
    return _server_faults(f"--with-hedera {without_secrets(settings.with_hedera)!r}", spec.target, limit)


def _server_faults(shown: str, url: str, limit: float) -> list[str]:
    why = _why_not_reached(url, limit)
    return [f"{shown}: nobody answers there ({why}); start it, or correct the URL"] if why else []


def _payload(settings: RunSettings) -> bytes:
    envelope = Envelope(TRIAL_RUN, "0.0", 1, _KIND, time.time())
    return audit_event(envelope, settings.message_bytes, random.Random(settings.seed))


def _why_not_done(function: Callable[..., object], payload: bytes, limit: float) -> str:
    """Why a call did not do what it is for; "" where it did."""
    late = gevent.Timeout(limit)
    try:
        with late:
            answer = function(_KIND, payload)
    except gevent.Timeout as error:
        return f"was not done within {limit:g} s" if error is late else "raised Timeout"
    except (Exception, SystemExit) as error:
        return f"raised {' '.join(f'{type(error).__name__}: {error}'.split())[:300].rstrip(': ')}"
    if left_unawaited(answer):
        return "returned something to be awaited, and nobody would"
    return ""


def _why_not_reached(url: str, limit: float) -> str:
    """Why no HTTP server answers at a URL; "" where one does."""
    with requests_session(url) as session:
        try:
            session.head(url, timeout=limit, allow_redirects=False)
        except requests.RequestException as error:
            return " ".join(without_secrets(cause(error)).split())
    return ""
