"""A user that reads: a model by its name and version, files, what a topic is, and what was written to it."""

from __future__ import annotations

from locust import task

import itertools
from hashlib import sha256
from typing import Final

from config.levels import RECEIPT
from hedera_client import MirrorRest
from hedera_users.base import HederaUser
from hedera_users.hcs_submitter import SUBMIT
from hedera_users.model_catalogue import MODEL_STORED, Entry, ModelCatalogue
from hedera_users.outcomes import HashMismatchError, NotFoundError
from hedera_users.payloads import announcement, model
from hedera_users.possible_operations import TO_RECEIPT, WITHOUT, declare
from records.envelope import digest

FIND: Final = "find-model"
FETCH: Final = "hfs.fetch"
INFO: Final = "hcs.info"
HISTORY: Final = "mirror.history"
SHOWS: Final = "mirror.shows"

READS_PER_MODEL: Final = 8
"""Rounds of reading for each model that is written, for the read side is what is looked at."""

HISTORY_ROWS: Final = 100
"""Messages that one look at a topic's history asks for: a page of a public mirror."""


class ModelFinder(HederaUser):
    """Writes a model now and then, and reads.

    A model is stored (`hfs.store`) and announced (`hcs.submit`), both up to their receipts; then `mirror.shows` lasts
    from the receipt until the mirror's REST API shows the announcement, the consistency delay. Of the reads, each
    round makes one of each:

    * `find-model`: reads what is new on the topic, looks the model up by name and version, fetches the file that was
      announced, and holds it against the SHA-256 that was announced.
    * `hfs.fetch`: the contents of a file from a node.
    * `hcs.info`: what a node knows of the topic.
    * `mirror.history`: the topic's first messages from the mirror.
    """

    by_name_only = True

    operations = declare(
        {"hfs.store": TO_RECEIPT, SUBMIT: TO_RECEIPT} | dict.fromkeys((SHOWS, FIND, FETCH, INFO, HISTORY), WITHOUT)
    )
    looks_at = frozenset({"model_bytes", "chunk_bytes"})

    def on_start(self) -> None:
        """Join the session with an empty catalogue."""
        super().on_start()
        self._catalogue = ModelCatalogue()
        self._versions = itertools.count(1)
        self._name = f"model-{self.stream}"
        self._shown: list[tuple[str, Entry]] = []  # versions of this user's that the mirror has shown
        self._reads = itertools.count()

    @task
    def read(self) -> None:
        """One round of reads; before every eighth, a model is written."""
        if next(self._reads) % READS_PER_MODEL == 0 or not self._shown:
            self._write()
        if not self._shown:
            return
        version, written = self.random.choice(self._shown)
        self._find(version)
        self._fetch(written)
        self._look_at_topic()
        self._look_at_history()

    def _write(self) -> None:
        """Store and announce a model, and wait until the mirror shows that."""
        session = self.session
        settings, topic = session.run.settings, session.run.topics["models"]
        stored = model(self._name, next(self._versions), settings.model_bytes, self.random)
        size, file_id = len(stored.contents), ""
        turn = self.turn("hfs.store")
        with session.operation("hfs.store", confirm=RECEIPT, turn=turn, size_bytes=size) as storing:
            file_id = session.hedera.store_file(storing, stored.chunks(settings.chunk_bytes))
        if not storing.succeeded:
            return
        turn = self.turn(SUBMIT, hurry=True)
        envelope = self.next_envelope(MODEL_STORED, turn)
        message = announcement(envelope, stored, file_id)
        with session.operation(SUBMIT, confirm=RECEIPT, turn=turn, size_bytes=len(message)) as announcing:
            announcing.message(topic, self.stream, envelope.number, digest(message))
            session.hedera.submit_message(announcing, topic, message)
        place = announcing.record.messages[0].sequence_number
        if not announcing.succeeded or place is None:
            return
        with session.operation(SHOWS, turn=self.turn(SHOWS, hurry=True)) as showing:
            session.mirror.await_messages(showing, topic, place, place)
        if showing.succeeded:
            self._shown.append((stored.version, Entry(stored.sha256, size, file_id)))

    def _find(self, version: str) -> None:
        """A model by its name and version: nothing else of it is known beforehand."""
        session, catalogue = self.session, self._catalogue
        topic = session.run.topics["models"]

        def take_news(rest: MirrorRest) -> None:
            for row in rest.topic_messages(topic, after=catalogue.read_up_to):
                catalogue.take(row)

        size = session.run.settings.model_bytes
        with session.operation(FIND, turn=self.turn(FIND), size_bytes=size) as operation:
            session.mirror.ask(operation, take_news)
            found = catalogue.find(self._name, version)
            if found is None:
                raise NotFoundError(f"topic {topic} announces no {self._name} {version}")
            contents = session.hedera.fetch_file(operation, found.file_id)
            _hold_against(found, contents)

    def _fetch(self, written: Entry) -> None:
        session = self.session
        with session.operation(FETCH, turn=self.turn(FETCH), size_bytes=written.size) as operation:
            _hold_against(written, session.hedera.fetch_file(operation, written.file_id))

    def _look_at_topic(self) -> None:
        session = self.session
        with session.operation(INFO, turn=self.turn(INFO)) as operation:
            session.hedera.topic_info(operation, session.run.topics["models"])

    def _look_at_history(self) -> None:
        session = self.session
        topic = session.run.topics["models"]
        with session.operation(HISTORY, turn=self.turn(HISTORY)) as operation:
            session.mirror.ask(operation, lambda rest: list(rest.topic_messages(topic, until=HISTORY_ROWS)))


def _hold_against(entry: Entry, contents: bytes) -> None:
    """Other bytes than were announced are a failure."""
    if (sha256(contents).hexdigest(), len(contents)) != (entry.sha256, entry.size):
        raise HashMismatchError(
            f"file {entry.file_id} has {len(contents)} bytes and another SHA-256 than was announced"
        )
