"""One process's recording of one run: what it sends to wherever the run's data come together."""

from __future__ import annotations

from locust.env import Environment

import platform
import time
from dataclasses import dataclass
from typing import Any

import gevent
from gevent.lock import RLock

from config.run import Run
from records import sources
from reports.measure.clock_offset import DateProbe
from reports.measure.measurements import OUTCOMES
from reports.measure.recorder import Recorder
from reports.measure.resources import ResourceMonitor


@dataclass(slots=True)
class Totals:
    """Operations that this process closed since the run began, by count key and outcome; deltas must add up to it."""

    closed: dict[str, dict[str, int]]

    def add(self, count_key: str, counts: dict[str, int]) -> None:
        """Add a slice's counts."""
        mine = self.closed.setdefault(count_key, dict.fromkeys(OUTCOMES, 0))
        for outcome, count in counts.items():
            mine[outcome] += count


def let_users_run() -> None:
    """Give the hub back: work of a few milliseconds in one piece would be part of the latencies that are measured."""
    gevent.sleep(0)


class Recording:
    """Records the run in this process and hands it out in numbered deltas.

    A delta is a dictionary that msgpack can carry: `run` and `sequence` (from 1) say what it continues, `measurements`,
    `rows` and `usage` are new since the delta before, `totals`, `sources`, `resources` and `clock` are since the run
    began.
    `sources` and `measurements` are read at one instant, so that started = closed + in flight holds within a delta.
    """

    def __init__(self, environment: Environment, run: Run) -> None:
        self.run = run
        self._environment = environment
        self._recorder = Recorder(run.started_at)
        self._monitor = ResourceMonitor(run.started_at)
        self._totals = Totals({})
        self._probe = DateProbe(run.network.mirror_rest)
        self._probing: gevent.Greenlet | None = None
        self._sequence = 0
        self._final: dict[str, Any] | None = None
        self._lock = RLock()  # making a delta lets users run in between, and with them whoever asks for another one

    def start(self) -> None:
        """Begin to record."""
        events: Any = self._environment.events
        events.request.add_listener(self._recorder.on_request)
        self._monitor.start()
        self._probing = gevent.spawn(self._probe.run)

    @property
    def finished(self) -> bool:
        """Whether its last delta has been made."""
        return self._final is not None

    def delta(self) -> dict[str, Any]:
        """Return what is new; cheap enough to be taken every few seconds."""
        with self._lock:
            return self._delta(final=False)

    def finish(self) -> dict[str, Any]:
        """Stop recording and return the last delta; called again, it returns the same one."""
        with self._lock:
            if self._final is None:
                self._monitor.stop()
                if self._probing is not None:
                    self._probing.kill()
                events: Any = self._environment.events
                events.request.remove_listener(self._recorder.on_request)
                self._final = self._delta(final=True)
            return self._final

    def _delta(self, final: bool) -> dict[str, Any]:
        published = sources.collect(self._environment)
        measurements, rows = self._recorder.take()
        self._sequence += 1
        sequence = self._sequence
        for key, measure in measurements.operations.items():
            self._totals.add(key.count_key, measure.counts)
        totals = {key: dict(counts) for key, counts in self._totals.closed.items()}
        return {
            "run": self.run.run_id,
            "sequence": sequence,
            "final": final,
            "at": time.time(),
            "host": platform.node(),
            "measurements": measurements.dump(pause=let_users_run),
            "rows": rows,
            "totals": totals,
            "sources": published,
            "clock": self._probe.result.as_report() if self._probe.result else None,
            "resources": self._monitor.summary(with_samples=final),
            "usage": self._monitor.series.take(),
        }
