"""What a search for the highest rate found, in words."""

from __future__ import annotations

from reports.schema.capacity import Capacity, Gates, Step
from reports.wording.phrases import milliseconds


def answer(found: Capacity, where: str) -> str:
    """How much was kept, and what stood in the way of more.

    Args:
        found: The report's `capacity`.
        where: On what, as a part of a sentence.
    """
    if not found["steps"]:
        return f"The search for the highest rate ended before it had tried one, {where}."
    if not found["rate_per_s"]:
        lowest = found["bad_per_s"]
        return f"No rate was kept, {where}: at {figure(lowest or 0.0)} operations per second {found['why']}."
    kept = f"{figure(found['rate_per_s'])} operations per second were kept, {where}"
    if not found["confirmed"]:
        kept += " (not confirmed)"
    operating = (
        f"with a margin to {found['margin_percent']:g} % that is {figure(found['operating_per_s'])}/s to operate at"
    )
    bad = found["bad_per_s"]
    if bad is None and found["why"]:
        return f"{kept}, and no higher rate was tried: {found['why']}; {operating}."
    if bad is None:
        return f"{kept}, the highest that was to be tried; {operating}."
    who = "The generator was the limit, so the network may keep more" if found["limit_by"] == "generator" else ""
    told = f"{kept}, and {figure(bad)} were not: {found['why']}; {operating}."
    return f"{told} {who}." if who else told


def figure(per_s: float) -> str:
    """A rate per second, to three digits, and whole from 100 on: 48.5, 196, 784."""
    return f"{per_s:,.0f}" if per_s >= 100 else f"{per_s:.3g}"


def gates(held: Gates) -> str:
    """What had to hold for a rate to be good."""
    limit = f", p95 at most {milliseconds(held['p95_ms'])}" if held["p95_ms"] else ""
    return (
        f"at least {held['kept_percent']:g} % of the due operations started in time, fewer than "
        f"{held['errors_percent']:g} % errors, fewer than {held['turned_away_percent']:g} % of the attempts turned away"
        f"{limit}, and a p95 that did not grow within the step"
    )


def outcome(step: Step) -> str:
    """Good, or why not."""
    return "good" if step["good"] else "; ".join(step["why"])


def line(step: Step) -> str:
    """A step in a line for the terminal."""
    p95 = milliseconds(step["p95_ms"]) if step["p95_ms"] is not None else "–"
    return (
        f"{figure(step['asked_per_s']):>7}/s asked, {figure(step['succeeded_per_s']):>6}/s succeeded, p95 {p95:>8}, "
        f"{step['seconds']:g} s: {outcome(step)}"
    )
