"""Reads the run's topics back from the mirror until everything that was acknowledged is there, and audits them.

Rows are read page by page; sequence numbers that a page passed over are asked for once more, again and again, until
they are shown or the time is up. What was seen is kept on disk, so memory does not grow with the run.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Protocol

import gevent

from config.run import Run
from hedera_client import TopicMessage
from reports.judge.audit import ReadTopic, settle, verdict
from reports.judge.chain import ChainHash, Shown, TooManyGaps, TopicChain
from reports.judge.consensus import Clocks, consensus_times, read_clocks
from reports.judge.sightings import Sightings
from reports.measure.distribution import Distribution
from reports.measure.keys import OperationKey

LOOK_EVERY_S: Final = 0.5
"""Pause between two looks at a topic that is not complete yet; far below the 50 requests a second of public mirrors."""

SETTLE_S: Final = 5.0
"""How long the audit waits, once everything acknowledged is there, for messages of unknown fate to turn up."""

GIVE_UP_S: Final = 10.0
"""How long a mirror that answers with nothing but errors is asked again."""

GAPS_PER_LOOK: Final = 20
"""Gaps that are asked for in one look; each takes a request of its own."""

logger = logging.getLogger(__name__)


class TopicReader(Protocol):
    """Reads rows of a topic by sequence number, oldest first, exactly as the mirror shows them, repetitions included.

    Raises `OSError` or a client error if it cannot.
    """

    def __call__(self, topic_id: str, after: int, until: int | None) -> Iterator[TopicMessage]:
        """Yield the rows above `after`, up to `until` where it is given."""


class MirrorAudit:
    """The audit of a whole run. It is carried out once, by `run`.

    Attributes:
        consensus: Time from sending to the consensus timestamp per operation; empty before `run`.
        clocks: How far the network's clock is ahead of each sender's; None before `run`.

    Args:
        run: The run.
        journal: Path of its journal.
        read: Reads rows from the mirror.
        chain_hash: Recomputes the running hash of a row of the given topic.
        clocks: What is known of the senders' clocks from elsewhere, by sender.
        clock: Seconds, monotonic.
        sleep: Waits that many seconds.

    Raises:
        JournalError: there is no journal.
    """

    def __init__(
        self,
        run: Run,
        journal: Path,
        read: TopicReader,
        chain_hash: Callable[[str], ChainHash],
        clocks: Clocks | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Any] = gevent.sleep,
    ) -> None:
        self.consensus: dict[OperationKey, Distribution] = {}
        self.clocks: Clocks = clocks or {}
        self._sightings = Sightings(journal, run.run_id)
        topics = dict.fromkeys([*run.topics.values(), *self._sightings.topics()])
        self._topics = [ReadTopic(topic, TopicChain(chain_hash(topic))) for topic in topics]
        self._read = read
        self._timeout = run.settings.audit_timeout
        self._clock = clock
        self._sleep = sleep
        self._hopeless = False

    def run(self) -> dict[str, Any]:
        """Read until all is there or the time is up, and return the report's `audit`."""
        try:
            error = self._read_until_complete()
            connection = self._sightings.connection
            settle(connection)
            self.clocks = read_clocks(connection, self.clocks)
            self.consensus = consensus_times(connection, self.clocks)
            return verdict(connection, self._topics, error)
        finally:
            self._sightings.close()

    def _read_until_complete(self) -> str | None:
        """Look again and again; return why the last look failed, or None.

        The time limit is for waiting, not for reading: it counts from the last look that brought rows.
        """
        waiting_since = self._clock()
        complete_at: float | None = None
        failing_since: float | None = None
        while True:
            rows = self._rows
            error = self._look()
            now = self._clock()
            if self._rows > rows:
                waiting_since = now
            if error is not None:
                # A mirror that asks for a slower pace ends every look with an error, and yet gets on.
                failing_since = now if failing_since is None or self._rows > rows else failing_since
                if self._hopeless or now - failing_since >= GIVE_UP_S:
                    break
            else:
                failing_since = None
                if not self._sightings.outstanding:
                    complete_at = now if complete_at is None else complete_at
                    if not self._open_questions or now - complete_at >= SETTLE_S:
                        break
            if now - waiting_since >= self._timeout:
                break
            self._sleep(LOOK_EVERY_S)
        if error is not None:
            logger.error("The audit could not read the mirror: %s", error)
        return error

    @property
    def _rows(self) -> int:
        return sum(topic.chain.rows for topic in self._topics)

    @property
    def _open_questions(self) -> bool:
        """Whether something may still turn up that nobody was promised."""
        return self._sightings.unsettled or any(topic.chain.gaps for topic in self._topics)

    def _look(self) -> str | None:
        """Take in what is new on every topic; return why that failed, or None."""
        try:
            for topic_id, chain in self._topics:
                self._take(chain.advance(self._read(topic_id, chain.last_sequence, None)))
                for gap in chain.gaps[:GAPS_PER_LOOK]:
                    self._take(chain.fill(gap, self._read(topic_id, gap.low - 1, gap.high)))
        except TooManyGaps as error:
            self._hopeless = True
            return str(error)
        except Exception as error:  # whatever the mirror's client raises, the run is worth a report
            return f"{type(error).__name__}: {error}"[:500]
        finally:
            self._sightings.flush()
        return None

    def _take(self, rows: Iterable[Shown]) -> None:
        for shown in rows:
            self._sightings.add(shown)
