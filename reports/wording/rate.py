"""The rate that was kept, in words."""

from __future__ import annotations

from reports.schema.run import Rate


def in_words(kept: Rate) -> str:
    """`100/s asked, 10.7/s kept (11 %)`."""
    asked = f"{kept['asked_per_s']:g}/s asked"
    if "highest_per_s" in kept:
        asked = f"{kept['asked_per_s']:.4g}/s asked in the mean"
    return f"{asked}, {kept['kept_per_s']:.4g}/s kept ({share_in_words(kept)})"


def share_in_words(kept: Rate) -> str:
    """`10.7 %`; a share that is not whole is never rounded up to 100 %."""
    percent = min(kept["kept_percent"], 99.9) if kept["kept_percent"] < 100 else 100.0
    return f"{percent:.3g} %"
