"""The consensus service: topics, their keys, their messages and running hashes."""

from __future__ import annotations

import base64
import hashlib
import struct
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from localnet import pb
from tests.localnet.model.machine import KEYS, MAYBE_KEY, PERIOD, SIGNERS, SIZES, WHICH, Machine

MEMOS = st.sampled_from(["", "memo", "m" * 100, "m" * 101, "é" * 51])
PERIODS = st.sampled_from([PERIOD, PERIOD, PERIOD, 1, 9_000_000])


@dataclass
class ModelTopic:
    """A topic; keys are indices into KEYS."""

    admin: int | None
    submit: int | None
    memo: str
    deleted: bool = False
    messages: list[bytes] = field(default_factory=list)


class Topics(Machine):
    """Makes, changes and deletes topics, and sends messages."""

    def prepare(self) -> None:
        super().prepare()
        self.topics: dict[int, ModelTopic] = {}
        for admin, submit in ((None, None), (0, None), (2, 1)):
            self.make_topic(0, {0, 1, 2}, admin, submit, "", PERIOD)

    def compare(self) -> None:
        """Compare the topics, and recompute the running hashes from what the mirror shows."""
        super().compare()
        for number, topic in self.topics.items():
            row = self.rest(f"/api/v1/topics/0.0.{number}")[1]
            assert (row["memo"], row["deleted"]) == (topic.memo, topic.deleted)
            rows = self.rest(f"/api/v1/topics/0.0.{number}/messages?limit=100")[1]["messages"]
            assert [base64.b64decode(row["message"]) for row in rows] == topic.messages[:100]
            assert_chain(number, rows)

    @rule(payer=WHICH, signers=SIGNERS, admin=MAYBE_KEY, submit=MAYBE_KEY, memo=MEMOS, period=PERIODS)
    def create_topic(self, **choices: Any) -> None:
        self.make_topic(**choices)

    def make_topic(
        self, payer: int, signers: set[int], admin: int | None, submit: int | None, memo: str, period: int
    ) -> None:
        expected = "SUCCESS"
        if len(memo.encode()) > 100:
            expected = "MEMO_TOO_LONG"
        elif period != PERIOD:
            expected = "AUTORENEW_DURATION_NOT_IN_RANGE"
        elif admin is not None and not self.signs(payer, signers, admin):
            expected = "INVALID_SIGNATURE"
        data: dict[str, Any] = {"memo": memo, "autoRenewPeriod": {"seconds": period}}
        for name, key in (("adminKey", admin), ("submitKey", submit)):
            if key is not None:
                data[name] = self.wire.public(KEYS[key])
        receipt = self.send(payer, signers, expected, consensusCreateTopic=data)
        if expected == "SUCCESS":
            self.topics[receipt.topicID.topicNum] = ModelTopic(admin, submit, memo)

    @rule(payer=WHICH, signers=SIGNERS, which=WHICH, size=SIZES, chunk=st.sampled_from([None, None, (1, 1), (2, 1)]))
    def submit(self, payer: int, signers: set[int], which: int, size: int, chunk: tuple[int, int] | None) -> None:
        number, topic = self.pick(self.topics, which)
        message = bytes([len(self.topics) % 256]) * size
        expected = "SUCCESS"
        if not message:
            expected = "INVALID_TOPIC_MESSAGE"
        elif topic is None or topic.deleted:
            expected = "INVALID_TOPIC_ID"
        elif topic.submit is not None and not self.signs(payer, signers, topic.submit):
            expected = "INVALID_SIGNATURE"
        elif size > 1_024:
            expected = "MESSAGE_SIZE_TOO_LARGE"
        elif chunk is not None and chunk[0] > chunk[1]:
            expected = "INVALID_CHUNK_NUMBER"
        elif chunk is not None:  # its first chunk must name its own transaction, and this one names another
            expected = "INVALID_CHUNK_TRANSACTION_ID"
        data: dict[str, Any] = {"topicID": {"topicNum": number}, "message": message}
        if chunk is not None:
            data["chunkInfo"] = {"number": chunk[0], "total": chunk[1], "initialTransactionID": pb.TransactionID()}
        receipt = self.send(payer, signers, expected, consensusSubmitMessage=data)
        if expected == "SUCCESS":
            topic.messages.append(message)
            assert receipt.topicSequenceNumber == len(topic.messages)

    @rule(payer=WHICH, signers=SIGNERS, which=WHICH, memo=MEMOS)
    def update_topic(self, payer: int, signers: set[int], which: int, memo: str) -> None:
        number, topic = self.pick(self.topics, which)
        expected = self.topic_owner_says(payer, signers, topic)
        if expected == "SUCCESS" and len(memo.encode()) > 100:
            expected = "MEMO_TOO_LONG"
        data = {"topicID": {"topicNum": number}, "memo": {"value": memo}}
        self.send(payer, signers, expected, consensusUpdateTopic=data)
        if expected == "SUCCESS":
            topic.memo = memo

    @rule(payer=WHICH, signers=SIGNERS, which=WHICH)
    def delete_topic(self, payer: int, signers: set[int], which: int) -> None:
        number, topic = self.pick(self.topics, which)
        expected = self.topic_owner_says(payer, signers, topic)
        self.send(payer, signers, expected, consensusDeleteTopic={"topicID": {"topicNum": number}})
        if expected == "SUCCESS":
            topic.deleted = True

    def topic_owner_says(self, payer: int, signers: set[int], topic: ModelTopic | None) -> str:
        if topic is None or topic.deleted:
            return "INVALID_TOPIC_ID"
        if topic.admin is None:
            return "UNAUTHORIZED"
        return "SUCCESS" if self.signs(payer, signers, topic.admin) else "INVALID_SIGNATURE"


def assert_chain(topic: int, rows: list[dict[str, Any]]) -> None:
    """Each running hash follows from the one before: version 3, in Java's serialised form (protocol file, §5.1)."""
    running = bytes(48)
    for row in rows:
        seconds, nanos = map(int, row["consensus_timestamp"].split("."))
        payer = int(row["payer_account_id"].rpartition(".")[2])
        digest = hashlib.sha384(base64.b64decode(row["message"])).digest()
        block = struct.pack(">q3q3qqiq", 3, 0, 0, payer, 0, 0, topic, seconds, nanos, row["sequence_number"])
        running = hashlib.sha384(
            bytes.fromhex("aced0005 7572 00025b42 acf317f8060854e0 020000 7870 00000030".replace(" ", ""))
            + running
            + b"\x77\x4c"
            + block
            + bytes.fromhex("7571007e000000000030")
            + digest
        ).digest()
        assert base64.b64decode(row["running_hash"]) == running
