"""The front door for locustfiles, this project's own and other teams': options, embedded network, report.

    from locust import task, events

    import hedera_load
    from hedera_users import HederaUser

    hedera_load.install(events)

Import it before the rooms below: it ends the process with one line where another package hides one of them
(docs/decisions/0115).
"""

from __future__ import annotations

from locust import events as _patched  # noqa: F401 (it patches the standard library, so it comes first)

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

ROOMS: Final = (
    *("config", "grpc_http2", "hedera_client", "hedera_users", "localnet", "localnet_launcher", "records", "reports"),
    *("resilience", "scenarios"),
)
"""The packages beside this module, in a checkout and in site-packages."""

_WRONG_CONFIGURATION: Final = 2
"""As in `config.exit_codes`, which cannot be imported before it is known to be ours."""


def hidden_rooms() -> list[str]:
    """One line for each of ROOMS that would be imported from elsewhere than from beside this module, or not at all."""
    beside = Path(__file__).resolve().parent
    found: list[str] = []
    for room in ROOMS:
        spec = find_spec(room)
        place = "" if spec is None else spec.origin or next(iter(spec.submodule_search_locations or ()), "")
        if not place:
            found.append(f"hedera-load's package {room!r} is not in {beside}: install hedera-load again")
        elif Path(place).resolve().parent != beside / room:
            found.append(f"hedera-load's package {room!r} is hidden by {place}: rename that, or move it into a package")
    return found


def install(events: Any, env_file: Path = Path(".env")) -> None:
    """Install everything except users: options, network, set-up of the run, report and exit code.

    Call it once, at the top of the locustfile: Locust reads its options after that. Nothing is started yet.

    Args:
        events: `locust.events`.
        env_file: Credentials and LOCUST_… defaults, where it exists; what the environment already holds wins.
    """
    from dotenv import load_dotenv

    from config.shapes import CAPACITY
    from config.streams import survive_closed_pipes
    from hedera_client.greenlets import prepare_process
    from hedera_users import lifecycle
    from reports import hooks
    from reports.judge.gates.refusals import refusals
    from scenarios.capacity_drive import drive_search
    from scenarios.hooks import Hooks

    # Before Locust's logging takes hold of standard output: `locust … | head -1` is no reason for tracebacks.
    survive_closed_pipes()
    load_dotenv(env_file)
    # gRPC must know of gevent before the first channel; channels are made after Locust has forked its workers.
    prepare_process(max_calls=0)
    # A scenario says what is to be run, the lifecycle sets it up, and then the reports look at it: hooks in this order.
    scenarios = Hooks()
    scenarios.install(events)
    cycle = lifecycle.install(events, drivers={CAPACITY: drive_search}, refusals=(refusals,))
    hooks.install(events)
    cycle.install_last(events)
    scenarios.install_web(events)
    cycle.install_web(events)


def _refuse(lines: list[str]) -> None:
    for line in lines:
        sys.stderr.write(f"locust: error: {line}\n")
    if lines:
        sys.exit(_WRONG_CONFIGURATION)


_refuse(hidden_rooms())
