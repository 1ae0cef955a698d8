"""Attempts over time, by service: how retries multiplied the traffic, and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reports.schema.resilience import Attempts, Backoff
from resilience.activity import Series, merge_activities
from resilience.stats import Waited, quantile_of


def attempts(activity: Mapping[str, Series], began_at: float) -> list[Attempts]:
    """Return the report's `resilience.attempts`, one entry per service.

    Args:
        activity: What the guards of all processes counted, by their names `<worker>/<service>`.
        began_at: Unix time in seconds from which points are counted; what lies before it counts into the first.
    """
    by_service: dict[str, list[Series]] = {}
    for name, series in activity.items():
        by_service.setdefault(name.partition("/")[2] or name, []).append(series)
    return [_entry(service, merge_activities(found), began_at) for service, found in sorted(by_service.items())]


def _entry(service: str, series: Series, began_at: float) -> Attempts:
    return {
        "service": service,
        "resolution_s": series["width"],
        "points": [
            {"t": max(0.0, round(second - began_at, 3)), "first": first, "further": further, "most": most}
            for second, first, further, most in series["points"]
        ],
    }


def backoffs(measured: Mapping[str, Waited]) -> dict[str, Backoff]:
    """Return the report's `resilience.retries.backoffs`: waits by the number of the attempt that they follow.

    Args:
        measured: What the guards of all processes measured, with buckets in the place of percentiles.
    """
    return dict(_backoffs(measured))


def _backoffs(measured: Mapping[str, Waited]) -> Iterator[tuple[str, Backoff]]:
    for number, found in measured.items():
        low, high = found["min_s"], found["max_s"]
        p50, p90 = (min(high, max(low, quantile_of(found["buckets"], share))) for share in (0.5, 0.9))
        yield (
            number,
            {
                "count": found["count"],
                "seconds": round(found["seconds"], 6),
                "min_s": round(low, 6),
                "p50_s": round(p50, 6),
                "p90_s": round(p90, 6),
                "max_s": round(high, 6),
            },
        )
