"""Reads the run's topics back from the mirror until everything that was acknowledged is there, and audits them."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Protocol

import gevent

from config.run import Run
from hedera_client import TopicMessage
from reports.collect.journal import JournalEntry, read_journal
from reports.judge.audit import ChainHash, TopicAudit, verdict
from reports.measure.distribution import Distribution
from reports.measure.keys import OperationKey

LOOK_EVERY_S: Final = 0.5
"""Pause between two looks at a topic that is not complete yet; far below the 50 requests a second of public mirrors."""

SETTLE_S: Final = 5.0
"""How long the audit waits, once everything acknowledged is there, for messages of unknown fate to turn up."""

GIVE_UP_S: Final = 10.0
"""How long a mirror that answers with nothing but errors is asked again."""

logger = logging.getLogger(__name__)


class TopicReader(Protocol):
    """Reads rows of a topic after a sequence number, oldest first; raises `OSError` or a client error if it cannot."""

    def __call__(self, topic_id: str, after: int) -> Iterator[TopicMessage]:
        """Yield the rows."""


class MirrorAudit:
    """The audit of a whole run.

    Attributes:
        topics: The audit of each topic of the run.

    Args:
        run: The run.
        journal: Path of its journal.
        read: Reads rows from the mirror.
        chain_hash: Recomputes the running hash of a row of the given topic.
        clock: Seconds, monotonic.
        sleep: Waits that many seconds.
    """

    def __init__(
        self,
        run: Run,
        journal: Path,
        read: TopicReader,
        chain_hash: Callable[[str], ChainHash],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Any] = gevent.sleep,
    ) -> None:
        entries: dict[str, list[JournalEntry]] = defaultdict(list)
        for entry in read_journal(journal):
            entries[entry.topic_id].append(entry)
        ids = dict.fromkeys([*run.topics.values(), *entries])
        self.topics = [TopicAudit(topic, run.run_id, entries[topic], chain_hash(topic)) for topic in ids]
        self._read = read
        self._timeout = run.settings.audit_timeout
        self._clock = clock
        self._sleep = sleep

    def run(self) -> dict[str, Any]:
        """Read until all is there or the time is up, and return the report's `audit`."""
        return verdict(self.topics, error=self._read_until_complete())

    @property
    def consensus(self) -> dict[OperationKey, Distribution]:
        """Time from sending to the consensus timestamp, per operation."""
        merged: dict[OperationKey, Distribution] = {}
        for topic in self.topics:
            for key, distribution in topic.consensus.items():
                merged.setdefault(key, Distribution()).merge(distribution)
        return merged

    def _read_until_complete(self) -> str | None:
        """Look again and again; return why the last look failed, or None."""
        begin = self._clock()
        complete_at: float | None = None
        failing_since: float | None = None
        while True:
            error = self._look()
            now = self._clock()
            if error is not None:
                failing_since = now if failing_since is None else failing_since
                if now - failing_since >= GIVE_UP_S:
                    break
            else:
                failing_since = None
                if not self._sum("outstanding"):
                    complete_at = now if complete_at is None else complete_at
                    if not self._sum("unsettled") or now - complete_at >= SETTLE_S:
                        break
            if now - begin >= self._timeout:
                break
            self._sleep(LOOK_EVERY_S)
        if error is not None:
            logger.error("The audit could not read the mirror: %s", error)
        return error

    def _look(self) -> str | None:
        """Take in what is new on every topic; return why that failed, or None."""
        try:
            for topic in self.topics:
                for row in self._read(topic.topic_id, topic.last_sequence):
                    topic.see(row)
        except Exception as error:  # whatever the mirror's client raises, the run is worth a report
            return f"{type(error).__name__}: {error}"[:500]
        return None

    def _sum(self, name: str) -> int:
        return sum(getattr(topic, name) for topic in self.topics)
