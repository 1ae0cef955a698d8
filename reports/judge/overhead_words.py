"""What a comparison of two arms means, in words: Hedera adds X, no difference above Z, or this run cannot tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from reports.judge import phrases
from reports.judge.intervals import Interval
from reports.judge.operation_names import listed, measured_to, one

BLIND_ABOVE: Final = 0.5
"""An interval around 0 that reaches further than this part of the baseline's own mean shows nothing: a difference that
large could hide in it, so "no difference" would be a claim the run cannot make."""

POWER: Final = 1.96 + 0.84
"""Standard errors that a true difference must have to be seen at 95 % confidence in 80 of 100 runs."""

Conclusion = Literal["costs", "saves", "no difference", "cannot tell"]


@dataclass(frozen=True, slots=True)
class Judged:
    """What is concluded of one comparison.

    Attributes:
        conclusion: In one word.
        short: The amount in words, for a sentence that lists several levels, e.g. `116 ms (between 112 and 120 ms)`.
        sentence: The whole verdict.
    """

    conclusion: Conclusion
    short: str
    sentence: str


def judge(
    name: str, confirm: str, mean: Interval | None, relative: Interval | None, baseline_ms: float, reason: str | None
) -> Judged:
    """The answer in one sentence.

    "Costs" is said only when 99 % confidence says so: of 100 runs that compare equals, one may cry wolf, not five.

    Args:
        name: The operation.
        confirm: The confirmation level; "" where there is none.
        mean: Difference of the means in milliseconds; None where none is given.
        relative: The same in percent of the baseline's mean; None for a baseline that takes no time.
        baseline_ms: The baseline's mean in milliseconds.
        reason: Why no figure is given, or None.
    """
    if reason is not None or mean is None:
        why = reason or "the figures are not finite"
        return Judged("cannot tell", "cannot tell", f"This run cannot tell what Hedera adds per {one(name)}: {why}.")
    low, high = mean.ci95
    if not mean.ci99[0] <= 0 <= mean.ci99[1]:
        verb: Conclusion = "costs" if mean.estimate > 0 else "saves"
        value, within = phrases.measured(abs(mean.estimate), *sorted((abs(low), abs(high))))
        compared = "" if relative is None else phrases.relative_within(relative.estimate, *relative.ci95)
        known = "; ".join(filter(None, [within, compared]))
        told = f"{value} per {one(name)}{_bracketed(known)}"
        upto = f", measured to {measured_to(confirm)}" if confirm else ""
        sentence = f"Hedera {'adds' if verb == 'costs' else 'saves'} {told}{upto}."
        return Judged(verb, value + _bracketed(within), sentence)
    reach = max(-low, high)
    seen = phrases.milliseconds(reach)
    if low <= 0 <= high and reach <= BLIND_ABOVE * baseline_ms:
        sentence = f"No difference above {seen} per {one(name)} with and without Hedera (95 % confidence)."
        return Judged("no difference", f"nothing above {seen}", sentence)
    visible = phrases.milliseconds(POWER * mean.standard_error)
    sentence = (
        f"This run cannot tell what Hedera adds per {one(name)}: the difference lies between "
        f"{phrases.interval(low, high)} (95 % confidence), and the smallest that these pairs could show is {visible}. "
        "Run longer."
    )
    return Judged("cannot tell", "cannot tell", sentence)


def summary(entries: Sequence[Mapping[str, Any]], where: str = "") -> str:
    """The answer for the first operation, over all its levels.

    Args:
        entries: As `overhead` returned them.
        where: The network, for the sentence that people quote: `on testnet`.
    """
    levels = [entry for entry in entries if entry["operation"] == entries[0]["operation"]]
    told = [entry for entry in levels if entry["conclusion"] != "cannot tell"]
    there = f", {where}" if where else ""
    if not told:
        return str(levels[0]["verdict"])
    if len(levels) == 1:
        return f"{str(levels[0]['verdict']).removesuffix('.')}{there}."
    parts = [f"{_amount(entry)} to {measured_to(entry['confirm'])}" for entry in told]
    open_ones = [measured_to(entry["confirm"]) for entry in levels if entry not in told]
    rest = f" This run cannot tell what it adds to {listed(open_ones)}." if open_ones else ""
    return f"Hedera adds, per {one(levels[0]['operation'])}: {listed(parts)}{there}.{rest}"


def _amount(entry: Mapping[str, Any]) -> str:
    """What one of several levels adds: `116 ms (between 112 and 120 ms; +227 %, between +221 % and +235 %)`."""
    value, _, rest = str(entry["short"]).partition(" (")
    told = f"{value} less" if entry["conclusion"] == "saves" else value
    relative = entry["relative_pct"]
    compared = ""
    if entry["conclusion"] != "no difference" and relative["estimate"] is not None:
        compared = phrases.relative_within(relative["estimate"], *relative["ci95"])
    return told + _bracketed("; ".join(filter(None, [rest.removesuffix(")"), compared])))


def _bracketed(words: str) -> str:
    return f" ({words})" if words else ""
