"""Looks at processes that are no part of the load generator: the embedded network's, and those that the run names."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import gevent
import psutil
import requests

from config.proxies import requests_session
from config.secrets import without_secrets
from config.settings import RunSettings
from reports.measure.usage import Look, UsageSeries, look_at

INTERVAL_S: Final = 1.0

SCRAPE_INTERVAL_S: Final = 2.0
"""How often metrics are fetched."""

SCRAPE_TIMEOUT_S: Final = 5.0

MOST_METRICS_BYTES: Final = 8_000_000
"""More than this is no exporter's answer."""

MEMORY: Final = "process_resident_memory_bytes"
HANDLES: Final = "process_open_fds"
"""Names that Prometheus prescribes to its client libraries."""

THREADS: Final = ("process_threads", "jvm_threads_current", "jvm_threads_live_threads", "go_threads")
"""What exporters call the number of threads; the first that is there counts."""

logger = logging.getLogger(__name__)

Looker = Callable[[], Look]


class NotSeenError(Exception):
    """A process cannot be looked at; the message says why."""


@dataclass(slots=True)
class Watched:
    """A process that is watched.

    Attributes:
        kind: `network` or `watched`, see the report's `resources.usage`.
        name: What it is called.
        look: Looks at it; raises NotSeenError where it cannot be seen.
        interval_s: Between two looks.
        fault: Why it could not be seen the last time; "" where it could.
    """

    kind: str
    name: str
    look: Looker
    interval_s: float = INTERVAL_S
    fault: str = field(default="", init=False)


class Watching:
    """Looks at processes, each in a greenlet, from `start` to `stop`.

    Args:
        watched: The processes.
        series: Where looks are added, by kind and name.
        clock: Unix time in seconds.
    """

    def __init__(
        self,
        watched: list[Watched],
        series: Callable[[str, str], UsageSeries],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._watched = watched
        self._series = series
        self._clock = clock
        self._greenlets: list[gevent.Greenlet] = []

    def start(self) -> None:
        """Begin to look."""
        self._greenlets = [gevent.spawn(self._run, one) for one in self._watched]

    def stop(self) -> None:
        """End."""
        gevent.killall(self._greenlets)

    def look(self, one: Watched) -> None:
        """Look once; a process that cannot be seen is named in the log when that begins, and looked for again."""
        try:
            self._series(one.kind, one.name).add(self._clock(), one.look())
            one.fault = ""
        except NotSeenError as error:
            if str(error) != one.fault:
                logger.warning("%s cannot be watched: %s", one.name, error)
            one.fault = str(error)

    def _run(self, one: Watched) -> None:
        while True:
            self.look(one)
            gevent.sleep(one.interval_s)


def to_watch(settings: RunSettings, others: Mapping[str, int]) -> list[Watched]:
    """The processes to watch in a run.

    Args:
        settings: Its options.
        others: Ids of processes that belong to the run, by name; the embedded network's.
    """
    watched = [Watched("network", name, of_process(pid)) for name, pid in others.items()]
    watched += [Watched("watched", name_of_process(pid), of_process(pid)) for pid in settings.watch_pid]
    return watched + [
        Watched("watched", name_of_url(url), of_metrics(url), SCRAPE_INTERVAL_S) for url in settings.watch_metrics
    ]


def name_of_process(pid: int) -> str:
    """What a process is called in the report."""
    try:
        return f"{psutil.Process(pid).name()} (pid {pid})"
    except psutil.Error:
        return f"pid {pid}"


def name_of_url(url: str) -> str:
    """What a container is called in the report: its address, without secrets."""
    parts = urlsplit(without_secrets(url))
    return f"{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"


def of_process(pid: int) -> Looker:
    """Looks at a process of this machine; one that later has the same id is not taken for it."""
    known: list[psutil.Process] = []

    def look() -> Look:
        try:
            if not known:
                known.append(psutil.Process(pid))
            if not known[0].is_running():
                raise NotSeenError("it has ended")
            return look_at(known[0])
        except psutil.NoSuchProcess:
            raise NotSeenError("it has ended") from None
        except psutil.AccessDenied:
            raise NotSeenError("it belongs to another user") from None

    return look


def of_metrics(url: str) -> Looker:
    """Fetches a Prometheus text page, and reads what the process behind it uses."""

    def look() -> Look:
        try:
            with requests_session(url) as session:
                answer = session.get(url, timeout=SCRAPE_TIMEOUT_S, stream=True)
                answer.raise_for_status()
                text = answer.raw.read(MOST_METRICS_BYTES, decode_content=True).decode("utf-8", "replace")
        except requests.RequestException as error:
            raise NotSeenError(f"no metrics ({type(error).__name__})") from None
        return look_of(text)

    return look


def look_of(text: str) -> Look:
    """What a process uses, by its page in Prometheus' text format.

    Raises:
        NotSeenError: it is none, or does not say.
    """
    from prometheus_client.parser import text_string_to_metric_families  # only a run that watches a container needs it

    values: dict[str, float] = {}
    try:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                values.setdefault(sample.name, sample.value)
    except ValueError:
        raise NotSeenError("its answer is not in Prometheus' text format") from None
    if MEMORY not in values:
        raise NotSeenError(f"its metrics have no {MEMORY}")
    threads = next((values[name] for name in THREADS if name in values), None)
    return Look(rss_bytes=values[MEMORY], handles=values.get(HANDLES), threads=threads)
