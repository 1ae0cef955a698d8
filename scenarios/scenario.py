"""What a scenario is made of."""

from __future__ import annotations

from locust import LoadTestShape, User

from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from reports.schema.report import Report


class Judged(NamedTuple):
    """What was observed, in words, and whether it is as expected; None where the run cannot tell."""

    observed: str
    passed: bool | None


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that has to come of a run.

    Attributes:
        name: In a few words.
        expected: What has to be seen, in words, with its figures.
        judge: Looks at the run's report.
    """

    name: str
    expected: str
    judge: Callable[[Report], Judged]


@dataclass(frozen=True, slots=True)
class Drill(Expectation):
    """A fault on purpose while the load runs, and what has to come of it.

    Attributes:
        faults: What is injected, as `docs/faults.md` describes it; `start` counts from the start of the run. A fault's
            `name` is how the report calls it; give each the drill's.
    """

    faults: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario.

    Attributes:
        name: As its profile and its file are called.
        question: What it answers, as one question.
        users: The user classes that take part.
        brief: Options of Locust that make it short, for a quick look at all scenarios.
        shape: Makes the load's shape from Locust's options; None for as many users as the options say.
        expectations: What has to come of it; drills among them.
        instead_of: Names of the run's own checks (`run.checks`) that the expectations judge in their place, because
            the scenario provokes what they forbid: `requests`, `success`, `rate`. Whether every message arrived is
            always checked.
    """

    name: str
    question: str
    users: tuple[type[User], ...]
    brief: tuple[str, ...] = ("--run-time", "10s")
    shape: Callable[[Namespace], LoadTestShape] | None = None
    expectations: tuple[Expectation, ...] = ()
    instead_of: frozenset[str] = field(default_factory=frozenset)

    @property
    def faults(self) -> list[dict[str, Any]]:
        """What all of its drills inject."""
        return [dict(fault) for drill in self.expectations if isinstance(drill, Drill) for fault in drill.faults]
