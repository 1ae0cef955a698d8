"""What one process of the load generator used: processor, memory, and the limits it ran under."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import gevent
import psutil

from reports.measure.usage import UsageSeries, look_at
from reports.schema.resources import Usage

INTERVAL_S: Final = 1.0

MAX_SAMPLES: Final = 600
"""Samples kept; a longer run keeps every second of them, then every fourth, and so on."""

CPU_WARNING_PERCENT: Final = 90.0
"""Above this a Python process has no room left: it measures its own queue, not the network (Locust warns there too)."""


@dataclass(slots=True)
class Sample:
    """One look: seconds since the run's start, percent of one core, resident bytes."""

    t: float
    cpu_percent: float
    rss_bytes: int


class ResourceMonitor:
    """Samples this process once a second, in a greenlet, from `start` to `stop`.

    Attributes:
        series: What it used over time.

    Args:
        origin: Unix time in seconds of the run's start.
        clock: Unix time in seconds.
        series: Where looks are added; None for a series of its own.
    """

    def __init__(
        self, origin: float, clock: Callable[[], float] = time.time, series: UsageSeries | None = None
    ) -> None:
        self.series = UsageSeries(origin) if series is None else series
        self._origin = origin
        self._clock = clock
        self._process = psutil.Process()
        self._samples: list[Sample] = []
        self._stride = 1
        self._looks = 0
        self._cpu_total = 0.0
        self._cpu_max = 0.0
        self._rss_max = 0
        self._greenlet: gevent.Greenlet | None = None

    def start(self) -> None:
        """Begin to sample."""
        self._process.cpu_percent()  # the first call only sets the reference
        self._greenlet = gevent.spawn(self._run)

    def stop(self) -> None:
        """Take a last sample and end."""
        if self._greenlet is not None:
            self._greenlet.kill()
            self._greenlet = None
            if self._looks == 0:
                self.look()

    def look(self) -> None:
        """Take one sample."""
        used = look_at(self._process)
        at = self._clock()
        self.series.add(at, used)
        sample = Sample(at - self._origin, self._process.cpu_percent(), int(used.rss_bytes or 0))
        self._looks += 1
        self._cpu_total += sample.cpu_percent
        self._cpu_max = max(self._cpu_max, sample.cpu_percent)
        self._rss_max = max(self._rss_max, sample.rss_bytes)
        if (self._looks - 1) % self._stride == 0:
            self._samples.append(sample)
        if len(self._samples) > MAX_SAMPLES:
            self._samples = self._samples[::2]
            self._stride *= 2

    def summary(self, with_samples: bool) -> Usage:
        """What this process used so far, of types that msgpack can carry; samples are `[t, cpu percent, MB]`."""
        pool = gevent.get_hub().threadpool
        return {
            "pid": os.getpid(),
            "cores": os.cpu_count() or 1,
            "cpu_percent": {"mean": self._cpu_total / max(1, self._looks), "max": self._cpu_max},
            "rss_mb": {"max": self._rss_max / 1e6},
            "thread_pool_size": int(pool.maxsize),
            "samples": [[round(s.t, 1), round(s.cpu_percent, 1), round(s.rss_bytes / 1e6, 1)] for s in self._samples]
            if with_samples
            else [],
        }

    def _run(self) -> None:
        while True:
            gevent.sleep(INTERVAL_S)
            self.look()
