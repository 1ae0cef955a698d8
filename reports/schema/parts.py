"""What sections of a report have in common."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict  # typing's own, which pydantic reads, comes with Python 3.12

CLOSED: Final = with_config(ConfigDict(extra="forbid", use_attribute_docstrings=True))
"""Has these keys and no others."""

GROWING: Final = with_config(ConfigDict(extra="allow", use_attribute_docstrings=True))
"""May have more keys than are described: what other rooms publish, and what later versions add."""

Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Percent = Annotated[float, Field(ge=0, le=100)]
Bounds = Annotated[list[float], Field(min_length=2, max_length=2)]
"""The two ends of an interval, the lower one first."""

Percentile = Literal["p50", "p95", "p99"]

Side = Annotated[
    Literal["baseline", "hedera"] | None,
    Field(description="Side of a baseline-vs-Hedera pair; null where the operation is no part of a pair."),
]


@CLOSED
class Latency(TypedDict):
    """Milliseconds. min, mean and max are exact, percentiles within 0.05 %."""

    min: Amount
    mean: Amount
    p50: Amount
    p90: Amount
    p95: Amount
    p99: Amount
    p99_9: Amount
    max: Amount
