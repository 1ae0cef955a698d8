"""Durations in words, with as many digits as they deserve."""

from __future__ import annotations

from typing import Final

LOPSIDED: Final = 1.5
"""How many times longer one side of an interval may be than the other for "±" to describe it."""

NOT_AUDITED: Final = "the audit could not be carried out"
"""How an audit's error begins that is not the mirror's."""


def not_read(error: str) -> str:
    """Why an audit is not there, as a sentence's beginning: the mirror, unless it was something else."""
    return error if error.startswith(NOT_AUDITED) else f"the mirror could not be read: {error}"


def milliseconds(value: float | None) -> str:
    """A duration with three significant digits: `0.41 ms`, `116 ms`, `2.35 s`; a dash for none."""
    if value is None:
        return "–"
    size = abs(value)
    if size >= 100_000:
        return f"{value / 1000:,.0f} s"
    if size >= 999.5:
        return f"{value / 1000:.2f} s"
    if size >= 99.95:
        return f"{value:.0f} ms"
    return f"{value:.1f} ms" if size >= 9.995 else f"{value:.2f} ms"


def with_margin(value: float, margin: float) -> str:
    """A duration and how far it may be off, in one unit: `116 ms ± 4 ms`, `2,012 ms ± 3 ms`, `3.21 ms ± 0.08 ms`.

    A margin that rounds to nothing is left out.
    """
    if margin < 0.005:
        return milliseconds(value)
    if margin >= 1000:
        return f"{value / 1000:,.1f} s ± {margin / 1000:,.1f} s"
    digits = 2
    if margin >= 0.95:
        digits = 0 if margin >= 10 or abs(value) >= 100 else 1
    return f"{value:,.{digits}f} ms ± {margin:,.{digits}f} ms"


def amount(value: float, low: float, high: float) -> str:
    """A duration and its interval: `116 ms ± 4 ms`, or both ends where one lies much further off than the other.

    Args:
        value: Milliseconds.
        low: Lower end, not above `value`.
        high: Upper end.
    """
    sides = sorted((value - low, high - value))
    if sides[1] > LOPSIDED * max(sides[0], 0.005):
        return f"{milliseconds(value)} (between {milliseconds(low)} and {milliseconds(high)})"
    return with_margin(value, sides[1])


def interval(low: float, high: float) -> str:
    """Two ends of an interval in the same unit, with digits enough to tell them apart: `+112 ms to +120 ms`."""
    width = high - low
    if width >= 2000:
        return f"{low / 1000:+,.1f} s to {high / 1000:+,.1f} s"
    digits = 0 if width >= 20 or (width >= 2 and max(abs(low), abs(high)) >= 100) else 1 if width >= 2 else 2
    return f"{low:+,.{digits}f} ms to {high:+,.{digits}f} ms"


def relative(percent: float) -> str:
    """A relative difference: `+227 %`; where that would be a number of five digits, `1,402 times the baseline`."""
    if percent >= 10_000:
        return f"{1 + percent / 100:,.0f} times the baseline"
    return f"{percent:+,.0f} %" if abs(percent) >= 9.5 else f"{percent:+.1f} %"


def relative_within(percent: float, low: float, high: float) -> str:
    """A relative difference with its interval, where that shows: `+227 %, between +221 % and +235 %`.

    "" where the interval is no narrower than the number itself: such a number would say more than is known.
    """
    if high - low >= abs(percent):
        return ""
    told = relative(percent)
    ends = [f"{1 + end / 100:,.0f}" if percent >= 10_000 else relative(end) for end in (low, high)]
    if told.startswith(ends[0]) and ends[0] == ends[1]:
        return told
    return f"{told}, between {ends[0]} and {ends[1]}"
