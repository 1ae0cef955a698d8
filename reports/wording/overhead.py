"""What a comparison of two arms means, in words: Hedera adds X, no difference above Z, or this run cannot tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from records.operation import Arm
from reports.schema.overhead import Overhead
from reports.wording import phrases
from reports.wording.operation_names import listed, measured_to, one

CANNOT_TELL: Final = "cannot tell"
NOT_FINITE: Final = "the figures are not finite"
TAKES_NO_TIME: Final = "an arm takes no time that could be measured"


def verdict(entry: Overhead) -> str:
    """The answer in one sentence.

    Args:
        entry: Of the report; `short` and `verdict` are not read.
    """
    what = one(entry["operation"])
    estimate, ci95 = entry["absolute_ms"]["estimate"], entry["absolute_ms"]["ci95"]
    if estimate is None or ci95 is None:
        return f"This run cannot tell what Hedera adds per {what}: {entry['reason'] or NOT_FINITE}."
    low, high = ci95
    if entry["conclusion"] in ("costs", "saves"):
        verb = "adds" if entry["conclusion"] == "costs" else "saves"
        value, within = phrases.measured(abs(estimate), *sorted((abs(low), abs(high))))
        known = "; ".join(filter(None, [within, _relative(entry)]))
        upto = f", measured to {measured_to(entry['confirm'])}" if entry["confirm"] else ""
        return f"Hedera {verb} {value} per {what}{_bracketed(known)}{upto}."
    if entry["conclusion"] == "no difference":
        seen = phrases.milliseconds(max(-low, high))
        return f"No difference above {seen} per {what} with and without Hedera (95 % confidence)."
    return (
        f"This run cannot tell what Hedera adds per {what}: the difference lies between {phrases.interval(low, high)} "
        f"(95 % confidence), and the smallest that these pairs could show is "
        f"{phrases.milliseconds(entry['detectable_ms'])}. Run longer."
    )


def short(entry: Overhead) -> str:
    """The amount, for a sentence that lists several levels, e.g. `116 ms (between 112 and 120 ms)`."""
    estimate, ci95 = entry["absolute_ms"]["estimate"], entry["absolute_ms"]["ci95"]
    if estimate is None or ci95 is None or entry["conclusion"] == "cannot tell":
        return CANNOT_TELL
    low, high = ci95
    if entry["conclusion"] == "no difference":
        return f"nothing above {phrases.milliseconds(max(-low, high))}"
    value, within = phrases.measured(abs(estimate), *sorted((abs(low), abs(high))))
    return value + _bracketed(within)


def never_ran(arm: Arm) -> str:
    """Why no figure is given: an arm never ran."""
    return f"no operation ran {'with' if arm is Arm.HEDERA else 'without'} Hedera, so there is no pair"


def most_failed(arm: Arm, failed: int, pairs: int) -> str:
    """Why no figure is given: most operations of an arm did not succeed."""
    return (
        f"{failed:,} of {pairs:,} operations {'with' if arm is Arm.HEDERA else 'without'} Hedera did not succeed; the "
        "few that did are no fair sample (see Errors)"
    )


def too_few_pairs(complete: int, needed: int) -> str:
    """Why no figure is given: there are too few pairs."""
    return (
        f"{complete} complete {'pair' if complete == 1 else 'pairs'}; at least {needed} are needed "
        f"({needed - complete} more: run longer, or with more users)"
    )


def too_alike(pairs: int, worth: float) -> str:
    """Why no figure is given although there are pairs enough."""
    return (
        f"the {pairs:,} pairs resemble their neighbours so much that they tell no more than {worth:.0f} independent "
        "ones would; run longer"
    )


def needs_pairs(needed: int) -> str:
    """Why one of the figures is not given: it needs more pairs."""
    return f"needs {needed:,} pairs"


def pairs_alike(worth: float) -> str:
    """Why one of the figures is not given although there are pairs enough."""
    return f"its pairs resemble their neighbours, and are worth {worth:,.0f} independent ones"


def summary(entries: Sequence[Overhead], where: str = "") -> str:
    """The answer for the first operation, over all its levels.

    Args:
        entries: As `overhead` returned them.
        where: The network, for the sentence that people quote: `on testnet`.
    """
    levels = [entry for entry in entries if entry["operation"] == entries[0]["operation"]]
    told = [entry for entry in levels if entry["conclusion"] != "cannot tell"]
    there = f", {where}" if where else ""
    if not told:
        return levels[0]["verdict"]
    if len(levels) == 1:
        return f"{levels[0]['verdict'].removesuffix('.')}{there}."
    parts = [f"{_amount(entry)} to {measured_to(entry['confirm'])}" for entry in told]
    open_ones = [measured_to(entry["confirm"]) for entry in levels if entry not in told]
    rest = f" This run cannot tell what it adds to {listed(open_ones)}." if open_ones else ""
    return f"Hedera adds, per {one(levels[0]['operation'])}: {listed(parts)}{there}.{rest}"


def _amount(entry: Overhead) -> str:
    """What one of several levels adds: `116 ms (between 112 and 120 ms; +227 %, between +221 % and +235 %)`."""
    value, _, rest = entry["short"].partition(" (")
    told = f"{value} less" if entry["conclusion"] == "saves" else value
    compared = "" if entry["conclusion"] == "no difference" else _relative(entry)
    return told + _bracketed("; ".join(filter(None, [rest.removesuffix(")"), compared])))


def _relative(entry: Overhead) -> str:
    """The relative difference with its interval, where that shows."""
    estimate, ci95 = entry["relative_pct"]["estimate"], entry["relative_pct"]["ci95"]
    return "" if estimate is None or ci95 is None else phrases.relative_within(estimate, *ci95)


def _bracketed(words: str) -> str:
    return f" ({words})" if words else ""
