"""The report's table of operations and its timeline, read off the measurements."""

from __future__ import annotations

from collections.abc import Mapping

from reports.measure.distribution import Distribution
from reports.measure.keys import OperationKey, side_of
from reports.measure.measurements import OperationMeasure
from reports.measure.slowest import SlowOperation
from reports.measure.timeline import Point, Timeline
from reports.schema import operations as schema
from reports.schema import timeline as schema_of_time
from reports.schema.parts import Latency


def operations(
    measures: Mapping[OperationKey, OperationMeasure],
    consensus: Mapping[OperationKey, Distribution],
    load_s: float,
) -> list[schema.Operation]:
    """Return the report's `operations`, by name, arm and level.

    Args:
        measures: What was measured.
        consensus: Time from sending to the consensus timestamp, as the audit read it; where it has none for an
            operation, the phase stays as it was recorded.
        load_s: How long until users were asked to stop, for the rates; what they were at may have ended later.
    """
    return [
        _entry(key, measure, consensus.get(key), load_s)
        for key, measure in sorted(measures.items(), key=lambda item: item[0].order)
        if measure.closed
    ]


def _entry(
    key: OperationKey, measure: OperationMeasure, consensus: Distribution | None, load_s: float
) -> schema.Operation:
    phases = dict(measure.phases)
    if consensus is not None:
        phases["consensus"] = consensus
    return {
        "name": key.name,
        "arm": side_of(key.arm),
        "confirm": key.confirm or None,
        "started": measure.closed,
        "succeeded": measure.counts["succeeded"],
        "failed": measure.counts["failed"],
        "rejected": measure.counts["rejected"],
        "unknown": measure.counts["unknown"],
        "stopped": measure.stopped + measure.stopped_reads,
        "attempts": measure.attempts,
        "throughput_per_s": measure.counts["succeeded"] / load_s if load_s > 0 else 0.0,
        "bytes_per_s": measure.bytes_sent / load_s if load_s > 0 else 0.0,
        "latency_ms": figures(measure.latency),
        "latency_failed_ms": figures(measure.latency_failed),
        "response_ms": figures(measure.response),
        "phases_ms": {phase: figures(distribution) for phase, distribution in phases.items()},
        "patience_ms": figures(measure.patience),
        "noticed_late": measure.patience.count,
        "segments_ms": _segments(measure),
        "slowest": [_slow(one) for one in measure.slowest.operations],
    }


def _segments(measure: OperationMeasure) -> dict[str, schema.Segment | None]:
    """Mean milliseconds per segment, which add up to the mean response time; empty where nobody measured them."""
    return {
        segment: {"mean": round(spent / measure.timed / 1e6, 4)}
        for segment, spent in measure.segments_ns.items()
        if spent
    }


def _slow(one: SlowOperation) -> schema.SlowOperation:
    """A slow operation's timeline, in milliseconds from its scheduled moment."""
    return {
        "response_ms": round(one.response_s * 1000, 3),
        "scheduled_at": one.scheduled_at,
        "transaction_id": one.transaction_id,
        "attempts": one.attempts,
        "segments_ms": {name: round(seconds * 1000, 3) for name, seconds in one.segments_s.items()},
        "reached_ms": {
            name: round(at * 1000, 3) for name, at in sorted(one.reached_s.items(), key=lambda item: item[1])
        },
    }


def figures(distribution: Distribution) -> Latency | None:
    """A distribution in the report's figures (milliseconds), or None where nothing was measured."""
    summary = distribution.summary()
    if summary is None:
        return None
    return {
        "min": round(summary.min, 4),
        "mean": round(summary.mean, 4),
        "p50": round(summary.p50, 4),
        "p90": round(summary.p90, 4),
        "p95": round(summary.p95, 4),
        "p99": round(summary.p99, 4),
        "p99_9": round(summary.p99_9, 4),
        "max": round(summary.max, 4),
    }


def timeline(series: Timeline) -> schema_of_time.Timeline:
    """Return the report's `timeline`: points of `resolution_s` seconds per operation, those without events left out.

    `t` is in seconds since the first operation's slice of time.
    """
    first = round((series.began_at - series.origin) / series.resolution_s)
    return {
        "resolution_s": series.resolution_s,
        "series": [
            {
                "operation": key.name,
                "arm": side_of(key.arm),
                "confirm": key.confirm or None,
                "points": [
                    _point((slot - first) * series.resolution_s, point) for slot, point in sorted(points.items())
                ],
            }
            for key, points in sorted(series.series.items(), key=lambda item: item[0].order)
        ],
    }


def _point(seconds: int, point: Point) -> schema_of_time.Point:
    started, succeeded, failed, rejected, unknown = point.counts  # in the order of `measure.timeline.COUNTS`
    return {
        "t": seconds,
        "started": started,
        "succeeded": succeeded,
        "failed": failed,
        "rejected": rejected,
        "unknown": unknown,
        "p50_ms": _rounded(point.quantile_ms(0.5)),
        "p95_ms": _rounded(point.quantile_ms(0.95)),
        "p99_ms": _rounded(point.quantile_ms(0.99)),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
