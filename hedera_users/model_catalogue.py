"""What a topic of announcements tells: where which version of which model is."""

from __future__ import annotations

import json
from typing import NamedTuple

from hedera_client import TopicMessage
from records.envelope import decode

MODEL_STORED = "model-stored"
"""Kind of a message that announces a model (`payloads.announcement`)."""


class Entry(NamedTuple):
    """A model as it was announced: hex SHA-256 and length of its contents, and the file that holds them."""

    sha256: str
    size: int
    file_id: str


class ModelCatalogue:
    """The models of a topic, by name and version, as far as it was read.

    Attributes:
        read_up_to: Highest sequence number that was taken in; reading goes on behind it.
    """

    def __init__(self) -> None:
        self.read_up_to = 0
        self._entries: dict[tuple[str, str], Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def take(self, row: TopicMessage) -> None:
        """Take in a message; one that announces no model is passed over. Of two for one version the later holds."""
        self.read_up_to = max(self.read_up_to, row.sequence_number)
        envelope = decode(row.message)
        if envelope is None or envelope.kind != MODEL_STORED:
            return
        try:
            body = json.loads(row.message)["body"]
            key = str(body["name"]), str(body["version"])
            entry = Entry(str(body["sha256"]), int(body["size"]), str(body["file_id"]))
        except (ValueError, TypeError, KeyError):
            return
        self._entries[key] = entry

    def find(self, name: str, version: str) -> Entry | None:
        """The model of this name and version; None where none was announced."""
        return self._entries.get((name, version))
