"""What is true of a run where it runs, and may not be of where it is concluded: load, code, versions and machine."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from reports.schema.run import Load, Machine, Project


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of one run, of types that msgpack can carry; the report's `run` holds them.

    Attributes:
        arguments: The command line.
        project: `config.version.Version` of the process that led the run.
        versions: Of Python and the packages that figures depend on, by name.
        machine: The machine of the process that led the run.
        load: What `UserCounts.told` returns.
    """

    arguments: list[str]
    project: Project
    versions: dict[str, str]
    machine: Machine
    load: Load

    def dump(self) -> dict[str, Any]:
        """As a value of the journal."""
        return asdict(self)
