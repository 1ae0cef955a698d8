"""What has to be said of how the run was made, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

NO_FEES: Final = "Fees are not measured in this version."


def no_processor_left(name: str, most: float) -> str:
    """A process that used nearly all of a core at least once; `most` is percent of a core."""
    return (
        f"{name} used up to {most:.0f} % of a core: its latencies may contain its own queue. Use more workers or fewer "
        "users."
    )


def circuits_not_shared(services: Sequence[str]) -> str:
    """Circuits that were to be shared, and were not all the time."""
    return (
        f"Redis did not answer all the time (--breaker-storage): meanwhile each worker had circuits of its own for "
        f"{', '.join(services)}"
    )
