"""Reads the run's topics back from the mirror until everything that was acknowledged is there, and audits them.

Rows are read page by page; sequence numbers that a page passed over are asked for once more, again and again, until
they are shown or the time is up. Every look begins with the question how far the mirror has come, so that what two
looks did not find is known to be lost, or not to be shown yet. What was seen is kept on disk, so memory does not grow
with the run.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import gevent

from config.run import Run, TopicStart
from hedera_client import MirrorError, TopicMessage
from reports.audit.chain import ChainHash, Shown, TooManyGapsError, TopicChain
from reports.audit.consensus import Clocks, consensus_times, read_clocks
from reports.audit.foreign import foreign_network
from reports.audit.messages import Doubt, ReadTopic, classified, classify, unreadable
from reports.audit.missing import hold_back, why_not_shown
from reports.audit.progress import NS_PER_S, Reach
from reports.audit.sightings import Sightings
from reports.audit.taken import Handled, note_taken
from reports.audit.unforwarded import Unforwarded, find_unforwarded
from reports.measure.distribution import Distribution
from reports.measure.keys import OperationKey
from reports.schema.audit import Classified

LOOK_EVERY_S: Final = 0.5
"""Pause between two looks at a topic that is not complete yet; far below the 50 requests a second of public mirrors."""

SETTLE_S: Final = 5.0
"""How long the audit waits, once everything acknowledged is there, for messages of unknown fate to turn up."""

LONGEST_PAUSE_S: Final = 8.0
"""Pause after refusals, which begins at LOOK_EVERY_S and doubles; a mirror that names a time is left alone for it."""

LOOKS: Final = 2
"""Looks that must find nothing, once the mirror is past a message, before it is called lost: public mirrors are several
servers behind one name, and one may be behind another."""

GAPS_PER_LOOK: Final = 20
"""Gaps that are asked for in one look; each takes a request of its own."""

logger = logging.getLogger(__name__)


class TopicReader(Protocol):
    """Reads rows of a topic by sequence number, oldest first, exactly as the mirror shows them, repetitions included.

    Raises `OSError` or a client error if it cannot.
    """

    def __call__(self, topic_id: str, after: int, until: int | None) -> Iterator[TopicMessage]:
        """Yield the rows above `after`, up to `until` where it is given."""

    def latest_consensus(self) -> int | None:
        """Until which consensus time the mirror shows everything, in nanoseconds; None where it does not say."""

    def knows_topic(self, topic_id: str) -> bool:
        """Whether the mirror has heard of a topic."""

    def handled(self, transaction_id: str) -> Handled | None:
        """The transaction that succeeded under an id; None where the mirror shows none, or cannot be asked."""


class Failure(NamedTuple):
    """Why a look failed: in words, for how many seconds the mirror asked to be left alone, and whether to give up."""

    reason: str
    retry_after_s: float | None = None
    hopeless: bool = False


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
        self._of = run
        self._sightings = Sightings(journal, run.run_id)
        topics = dict.fromkeys([*run.topics.values(), *self._sightings.topics()])
        starts = {start.topic_id: start for start in run.topic_starts}
        self._topics = [ReadTopic(topic, _chain(starts.get(topic), chain_hash(topic))) for topic in topics]
        self._read = read
        self._timeout = run.settings.audit_timeout
        self._clock = clock
        self._sleep = sleep
        self._newest_ns = 0  # consensus time of the newest row that was shown
        self._reached: deque[int | None] = deque(maxlen=LOOKS)  # at the beginning of each of the last complete looks

    def run(self) -> Classified:
        """Read until all is there or the time is up, and return the report's `audit`."""
        try:
            failure = self._read_until_complete()
            connection = self._sightings.connection
            doubt = self._doubt_of_reading(failure)
            unforwarded = self._unforwarded() if doubt is None else ()
            classify(connection, self._topics, foreign=doubt is not None and doubt.foreign, unforwarded=unforwarded)
            if doubt is None:
                doubt = self._doubt_of_missing([one.question for one in unforwarded])
                note_taken(connection, self._read.handled, {topic: chain.proven_below for topic, chain in self._topics})
            self.clocks = read_clocks(connection, self.clocks)
            self.consensus = consensus_times(connection, self.clocks)
            return classified(connection, self._topics, doubt, self._reached[-1] if self._reached else None)
        finally:
            self._sightings.close()

    def _doubt_of_reading(self, failure: Failure | None) -> Doubt | None:
        """Whether the mirror could not be read to the end, or is another network's."""
        if failure is not None:
            return unreadable(failure.reason)
        if not self._sightings.outstanding and not self._sightings.misplaced:
            return None
        question = foreign_network(
            self._sightings.connection,
            self._topics,
            self._reached[-1],
            self._read.knows_topic,
            self._of.network.mirror_rest,
        )
        return None if question is None else Doubt(question, foreign=True)

    @property
    def _clock_ns(self) -> int | None:
        """How far the mirror had come before it was last asked; None where it was not asked often enough."""
        return self._reached[0] if len(self._reached) == LOOKS else None

    def _unforwarded(self) -> Sequence[Unforwarded]:
        rows = {topic: chain.rows for topic, chain in self._topics}
        return find_unforwarded(self._sightings.connection, rows, self._clock_ns)

    def _doubt_of_missing(self, questions: Sequence[str]) -> Doubt | None:
        """Hold back what the mirror may not have come to; after `classify`. The questions are asked first."""
        clock_ns = self._clock_ns
        reaches = {topic: Reach(clock_ns, chain.last_sequence, chain.unasked) for topic, chain in self._topics}
        settings = self._of.settings
        found = hold_back(self._sightings.connection, reaches, settings.valid_duration, settings.confirm_timeout)
        sentences = list(questions)
        if found.count:
            sentences.insert(0, why_not_shown(found, self._reached[-1], int(self._of.started_at * NS_PER_S)))
        return Doubt("; ".join(sentences)) if sentences else None

    def _read_until_complete(self) -> Failure | None:
        """Look again and again; return why the last look failed, or None.

        The time limit is for waiting, not for reading: it counts from the last look that brought rows. Errors of the
        mirror do not shorten it, whatever they are: a mirror that is restarted refuses connections, then answers 503.
        """
        waiting_since = self._clock()
        complete_at: float | None = None
        failing = False
        pause = LOOK_EVERY_S
        while True:
            rows = self._rows
            failure = self._look()
            now = self._clock()
            if self._rows > rows:
                waiting_since = now
            if failure is not None:
                # A mirror that asks for a slower pace ends every look with an error, and yet gets on.
                progress = not failing or self._rows > rows
                failing = True
                pause = failure.retry_after_s or (LOOK_EVERY_S if progress else min(2 * pause, LONGEST_PAUSE_S))
                too_long = failure.retry_after_s is not None and now + pause - waiting_since > self._timeout
                if failure.hopeless or too_long or now - waiting_since >= self._timeout:
                    break
            else:
                failing, pause = False, LOOK_EVERY_S
                if not self._sightings.outstanding:
                    complete_at = now if complete_at is None else complete_at
                    if not self._open_questions or now - complete_at >= SETTLE_S:
                        break
                if now - waiting_since >= self._timeout and len(self._reached) == LOOKS:
                    break
            self._sleep(pause)
        if failure is not None:
            logger.error("The audit could not read the mirror: %s", failure.reason)
        return failure

    @property
    def _rows(self) -> int:
        return sum(topic.chain.rows for topic in self._topics)

    @property
    def _open_questions(self) -> bool:
        """Whether something may still turn up that nobody was promised."""
        return self._sightings.unresolved or any(topic.chain.gaps for topic in self._topics)

    def _look(self) -> Failure | None:
        """Take in what is new on every topic; return why that failed, or None."""
        try:
            reached = self._read.latest_consensus()
            reached = max(reached or 0, self._newest_ns) or None
            for topic_id, chain in self._topics:
                self._take(chain.advance(self._read(topic_id, chain.last_sequence, None)))
                for gap in chain.gaps[:GAPS_PER_LOOK]:
                    self._take(chain.fill(gap, self._read(topic_id, gap.low - 1, gap.high)))
        except TooManyGapsError as error:
            return Failure(str(error), hopeless=True)
        except MirrorError as error:
            return Failure(str(error)[:500], error.retry_after_s)
        except Exception as error:  # whatever the mirror's client raises, the run is worth a report
            return Failure(f"{type(error).__name__}: {error}"[:500])
        finally:
            self._sightings.flush()
        self._reached.append(reached)
        return None

    def _take(self, rows: Iterable[Shown]) -> None:
        for shown in rows:
            self._newest_ns = max(self._newest_ns, shown.row.consensus_timestamp)
            self._sightings.add(shown)


def _chain(start: TopicStart | None, chain_hash: ChainHash) -> TopicChain:
    """The chain of a topic, from where the run's part of it begins."""
    if start is None or not start.after:
        return TopicChain(chain_hash)
    return TopicChain(chain_hash, start.after, bytes.fromhex(start.running_hash))
