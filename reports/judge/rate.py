"""The rate that was asked for beside the rate that was kept."""

from __future__ import annotations

from reports.schema.accounting import Arrivals
from reports.schema.run import Rate


def rate(highest_per_s: float, mean_per_s: float, arrivals: Arrivals | None) -> Rate | None:
    """Return the report's `run.rate`; None where no rate was asked for.

    A start that came late was made, and its response time holds the delay; what was shed was not made, nor was what
    fell due of a dead process's share. Where nothing was due before the run was over, or no process lived to
    tell of it, nothing was kept.

    Args:
        highest_per_s: Of the settings; 0 in a closed model.
        mean_per_s: What was asked for in the mean, where it changed as the run went on; else the same.
        arrivals: Of the report's accounting; None where no process told of a schedule.

    Returns:
        `asked_per_s`, `kept_per_s` (of what was asked for, as much as was started of what was due), `kept_percent`, and
        `highest_per_s` where the rate changed.
    """
    if not highest_per_s:
        return None
    share = arrivals["started"] / arrivals["due"] if arrivals and arrivals["due"] else 0.0
    changed = 0 < mean_per_s != highest_per_s
    asked_per_s = mean_per_s if changed else highest_per_s
    found: Rate = {
        "asked_per_s": round(asked_per_s, 3) if changed else asked_per_s,
        "kept_per_s": round(asked_per_s * share, 3),
        "kept_percent": round(100 * share, 2),
    }
    if changed:
        found["highest_per_s"] = highest_per_s
    return found
