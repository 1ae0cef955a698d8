"""What of the measured times may be our own looking, and not the network's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from reports.judge.phrases import milliseconds

WORTH_SAYING: Final = 0.1
"""Share of the mean latency that may be ours, below which nobody needs to hear of it; half of it is to be expected."""


def in_words(operations: Iterable[Mapping[str, Any]]) -> list[str]:
    """A sentence for each operation whose times may be noticeably too long.

    Args:
        operations: The report's; those of an earlier version say nothing of it.
    """
    return [_sentence(entry) for entry in operations if _share(entry) >= WORTH_SAYING]


def _share(entry: Mapping[str, Any]) -> float:
    """Our part of the mean latency at most, over all that succeeded."""
    patience, latency = entry.get("patience_ms"), entry["latency_ms"]
    if not patience or not latency or not latency["mean"]:
        return 0.0
    return float(patience["mean"] * entry["noticed_late"] / (entry["succeeded"] * latency["mean"]))


def _sentence(entry: Mapping[str, Any]) -> str:
    level = f" ({entry['confirm']})" if entry["confirm"] else ""
    closer = " A shorter --receipt-interval looks more closely, with more calls."
    remedy = "" if entry["confirm"] == "mirror" else closer
    return (
        f"{entry['name']}{level}: up to {100 * _share(entry):.0f} % of its mean latency is our own waiting between two "
        f"looks, up to {milliseconds(entry['patience_ms']['mean'])} in the mean and "
        f"{milliseconds(entry['patience_ms']['p95'])} at p95; the network took that much less at most.{remedy}"
    )
