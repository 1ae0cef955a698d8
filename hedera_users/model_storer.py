"""A user that stores models as files, announces them on a topic, and checks that they can be read back."""

from __future__ import annotations

from locust import task

import itertools

from config.levels import RECEIPT
from hedera_users.base import HederaUser
from hedera_users.hcs_submitter import SUBMIT
from hedera_users.model_catalogue import MODEL_STORED
from hedera_users.outcomes import HashMismatchError
from hedera_users.payloads import Model, announcement, model
from hedera_users.possible_operations import OF_RUN, TO_RECEIPT, WITHOUT, declare
from records.envelope import digest

STORE = "hfs.store"


def store(user: HederaUser, name: str, stored: Model) -> str:
    """Store a model, as one operation of a user; return its file id, or "" when that did not succeed.

    Args:
        user: Whose turn it takes under `--arrival-rate`.
        name: What the operation is called in the report.
        stored: The model.
    """
    session = user.session
    file_id = ""
    turn = user.turn(name)
    with session.operation(name, confirm=RECEIPT, turn=turn, size_bytes=len(stored.contents)) as operation:
        file_id = session.hedera.store_file(operation, stored.chunks(session.run.settings.chunk_bytes))
    return file_id if operation.succeeded else ""


class ModelStorer(HederaUser):
    """Stores a model (`hfs.store`), announces it (`hcs.submit`), reads it back and compares the hash (`hfs.fetch`).

    A file is stored up to its receipts whatever the run's confirmation levels are, because appends must not overtake
    each other. Reading it has no level.
    """

    operations = declare({STORE: TO_RECEIPT, SUBMIT: OF_RUN, "hfs.fetch": WITHOUT})
    looks_at = frozenset({"confirm", "model_bytes", "chunk_bytes"})

    weight = 2

    def on_start(self) -> None:
        """Join the session and start counting versions."""
        super().on_start()
        self._versions = itertools.count(1)

    @task
    def store_and_check(self) -> None:
        """Store, announce and read back one model; a step that fails ends the round."""
        settings = self.session.run.settings
        stored = model(f"model-{self.stream}", next(self._versions), settings.model_bytes, self.random)
        file_id = store(self, STORE, stored)
        if file_id and self._announce(stored, file_id):
            self._fetch(stored, file_id)

    def _announce(self, stored: Model, file_id: str) -> bool:
        """Write the model's metadata to the topic of models; return whether it succeeded."""
        session = self.session
        topic = session.run.topics["models"]
        turn = self.turn(SUBMIT, hurry=True)
        level, _ = self.next_level(SUBMIT)
        envelope = self.next_envelope(MODEL_STORED, turn)
        message = announcement(envelope, stored, file_id)
        with session.operation(SUBMIT, confirm=level, turn=turn, size_bytes=len(message)) as operation:
            operation.message(topic, self.stream, envelope.number, digest(message))
            hedera = session.hedera
            hedera.perform(operation, lambda: hedera.submit_message(operation, topic, message))
        return operation.accepted

    def _fetch(self, stored: Model, file_id: str) -> None:
        """Read the model back; other bytes than were stored are a failure."""
        turn = self.turn("hfs.fetch", hurry=True)
        with self.session.operation("hfs.fetch", turn=turn, size_bytes=len(stored.contents)) as operation:
            contents = self.session.hedera.fetch_file(operation, file_id)
            if contents != stored.contents:
                raise HashMismatchError(f"file {file_id} has {len(contents)} bytes and another SHA-256 than was stored")
