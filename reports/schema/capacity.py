"""`capacity`: the search for the highest rate that was kept, step by step."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from reports.schema.parts import CLOSED, GROWING, Amount, Count, Percent, Positive

Purpose = Literal["climb", "narrow", "close", "confirm", "again"]


@CLOSED
class Gates(TypedDict):
    """What had to hold in a step for its rate to be good."""

    kept_percent: Percent
    """Least part of the due operations that had to be started in time."""

    errors_percent: Percent
    """Fewer of the ended operations than this were to fail, be rejected or stay unknown."""

    turned_away_percent: Percent
    """Fewer of the attempts than this were to be turned away by the network and made again."""

    p95_ms: Amount
    """Longest p95 of the operations that succeeded; 0: no limit."""


@CLOSED
class Step(TypedDict):
    """One rate that was tried; counts and times are of `seconds` after a settle time."""

    t: Amount
    """When it began to be measured, seconds since the start."""

    seconds: Positive
    purpose: Purpose
    """climb: times a factor; narrow: between good and bad; close: just above a good one; confirm: for longer; again: a
    step that was bad by little, once more."""

    asked_per_s: Positive
    kept_percent: Percent
    """Of the due operations, those that were started in time."""

    succeeded_per_s: Amount
    succeeded: Count
    failed: Count
    rejected: Count
    unknown: Count
    turned_away: Count
    """Attempts that the network turned away and that were made again."""

    p50_ms: Amount | None
    """Of those that succeeded, from their start."""

    p95_ms: Amount | None
    cpu_percent: Amount | None
    """Of one core, of the busiest process that made the load."""

    good: bool
    why: list[str]
    """What did not hold; empty where it was good."""


@GROWING
class PublishedLimit(TypedDict):
    """A limit that the network publishes, or that its nodes are known to have, beside what was found."""

    name: str
    per_s: Positive
    source: str


@GROWING
class Capacity(TypedDict):
    """The section."""

    steps: list[Step]
    gates: Gates
    rate_per_s: Amount
    """The highest rate that was good; 0 where none was."""

    bad_per_s: Positive | None
    """The lowest rate that was not; null where none was tried that was not."""

    limit_by: Literal["network", "generator"] | None
    """Who was at the limit at bad_per_s."""

    why: str
    """What happened there, or why the search ended before it was done."""

    confirmed: bool
    """Whether the rate was held for the time of a confirmation."""

    operating_per_s: Amount
    """The rate with the margin taken off."""

    margin_percent: Percent
    published: list[PublishedLimit]
    """Limits to hold it against; empty where none are known."""
