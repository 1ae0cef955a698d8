"""A user that stores the same model in five ways, to compare what each takes."""

from __future__ import annotations

from locust import task

import itertools
from collections import deque
from collections.abc import Callable
from typing import Final

from config.levels import RECEIPT
from hedera_users.base import HederaUser
from hedera_users.model_catalogue import MODEL_STORED
from hedera_users.operation import Operation
from hedera_users.outcomes import HashMismatchError
from hedera_users.payloads import Model, announcement, model
from hedera_users.possible_operations import TO_RECEIPT, WITHOUT, declare
from records.envelope import digest

WAYS: Final = ("hfs-4096", "hfs-1000", "hcs-chunks", "hcs-1", "hash")
"""Ways to store a model; the operation is `store.WAY`, and where it is read back, `fetch.WAY`."""

CHUNK_BYTES: Final = {"hfs-4096": 4_096, "hfs-1000": 1_000}
"""Bytes of a file's transactions: what SDKs send, and what the network's price of a transaction includes."""


class StorageComparer(HederaUser):
    """Stores a model in every way in turn, each up to its receipts, and looks whether it is there unchanged.

    * `hfs-4096`, `hfs-1000`: as a file, in transactions of so many bytes, and read back from a node.
    * `hcs-chunks`: as one message in chunks, its bytes as they are. The audit looks for it.
    * `hcs-1`: on a topic of its own, as the standard HCS-1 has it, and read back from the mirror: its messages are
      pieces of the standard's form and have no envelope, by which the audit could know them.
    * `hash`: the bytes go to the baseline, which stands for wherever the application keeps them, and a message with
      their SHA-256 to a topic. The audit looks for that.
    """

    by_name_only = True

    operations = declare(
        {f"store.{way}": TO_RECEIPT for way in WAYS} | {f"fetch.{way}": WITHOUT for way in (*CHUNK_BYTES, "hcs-1")}
    )
    looks_at = frozenset({"baseline", "model_bytes", "hcs1_parallel"})

    def on_start(self) -> None:
        """Join the session; users begin with different ways, so that a short run has its share of each."""
        super().on_start()
        self._versions = itertools.count(1)
        self._first = itertools.count(self.number)

    @task
    def store_in_every_way(self) -> None:
        """One model, in all ways; one that fails does not keep the others from theirs."""
        stored = model(f"model-{self.stream}", next(self._versions), self.session.run.settings.model_bytes, self.random)
        ways = deque(WAYS)
        ways.rotate(-next(self._first))
        for way in ways:
            if way in CHUNK_BYTES:
                self._as_file(way, stored)
            elif way == "hcs-1":
                self._by_hcs1(stored)
            else:
                self._as_message(way, stored)

    def _as_file(self, way: str, stored: Model) -> None:
        hedera = self.session.hedera
        file_id = ""
        with self._storing(way, stored) as operation:
            file_id = hedera.store_file(operation, stored.chunks(CHUNK_BYTES[way]))
        if operation.succeeded:
            self._read_back(way, stored, lambda fetching: hedera.fetch_file(fetching, file_id))

    def _by_hcs1(self, stored: Model) -> None:
        session = self.session
        topic, last = "", 0
        with self._storing("hcs-1", stored) as operation:
            topic, last = session.topic_files.store(operation, stored.contents, session.run.settings.hcs1_parallel)
        if operation.succeeded:
            self._read_back("hcs-1", stored, lambda fetching: session.topic_files.fetch(fetching, topic, last))

    def _as_message(self, way: str, stored: Model) -> None:
        """Its bytes, or its hash and the bytes elsewhere."""
        session = self.session
        topic = session.run.topics["models"]
        with self._storing(way, stored) as operation:
            envelope = self.next_envelope(MODEL_STORED)
            if way == "hash":
                with operation.watch.segment("baseline"):
                    session.baseline.write("store-model", stored.contents)
                message = announcement(envelope, stored, "")
            else:
                message = envelope.carry(stored.contents)
            operation.message(topic, self.stream, envelope.number, digest(message))
            session.hedera.submit_message(operation, topic, message)

    def _storing(self, way: str, stored: Model) -> Operation:
        name = f"store.{way}"
        return self.session.operation(name, confirm=RECEIPT, turn=self.turn(name), size_bytes=len(stored.contents))

    def _read_back(self, way: str, stored: Model, fetch: Callable[[Operation], bytes]) -> None:
        """Other bytes than were stored are a failure."""
        name = f"fetch.{way}"
        turn = self.turn(name, hurry=True)
        with self.session.operation(name, turn=turn, size_bytes=len(stored.contents)) as fetching:
            if fetch(fetching) != stored.contents:
                raise HashMismatchError(f"{name} gave other bytes than were stored")
