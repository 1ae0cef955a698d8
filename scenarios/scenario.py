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
        key: Its short name, for `--drills`.
        faults: What is injected, as `docs/faults.md` describes it; `start` counts from the start of the drill. A
            fault's `name` is how the report calls it; give each the drill's.
        length_s: Seconds from its start until what it does is over.
        settle_s: Seconds after that before the next drill begins; what it caused has to have ended by then.
        moment: What a user does at its start (`Run.moments`), such as `hedera_users.burster.TOGETHER`; "" for nothing.
    """

    key: str = ""
    faults: tuple[Mapping[str, Any], ...] = ()
    length_s: float = 10.0
    settle_s: float = 4.0
    moment: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run of a scenario does, and when.

    Attributes:
        expectations: What has to come of it, of the chosen drills and of the whole.
        faults: What the drills inject; `start` counts from the start of the run.
        moments: Seconds after the start of the run at which a user does something, by what it is.
        length_s: Seconds until the last drill has settled; 0 where there is none.
    """

    expectations: tuple[Expectation, ...]
    faults: list[dict[str, Any]]
    moments: dict[str, float]
    length_s: float


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
        lead_in_s: Seconds before the first drill.
        rated: Whether the results are summed up as a suite of tests, with a rating.
    """

    name: str
    question: str
    users: tuple[type[User], ...]
    brief: tuple[str, ...] = ("--run-time", "10s")
    shape: Callable[[Namespace], LoadTestShape] | None = None
    expectations: tuple[Expectation, ...] = ()
    instead_of: frozenset[str] = field(default_factory=frozenset)
    lead_in_s: float = 5.0
    rated: bool = False

    @property
    def drills(self) -> tuple[Drill, ...]:
        """Those of its expectations that are drills."""
        return tuple(one for one in self.expectations if isinstance(one, Drill))

    def plan(self, chosen: str = "") -> Plan:
        """Put its drills one after another.

        Args:
            chosen: Short names of the drills to run, with commas between them; "" for all.

        Raises:
            ValueError: there is no such drill; the message is one line.
        """
        keys = [key.strip() for key in chosen.split(",") if key.strip()]
        known = [drill.key for drill in self.drills]
        if unknown := [key for key in keys if key not in known]:
            use = f"use {', '.join(known)}" if known else "it has none"
            raise ValueError(f"scenario {self.name} has no drill {', '.join(unknown)}; {use}")
        expectations = [one for one in self.expectations if not isinstance(one, Drill) or not keys or one.key in keys]
        faults: list[dict[str, Any]] = []
        moments: dict[str, float] = {}
        at = self.lead_in_s
        for drill in (one for one in expectations if isinstance(one, Drill)):
            faults += [{**fault, "start": at + fault.get("start", 0.0)} for fault in drill.faults]
            if drill.moment:
                moments[drill.moment] = at
            at += drill.length_s + drill.settle_s
        return Plan(tuple(expectations), faults, moments, at if at > self.lead_in_s else 0.0)
