"""Numbers in words: durations with as many digits as they deserve, and counts."""

from __future__ import annotations

from typing import Final

SECONDS_FROM_MS: Final = 10_000
"""From here on a duration with an interval is told in seconds."""

MOST_TELLING: Final = 1_000.0
"""Percent up to which a relative difference stands in a sentence; the tables have it in any case."""


def counted(number: int, one: str, many: str) -> str:
    """A number with what it counts: `1 operation was`, `1,234 operations were`; `many` for none too."""
    return f"{number:,} {one if number == 1 else many}"


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


def amount(value: float, low: float, high: float) -> str:
    """A duration and its interval in one unit: `2,007 ms (between 2,005 and 2,010 ms)`.

    The interval is left out where its ends read the same.

    Args:
        value: Milliseconds, not below 0.
        low: Lower end, not above `value`.
        high: Upper end.
    """
    told, within = measured(value, low, high)
    return f"{told} ({within})" if within else told


def measured(value: float, low: float, high: float) -> tuple[str, str]:
    """The two parts of `amount`: `2,007 ms`, and `between 2,005 and 2,010 ms` or ""."""
    scale, unit = (1000, "s") if high >= SECONDS_FROM_MS else (1, "ms")
    value, low, high = value / scale, low / scale, high / scale
    digits = _digits(low, high)
    ends = [f"{end:,.{digits}f}" for end in (low, high)]
    if ends[0] == ends[1]:
        return milliseconds(value * scale), ""
    return f"{value:,.{digits}f} {unit}", f"between {ends[0]} and {ends[1]} {unit}"


def interval(low: float, high: float) -> str:
    """Two ends of an interval in the same unit, with digits enough to tell them apart: `+112 ms to +120 ms`."""
    width = high - low
    if width >= 2000:
        return f"{low / 1000:+,.1f} s to {high / 1000:+,.1f} s"
    digits = _digits(low, high)
    return f"{low:+,.{digits}f} ms to {high:+,.{digits}f} ms"


def _digits(low: float, high: float) -> int:
    """Digits behind the point that tell the ends of an interval apart, and no more."""
    width = high - low
    if width >= 20 or (width >= 2 and max(abs(low), abs(high)) >= 100):
        return 0
    return 1 if width >= 2 else 2


def relative(percent: float) -> str:
    """A relative difference: `+227 %`, `-1.5 %`."""
    return f"{percent:+,.0f} %" if abs(percent) >= 9.5 else f"{percent:+.1f} %"


def relative_within(percent: float, low: float, high: float) -> str:
    """A relative difference with its interval, where that shows: `+227 %, between +221 % and +235 %`.

    "" where the interval is no narrower than the number itself, because such a number would say more than is known; and
    above MOST_TELLING, because such a number says how short the baseline is, and nothing of Hedera.
    """
    if high - low >= abs(percent) or percent > MOST_TELLING:
        return ""
    told, ends = relative(percent), [relative(end) for end in (low, high)]
    return told if ends[0] == ends[1] else f"{told}, between {ends[0]} and {ends[1]}"
