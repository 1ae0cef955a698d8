"""Random transactions against a plain model of HCS and HFS, which says what the network has to answer.

The model knows nothing of the network's code: it is the rules of the protocol, written down a second time, flat. In the
end hbar is counted over all accounts, and the running hash of every topic is recomputed from what the mirror shows.
"""

from __future__ import annotations

import base64
import hashlib
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from localnet import pb

if TYPE_CHECKING:
    from tests.localnet.conftest import Rest, Wire

TOTAL_TINYBARS = 50_000_000_000 * 100_000_000
KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in range(1, 4)]
PERIOD = 7_776_000
SIGNERS = st.sets(st.sampled_from([0, 1, 2]))
MAYBE_KEY = st.none() | st.sampled_from([0, 1, 2])
MEMOS = st.sampled_from(["", "memo", "m" * 100, "m" * 101, "é" * 51])
PERIODS = st.sampled_from([PERIOD, PERIOD, PERIOD, 1, 9_000_000])
SIZES = st.sampled_from([0, 1, 100, 1_024, 1_025, 2_000])
WHICH = st.integers(0, 9)
UNKNOWN = 9


@dataclass
class ModelTopic:
    """A topic; keys are indices into KEYS."""

    admin: int | None
    submit: int | None
    memo: str
    deleted: bool = False
    messages: list[bytes] = field(default_factory=list)


@dataclass
class ModelFile:
    """A file; keys are indices into KEYS."""

    keys: frozenset[int]
    contents: bytes
    deleted: bool = False


