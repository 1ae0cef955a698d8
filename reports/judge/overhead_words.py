"""What a comparison of two arms means, in words: costs X ± Y, no difference above Z, or cannot tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from reports.judge import phrases
from reports.judge.intervals import Interval

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
        short: The amount in words, for a sentence that lists several levels, e.g. `116 ms ± 4 ms`.
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
        return Judged("cannot tell", "cannot tell", f"Cannot tell what Hedera costs {name}: {why}.")
    low, high = mean.ci95
    if not mean.sure[0] <= 0 <= mean.sure[1]:
        verb: Conclusion = "costs" if mean.estimate > 0 else "saves"
        amount = phrases.amount(abs(mean.estimate), *sorted((abs(low), abs(high))))
        compared = _compared(None if relative is None else (relative.estimate, *relative.ci95))
        upto = f" up to “{confirm}”" if confirm else ""
        return Judged(verb, amount, f"Hedera {verb} {name} {amount} per operation{compared}{upto}.")
    reach = max(-low, high)
    seen = phrases.milliseconds(reach)
    if low <= 0 <= high and reach <= BLIND_ABOVE * baseline_ms:
        sentence = f"No difference above {seen} between {name} with and without Hedera (95 % confidence)."
        return Judged("no difference", f"nothing above {seen}", sentence)
    visible = phrases.milliseconds(POWER * mean.error)
    sentence = (
        f"Cannot tell what Hedera costs {name}: the difference lies between {phrases.interval(low, high)} (95 % "
        f"confidence), and the smallest that these pairs could show is {visible}. Run longer."
    )
    return Judged("cannot tell", "cannot tell", sentence)


def summary(entries: Sequence[Mapping[str, Any]]) -> str:
    """The answer for the first operation, over all its levels, in one sentence; `entries` as `overhead` returned."""
    levels = [entry for entry in entries if entry["operation"] == entries[0]["operation"]]
    told = [entry for entry in levels if entry["conclusion"] != "cannot tell"]
    if len(levels) == 1 or not told:
        return str(levels[0]["verdict"])
    parts = []
    for entry in told:
        amount = entry["short"] if entry["conclusion"] != "saves" else f"{entry['short']} less"
        relative = entry["relative_pct"]
        told_relative = entry["conclusion"] in ("costs", "saves") and relative["estimate"] is not None
        compared = _compared((relative["estimate"], *relative["ci95"]) if told_relative else None)
        parts.append(f"{amount}{compared} {_upto([entry])}")
    open_ones = [entry for entry in levels if entry not in told]
    rest = f"; what it costs {_upto(open_ones)}, this run cannot tell" if open_ones else ""
    return f"Hedera costs {levels[0]['operation']}, per operation: {_listed(parts)}{rest}."


def _compared(relative: tuple[float, float, float] | None) -> str:
    """A relative difference and its interval in parentheses; "" where there is none, or it is too wide to be told."""
    words = "" if relative is None else phrases.relative_within(*relative)
    return f" ({words})" if words else ""


def _upto(entries: Sequence[Mapping[str, Any]]) -> str:
    return "up to " + _listed([f"“{entry['confirm']}”" for entry in entries])


def _listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
