"""What of the measured times may be our own looking, and not the network's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from reports.schema.operations import Operation
from reports.wording.phrases import milliseconds

WORTH_SAYING: Final = 0.1
"""Share of the mean latency that may be ours, below which nobody needs to hear of it; half of it is to be expected."""


def in_words(operations: Iterable[Operation]) -> list[str]:
    """A sentence for each operation whose times may be noticeably too long.

    Args:
        operations: The report's; those of an earlier version say nothing of it.
    """
    return [told for entry in operations if (told := _sentence(entry))]


def _sentence(entry: Operation) -> str:
    """On one operation; "" where our part of the mean latency, over all that succeeded, is not worth saying."""
    patience, latency = entry.get("patience_ms"), entry["latency_ms"]
    if not patience or not latency or not latency["mean"]:
        return ""
    share = patience["mean"] * entry["noticed_late"] / (entry["succeeded"] * latency["mean"])
    if share < WORTH_SAYING:
        return ""
    level = f" ({entry['confirm']})" if entry["confirm"] else ""
    closer = " A shorter --receipt-interval looks more closely, with more calls."
    looks_for_receipts = entry["confirm"] and entry["confirm"] != "mirror"  # what has no level looks at the mirror
    remedy = closer if looks_for_receipts else ""
    return (
        f"{entry['name']}{level}: up to {100 * share:.0f} % of its mean latency is our own waiting between two looks, "
        f"up to {milliseconds(patience['mean'])} in the mean and {milliseconds(patience['p95'])} at p95; the network "
        f"took that much less at most.{remedy}"
    )