class Network(RuleBasedStateMachine):
    """Sends what hypothesis thinks of, by several payers, and holds each answer to the model."""

    wire: ClassVar[Wire]
    rest: ClassVar[Rest]

    def __init__(self) -> None:
        super().__init__()
        self.topics: dict[int, ModelTopic] = {}
        self.files: dict[int, ModelFile] = {}
        self.payers = [(self.wire.operator, self.wire.key)]
        for key in KEYS[:2]:
            data = {
                "key": self.wire.public(key),
                "initialBalance": 2_000 * 100_000_000,
                "autoRenewPeriod": {"seconds": PERIOD},
            }
            number = self.wire.settle(self.wire.body(cryptoCreateAccount=data)).accountID.accountNum
            self.payers.append((number, key))
        for admin, submit in ((None, None), (0, None), (2, 1)):
            self.make_topic(0, {0, 1, 2}, admin, submit, "", PERIOD)
        for keys in (frozenset[int](), frozenset({2}), frozenset({0, 1})):
            self.make_file(0, {0, 1, 2}, keys, 10)

    def send(self, payer: int, signers: set[int], expected: str, **operation: Any) -> Any:
        """Send an operation; its precheck, or else its receipt, must have the expected status. Returns the receipt."""
        number, key = self.payers[payer % len(self.payers)]
        body = self.wire.body(**operation)
        body.transactionID.accountID.accountNum = number
        keys = {signer.private_bytes_raw(): signer for signer in (key, *(KEYS[signer] for signer in signers))}
        precheck = self.wire.precheck(body, *keys.values())
        if precheck != "OK":
            assert precheck == expected
            return None
        receipt = self.wire.receipt(body).receipt
        assert pb_name(receipt.status) == expected
        return receipt

    def signs(self, payer: int, signers: set[int], key: int | None) -> bool:
        """Whether a key is among the signatures; the payer's own always is."""
        return key is not None and (key in signers or self.payers[payer % len(self.payers)][1] is KEYS[key])

    def pick(self, entities: dict[int, Any], which: int) -> tuple[int, Any]:
        """One of the entities there are; sometimes one that there never was."""
        number = 987_654 if which == UNKNOWN or not entities else sorted(entities)[which % len(entities)]
        return number, entities.get(number)

    @rule(payer=WHICH, signers=SIGNERS, admin=MAYBE_KEY, submit=MAYBE_KEY, memo=MEMOS, period=PERIODS)
    def create_topic(self, **choices: Any) -> None:
        self.make_topic(**choices)

    @rule(payer=WHICH, signers=SIGNERS, keys=st.frozensets(st.sampled_from([0, 1, 2])), size=SIZES)
    def create_file(self, **choices: Any) -> None:
        self.make_file(**choices)

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

    def make_file(self, payer: int, signers: set[int], keys: frozenset[int], size: int) -> None:
        expected = "SUCCESS" if all(self.signs(payer, signers, key) for key in keys) else "INVALID_SIGNATURE"
        data = {
            "keys": self.key_list(keys),
            "contents": b"f" * size,
            "expirationTime": {"seconds": self.wire.new_start_ns() // 10**9 + PERIOD},
        }
        receipt = self.send(payer, signers, expected, fileCreate=data)
        if expected == "SUCCESS":
            self.files[receipt.fileID.fileNum] = ModelFile(keys, b"f" * size)

    @rule(payer=WHICH, signers=SIGNERS, which=WHICH, size=SIZES, replace=st.booleans())
    def write_file(self, payer: int, signers: set[int], which: int, size: int, replace: bool) -> None:
        number, file = self.pick(self.files, which)
        contents = b"w" * size
        if file is None:
            expected = "INVALID_FILE_ID"
        elif replace and file.deleted:
            expected = "FILE_DELETED"
        elif replace and not contents:
            expected = "SUCCESS"  # nothing is changed, so nobody has to agree
        elif not file.keys:
            expected = "UNAUTHORIZED"
        elif not all(self.signs(payer, signers, key) for key in file.keys):
            expected = "INVALID_SIGNATURE"
        else:
            expected = "FILE_DELETED" if file.deleted else "SUCCESS"
        kind = "fileUpdate" if replace else "fileAppend"
        self.send(payer, signers, expected, **{kind: {"fileID": {"fileNum": number}, "contents": contents}})
        if expected == "SUCCESS":
            file.contents = (contents or file.contents) if replace else file.contents + contents

    @rule(payer=WHICH, signers=SIGNERS, which=WHICH)
    def delete_file(self, payer: int, signers: set[int], which: int) -> None:
        number, file = self.pick(self.files, which)
        if file is None:
            expected = "INVALID_FILE_ID"
        elif not file.keys:
            expected = "UNAUTHORIZED"
        elif not any(self.signs(payer, signers, key) for key in file.keys):
            expected = "INVALID_SIGNATURE"
        else:
            expected = "FILE_DELETED" if file.deleted else "SUCCESS"
        self.send(payer, signers, expected, fileDelete={"fileID": {"fileNum": number}})
        if expected == "SUCCESS":
            file.deleted, file.contents = True, b""

    @rule(payer=WHICH, receiver=WHICH, amount=st.sampled_from([1, 12_345, 10**17]), wrong=st.booleans())
    def transfer(self, payer: int, receiver: int, amount: int, wrong: bool) -> None:
        (giver, _), (taker, _) = (self.payers[one % len(self.payers)] for one in (payer, receiver))
        expected = "SUCCESS"
        if wrong:
            expected = "INVALID_ACCOUNT_AMOUNTS"
        elif giver == taker:
            expected = "ACCOUNT_REPEATED_IN_ACCOUNT_AMOUNTS"
        elif amount == 10**17 and giver != self.wire.operator:
            expected = "INSUFFICIENT_PAYER_BALANCE"
        elif amount == 10**17:
            amount = 7
        amounts = [
            pb.AccountAmount(accountID=pb.AccountID(accountNum=giver), amount=-amount),
            pb.AccountAmount(accountID=pb.AccountID(accountNum=taker), amount=amount + wrong),
        ]
        self.send(payer, set(), expected, cryptoTransfer={"transfers": {"accountAmounts": amounts}})

    def key_list(self, keys: frozenset[int]) -> Any:
        return pb.KeyList(keys=[self.wire.public(KEYS[key]) for key in sorted(keys)])

    def teardown(self) -> None:
        """Compare everything there is with the model, count the hbar, and recompute the running hashes."""
        for number, topic in self.topics.items():
            row = self.rest(f"/api/v1/topics/0.0.{number}")[1]
            assert (row["memo"], row["deleted"]) == (topic.memo, topic.deleted)
            rows = self.rest(f"/api/v1/topics/0.0.{number}/messages?limit=100")[1]["messages"]
            assert [base64.b64decode(row["message"]) for row in rows] == topic.messages[:100]
            assert_chain(number, rows)
        for number, file in self.files.items():
            query = {"header": {"payment": self.wire.payment(10_000_000)}, "fileID": {"fileNum": number}}
            contents = self.wire.query(fileGetContents=query).fileGetContents.fileContents.contents
            assert contents == file.contents
        assert self.all_tinybars() == TOTAL_TINYBARS

    def all_tinybars(self) -> int:
        """The sum of all balances on the mirror."""
        total, path = 0, "/api/v1/accounts?limit=100"
        while path:
            page = self.rest(path)[1]
            total += sum(account["balance"]["balance"] for account in page["accounts"])
            path = page["links"]["next"]
        return total


def pb_name(status: int) -> str:
    """The name of a status."""
    return str(pb.TransactionReceipt.DESCRIPTOR.fields_by_name["status"].enum_type.values_by_number[status].name)


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


def test_the_network_never_disagrees_with_the_model(wire: Wire, rest: Rest) -> None:
    """Random valid and invalid transactions: every status, every entity and every tinybar is what the model says."""
    Network.wire, Network.rest = wire, rest
    run_state_machine_as_test(
        Network,
        settings=settings(
            max_examples=25,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking over the wire takes minutes
        ),
    )
