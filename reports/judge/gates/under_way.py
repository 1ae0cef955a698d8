"""What can be seen of a run that goes on, in the form in which its gates are judged at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import gevent

from reports.collect.collector import Collector
from reports.judge.gates.evidence import Evidence
from reports.judge.leaks import trends, usage_over_time
from reports.judge.operations import operations, timeline
from reports.judge.overhead import overhead
from reports.judge.rate import rate
from reports.schema.accounting import Arrivals
from reports.schema.operations import Operation
from reports.schema.overhead import Overhead
from reports.schema.resources import Trend


def seen(collector: Collector, now: float, pause: Callable[[], None] = lambda: None) -> Evidence:
    """Return what was seen of a run until now; what takes long is computed when a gate asks for it.

    Args:
        collector: Where its data come together.
        now: Unix time in seconds.
        pause: Called between parts, to let users of the same process run.
    """
    measured, settings = collector.measurements, collector.run.settings
    began_at = measured.timeline.began_at
    load_s = max(0.0, now - began_at)
    found: list[Operation] = []
    for key in list(measured.operations):
        found += operations({key: measured.operations[key]}, {}, load_s)
        pause()
    return Evidence(
        operations=found,
        load_s=load_s,
        rate=rate(settings.arrival_rate, settings.arrival_rate, _arrivals(collector)),
        overhead=partial(_overhead, collector),
        trends=partial(_trends, collector, began_at, load_s),
    )


def _arrivals(collector: Collector) -> Arrivals | None:
    """What was due and started, as far as the processes have come; None where none has told yet."""
    came = [arrivals for sender in collector.senders.values() if (arrivals := sender.sources.get("arrivals"))]
    if not came:
        return None
    return {
        "due": sum(one["due"] for one in came),
        "started": sum(one["started"] for one in came),
        "shed": sum(one["shed"] for one in came),
        "late": {"no_user": 0, "process": 0},
        "latest_ms": 0.0,
    }


def _overhead(collector: Collector) -> Sequence[Overhead]:
    """Resampling takes a second, which a thread spends: users of the same process go on."""
    measured = collector.measurements
    samples = {key: sample.copy() for key, sample in measured.pairs.samples.items()}
    work = partial(overhead, samples, collector.run.settings.seed, list(measured.operations))
    found: Sequence[Overhead] = gevent.get_hub().threadpool.apply(work)
    return found


def _trends(collector: Collector, began_at: float, load_s: float) -> list[Trend]:
    used = usage_over_time(collector.usage, began_at - collector.run.started_at, load_s)
    senders = collector.senders.values()
    closed = {one.name: sum(sum(counts.values()) for counts in one.received.values()) for one in senders}
    return trends(used, timeline(collector.measurements.timeline), closed, load_s)
