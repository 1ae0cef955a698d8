"""`run`: what was run, on what, with which code, and what came of it in a few sentences."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from reports.schema.parts import CLOSED, GROWING, Amount, Count, Percent, Positive

Rating = Literal["EXCELLENT", "GOOD", "FAIR", "POOR"]
Limit = Literal["generator", "policy", "network", "none"]


@CLOSED
class Answer(TypedDict):
    """What the run says to one of the questions."""

    question: str
    answer: str


@CLOSED
class Check(TypedDict):
    """One thing that had to hold; `exit_code` is what the run ends with when it does not."""

    name: str
    passed: bool
    detail: str
    exit_code: int


@GROWING
class Network(TypedDict):
    """Where the network was reached."""

    name: NotRequired[str]
    nodes: NotRequired[dict[str, str]]
    """Account ids by address."""

    mirror_rest: NotRequired[str]
    mirror_grpc: NotRequired[str]
    tls: NotRequired[bool]
    words: NotRequired[str]
    """The network as what it is, e.g. "the embedded network"."""

    besides: NotRequired[str]
    """What is to be said of it besides, e.g. "2 s to consensus, as configured"; empty where nothing is."""

    node_source: NotRequired[str]
    """Where the nodes were known from, in words; empty where the network says its nodes itself."""

    node_remarks: NotRequired[list[str]]
    """Nodes and endpoints of the list that were not called as listed, one line each."""


@CLOSED
class Project(TypedDict):
    """The project that made the run: its version as pyproject.toml says, and the git commit it was checked out from."""

    name: str
    version: str
    """"unknown" where neither pyproject.toml nor an installation says it."""

    revision: str
    """The first 12 digits of the commit; empty where the code is in no checkout."""

    modified: bool | None
    """Whether files of the commit were changed; null where there is no revision."""


@CLOSED
class UserClass(TypedDict):
    """One class of users."""

    name: str
    weight: Amount
    fixed_count: Count
    users: Count
    """How many of the class there were when there were most users."""


@CLOSED
class Load(TypedDict):
    """The users that were asked for and that were there.

    It counts who was asked for by the command line, the web form, a load shape or the keyboard.
    """

    users: Count
    """The most users that were asked for at once."""

    users_there: Count
    """The most users that there were at once."""

    spawn_rate_per_s: Positive | None
    """Users started per second, as asked for at the start; null under a load shape."""

    run_time_s: Positive | None
    """Seconds of load that were asked for; null where it was to last until stopped, or a load shape says how long. What
    was made is load_s."""

    shape: str | None
    """The class of the load shape; null without one."""

    user_classes: list[UserClass]


@CLOSED
class Machine(TypedDict):
    """The machine of the process that led the run."""

    system: str
    architecture: str
    cores: Count
    memory_gb: Amount


@CLOSED
class Rate(TypedDict):
    """The rate that was asked for and kept."""

    asked_per_s: Positive
    """In the mean, where it changed as the run went on."""

    kept_per_s: Amount
    kept_percent: Percent
    highest_per_s: NotRequired[Positive]
    """The highest that was asked for, where it changed as the run went on."""


@CLOSED
class RunLimit(TypedDict):
    """What limited the run."""

    by: Limit
    sentence: str
    evidence: list[str]


@CLOSED
class Suite(TypedDict):
    """The expectations of a scenario summed up as a suite of tests."""

    tests: Count
    passed: Count
    success_percent: Percent
    rating: Rating
    """All passed; at least 90 %; at least 75 %; fewer. What cannot be told has not passed."""

    duration_s: Amount
    sentence: str


@CLOSED
class Run(TypedDict):
    """The section."""

    id: str
    started_at: float
    ended_at: float
    duration_s: Amount
    load_s: NotRequired[Amount]
    """Seconds until users were asked to stop; rates are per second of this. What they were at ended by duration_s."""

    headline: str
    """The answer in one sentence."""

    answers: NotRequired[list[Answer]]
    """What the run says to each of the questions that it can answer; the first is the headline."""

    suite: NotRequired[Suite]
    """Of a scenario that is rated."""

    exit_code: Annotated[int, Field(ge=0, le=5)]
    checks: list[Check]
    confirm: str
    """The confirmation levels, with commas between them."""

    baseline: str
    with_hedera: NotRequired[str]
    """The user's own application that did the operation with Hedera; empty where this project's client did it."""

    seed: Count
    workers: Count
    """Processes that generated load."""

    command: str
    settings: dict[str, object]
    network: Network
    topics: dict[str, str]
    """Topic ids by purpose."""

    operator_id: str
    project: NotRequired[Project]
    load: NotRequired[Load]
    versions: dict[str, str]
    machine: Machine
    clock_offset_ms: NotRequired[float | None]
    """How far the network's clock is ahead of this machine's, where it was measured."""

    limit: NotRequired[RunLimit]
    rate: NotRequired[Rate | None]
    """The rate that was asked for and kept; null where operations were not due by a rate."""
