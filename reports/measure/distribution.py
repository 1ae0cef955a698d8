"""Durations as an HDR histogram: three significant digits from a microsecond to an hour, exactly mergeable."""

from __future__ import annotations

import math
import weakref
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from hdrh.histogram import HdrHistogram

LOWEST_US: Final = 1
HIGHEST_US: Final = 3_600_000_000
SIGNIFICANT_DIGITS: Final = 3

_LINEAR_BITS: Final = 11
"""Three digits take 2,048 steps: values of up to so many bits are told apart exactly."""

FOLD_AT: Final = 4096
"""Values that wait before they are folded into the histogram in one vectorised step: recording one is a list append."""

QUANTILES: Final = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}


@dataclass(frozen=True, slots=True)
class Summary:
    """A distribution in the figures of the report, in milliseconds; `min`, `mean` and `max` are exact."""

    min: float
    mean: float
    p50: float
    p90: float
    p95: float
    p99: float
    p99_9: float
    max: float


class Distribution:
    """Durations in seconds, kept as counts per microsecond bucket.

    Shorter than a microsecond counts as one microsecond, longer than an hour as an hour. Merging is exact: it adds
    bucket counts, so the merge of parts equals the histogram of the whole.
    """

    __slots__ = ("_count", "_histogram", "_max_us", "_min_us", "_pending", "_sum_us")

    def __init__(self) -> None:
        self._pending: list[float] = []
        self._histogram: Any = None
        self._count = 0
        self._sum_us = 0
        self._min_us = HIGHEST_US
        self._max_us = 0

    def record(self, seconds: float) -> None:
        """Add one duration."""
        self._pending.append(seconds)
        if len(self._pending) >= FOLD_AT:
            self._fold()

    @property
    def count(self) -> int:
        """How many durations were recorded."""
        return self._count + len(self._pending)

    def dump(self) -> dict[str, Any] | None:
        """Return it in a form that msgpack can carry (HdrHistogram V2 encoding), or None while it is empty."""
        self._fold()
        if not self._count:
            return None
        return {
            "hdr": self._histogram.encode(),
            "count": self._count,
            "sum_us": self._sum_us,
            "min_us": self._min_us,
            "max_us": self._max_us,
        }

    def merge_dump(self, dumped: dict[str, Any] | None) -> None:
        """Add what `dump` returned in another process."""
        if dumped is None:
            return
        self._fold()
        self._counts()  # makes the histogram
        other = HdrHistogram.decode(dumped["hdr"])
        self._histogram.add(other)
        other.encoder = None  # as in `_counts`
        self._note(dumped["count"], dumped["sum_us"], dumped["min_us"], dumped["max_us"])

    def quantile(self, share: float) -> float:
        """Return the duration in seconds that `share` (0 to 1) of the recorded ones do not exceed; nan when empty.

        The nearest-rank rule: the smallest recorded value with at least that share at or below it, within half a
        bucket (0.05 %).
        """
        return self.quantiles([share])[0]

    def quantiles(self, shares: list[float]) -> list[float]:
        """Return `quantile` of each share, at the cost of one pass."""
        self._fold()
        if not self._count:
            return [math.nan] * len(shares)
        cumulated = np.cumsum(self._counts())
        ranks = [max(1, math.ceil(share * self._count - 1e-9)) for share in shares]
        return [self._value(int(index)) / 1e6 for index in np.searchsorted(cumulated, ranks)]

    def buckets(self) -> list[tuple[int, int, int]]:
        """Return first and last microsecond of every bucket that holds durations, and how many it holds, ascending."""
        self._fold()
        if not self._count:
            return []
        counts, histogram = self._counts(), self._histogram
        found = np.flatnonzero(counts)
        lows = [histogram.get_value_from_index(index) for index in found.tolist()]
        # 2,048 steps of one size per power of two, as HdrHistogram lays its buckets out: one more doubles the size.
        return [
            (low, low + (1 << max(0, low.bit_length() - _LINEAR_BITS)) - 1, count)
            for low, count in zip(lows, counts[found].tolist(), strict=True)
        ]

    def summary(self) -> Summary | None:
        """Return the report's figures in milliseconds, or None while it is empty."""
        quantiles = self.quantiles(list(QUANTILES.values()))
        if not self._count:
            return None
        return Summary(
            min=self._min_us / 1000,
            mean=self._sum_us / self._count / 1000,
            max=self._max_us / 1000,
            **{name: seconds * 1000 for name, seconds in zip(QUANTILES, quantiles, strict=True)},
        )

    def _value(self, index: int) -> float:
        """Middle of a bucket in microseconds, never outside of what was recorded."""
        low = self._histogram.get_value_from_index(index)
        high = self._histogram.get_highest_equivalent_value(low)
        return float(min(max((low + high) / 2, self._min_us), self._max_us))

    def _fold(self) -> None:
        """Move what waits into the histogram."""
        if not self._pending:
            return
        values = np.rint(np.asarray(self._pending) * 1e6).astype(np.int64).clip(LOWEST_US, HIGHEST_US)
        self._pending.clear()
        counts = self._counts()
        np.add.at(counts, _bucket_indices(values, self._histogram), 1)
        self._note(len(values), int(values.sum()), int(values.min()), int(values.max()))

    def _counts(self) -> npt.NDArray[np.uint64]:
        """The histogram's own counters, shared; makes the histogram on first use, since each takes 190 kB."""
        if self._histogram is None:
            self._histogram = HdrHistogram(LOWEST_US, HIGHEST_US, SIGNIFICANT_DIGITS)
            # Histogram and encoder hold each other, and would wait for the garbage collector: at two a second, 10 MB.
            self._histogram.encoder.histogram = weakref.proxy(self._histogram)
        return np.ctypeslib.as_array(self._histogram.counts)

    def _note(self, count: int, sum_us: int, min_us: int, max_us: int) -> None:
        """Keep the exact totals, and those that the histogram keeps for its own encoding."""
        self._count += count
        self._sum_us += sum_us
        self._min_us = min(self._min_us, min_us)
        self._max_us = max(self._max_us, max_us)
        histogram = self._histogram
        histogram.total_count, histogram.min_value, histogram.max_value = self._count, self._min_us, self._max_us


def _bucket_indices(values: npt.NDArray[np.int64], histogram: Any) -> npt.NDArray[np.int64]:
    """`HdrHistogram.get_counts_array_index` for many values at once (a test holds the two equal)."""
    _, exponents = np.frexp((values | histogram.sub_bucket_mask).astype(np.float64))
    half_magnitude = histogram.sub_bucket_half_count_magnitude
    buckets = exponents.astype(np.int64) - histogram.unit_magnitude - (half_magnitude + 1)
    sub_buckets = values >> (buckets + histogram.unit_magnitude)
    indices: npt.NDArray[np.int64] = ((buckets + 1) << half_magnitude) + sub_buckets - histogram.sub_bucket_half_count
    return indices
