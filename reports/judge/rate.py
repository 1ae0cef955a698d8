"""The rate that was asked for beside the rate that was kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def rate(asked_per_s: float, arrivals: Mapping[str, Any] | None) -> dict[str, float] | None:
    """Return the report's `run.rate`; None where operations were not due by a rate, or none was due.

    A start that came late was made, and its response time holds the delay; what was shed was not made, nor was what
    fell due of a dead process's share.

    Args:
        asked_per_s: Of the settings.
        arrivals: Of the report's accounting.

    Returns:
        `asked_per_s`, `kept_per_s` (of what was asked for, as much as was started of what was due) and `kept_percent`.
    """
    if not arrivals or not arrivals["due"]:
        return None
    share = arrivals["started"] / arrivals["due"]
    return {
        "asked_per_s": asked_per_s,
        "kept_per_s": round(asked_per_s * share, 3),
        "kept_percent": round(100 * share, 2),
    }


def in_words(kept: Mapping[str, float]) -> str:
    """`100/s asked, 10.7/s kept (11 %)`."""
    return f"{kept['asked_per_s']:g}/s asked, {kept['kept_per_s']:.4g}/s kept ({share_in_words(kept)})"


def share_in_words(kept: Mapping[str, float]) -> str:
    """`10.7 %`; a share that is not whole is never rounded up to 100 %."""
    percent = min(kept["kept_percent"], 99.9) if kept["kept_percent"] < 100 else 100.0
    return f"{percent:.3g} %"
