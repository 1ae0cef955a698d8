"""Named snapshots that other rooms add to the report of their process; they travel with the measurements."""

from __future__ import annotations

from locust.env import Environment

import logging
from collections.abc import Callable
from typing import Any, Final

Snapshot = Callable[[], dict[str, Any]]

logger = logging.getLogger(__name__)

_ATTRIBUTE: Final = "hedera_report_sources"
_FAULTS: Final = "hedera_load_faults"
_CAPACITY: Final = "hedera_load_capacity"
_PLANNED: Final = "hedera_load_planned_faults"
_PROCESSES: Final = "hedera_load_processes"
_MOMENTS: Final = "hedera_load_planned_moments"
_PARTICIPANTS: Final = "hedera_load_participants"


def publish(environment: Environment, name: str, snapshot: Snapshot) -> None:
    """Let the reports read `snapshot()` under `name`, now and until the process's last report.

    Args:
        environment: Locust's environment of this process.
        name: `resilience`, `operation_counts`, `connections`, `mirror_streams`, `event_streams`, `collisions`, `load`,
            `edge_faults` or `arrivals`; publishing one again replaces the earlier snapshot.
        snapshot: Returns the process's totals since the run began, of types that msgpack can carry. It is called every
            few seconds and once more when the users have stopped, so it has to stay callable after that.
    """
    sources: dict[str, Snapshot] = getattr(environment, _ATTRIBUTE, {})
    setattr(environment, _ATTRIBUTE, {**sources, name: snapshot})


def collect(environment: Environment) -> dict[str, dict[str, Any]]:
    """Return every published snapshot by name; one that raises is left out and named in the log."""
    sources: dict[str, Snapshot] = getattr(environment, _ATTRIBUTE, {})
    collected = {}
    for name, snapshot in sources.items():
        try:
            collected[name] = snapshot()
        except Exception:
            logger.exception("The report source %r failed; the report goes without it", name)
    return collected


def publish_faults(environment: Environment, faults: Callable[[], list[dict[str, Any]]]) -> None:
    """Let the report show injected faults; called in the process that writes the report.

    Args:
        environment: Locust's environment of that process.
        faults: Returns the faults as the embedded network lists them (`GET /faults`); called once, after the run.
    """
    setattr(environment, _FAULTS, faults)


def injected_faults(environment: Environment) -> list[dict[str, Any]]:
    """Return the faults of `publish_faults`; empty where it was not called."""
    faults: Callable[[], list[dict[str, Any]]] | None = getattr(environment, _FAULTS, None)
    return faults() if faults is not None else []


def publish_capacity(environment: Environment, capacity: Callable[[], dict[str, Any]]) -> None:
    """Let the report show a search for the highest rate; called in the process that writes the report.

    Args:
        environment: Locust's environment of that process.
        capacity: Returns the report's `capacity`; called once, after the run.
    """
    setattr(environment, _CAPACITY, capacity)


def searched_capacity(environment: Environment) -> dict[str, Any] | None:
    """Return what the function of `publish_capacity` does, and forget it; None where there was no search."""
    capacity: Callable[[], dict[str, Any]] | None = getattr(environment, _CAPACITY, None)
    setattr(environment, _CAPACITY, None)
    return capacity() if capacity is not None else None


def plan_faults(environment: Environment, faults: list[dict[str, Any]]) -> None:
    """Have faults injected in the next runs, besides those of `--localnet-faults`; called where runs are set up.

    Args:
        environment: Locust's environment of that process.
        faults: In the form of docs/faults.md; their start counts from the start of the run.
    """
    setattr(environment, _PLANNED, faults)


def planned_faults(environment: Environment) -> list[dict[str, Any]]:
    """Return the faults of `plan_faults`; empty where it was not called."""
    faults: list[dict[str, Any]] = getattr(environment, _PLANNED, [])
    return faults


def publish_processes(environment: Environment, processes: dict[str, int]) -> None:
    """Let the reports watch processes that belong to the run and generate no load; called where runs are set up.

    Args:
        environment: Locust's environment of that process.
        processes: Their ids, by what they are called.
    """
    setattr(environment, _PROCESSES, processes)


def further_processes(environment: Environment) -> dict[str, int]:
    """Return the processes of `publish_processes`; empty where it was not called."""
    processes: dict[str, int] = getattr(environment, _PROCESSES, {})
    return processes


def plan_moments(environment: Environment, moments: dict[str, float]) -> None:
    """Say when users are to do something of their own in the next runs; called where runs are set up.

    Args:
        environment: Locust's environment of that process.
        moments: Seconds after the start of the run, by name.
    """
    setattr(environment, _MOMENTS, moments)


def planned_moments(environment: Environment) -> dict[str, float]:
    """Return the moments of `plan_moments`; empty where it was not called."""
    moments: dict[str, float] = getattr(environment, _MOMENTS, {})
    return moments


def publish_participants(environment: Environment, names: Callable[[], set[str]]) -> None:
    """Let the reports know which workers have been given users in the present run; called on the master.

    Args:
        environment: Locust's environment of the master.
        names: Returns their client ids in Locust.
    """
    setattr(environment, _PARTICIPANTS, names)


def participants(environment: Environment) -> set[str]:
    """Return the names of `publish_participants`; empty where it was not called."""
    names: Callable[[], set[str]] | None = getattr(environment, _PARTICIPANTS, None)
    return names() if names is not None else set()
