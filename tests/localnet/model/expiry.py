"""When accounts, topics and files expire: nothing does here, but what is set is kept to the rules."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from localnet import pb
from tests.localnet.model.accounts import SIGNER, Accounts
from tests.localnet.model.files import Files
from tests.localnet.model.machine import WHICH
from tests.localnet.model.topics import Topics

MAX_S = 8_000_001
MIN_S = 2_592_000
MARGIN_S = 3_600  # more than a run takes
WISHES = st.sampled_from(["past", "same", "earlier", "later", "latest", "too late", "soon"])


class Expiry(Topics, Files, Accounts):
    """Extends what the other parts have made.

    Attributes:
        expiry: When an entity expires, Unix seconds, since this part has looked for the first time.
    """

    def prepare(self) -> None:
        super().prepare()
        self.expiry: dict[int, int] = {}

    def compare(self) -> None:
        """Compare the expiry of whatever was extended."""
        super().compare()
        for number, expiry in self.expiry.items():
            assert self.told_expiry(number) == expiry

    def told_expiry(self, number: int) -> int:
        """What the network says of an entity that is not deleted; of others what the model knows."""
        paid = {"header": {"payment": self.wire.payment(10_000_000)}}
        if number in self.accounts:
            if self.accounts[number].deleted:
                return self.expiry[number]
            return int(self.wire.info(pb.AccountID(accountNum=number)).accountInfo.expirationTime.seconds)
        if number in self.topics:
            if self.topics[number].deleted:
                return self.expiry[number]
            reply = self.wire.query(consensusGetTopicInfo={"topicID": {"topicNum": number}, **paid})
            return int(reply.consensusGetTopicInfo.topicInfo.expirationTime.seconds)
        reply = self.wire.query(fileGetInfo={"fileID": {"fileNum": number}, **paid})
        return int(reply.fileGetInfo.fileInfo.expirationTime.seconds)

    def known_expiry(self, number: int, entity: Any) -> int:
        """When an entity expires; 0 where there is none, or where nobody can ask any more."""
        if number not in self.expiry and entity is not None and not entity.deleted:
            self.expiry[number] = self.told_expiry(number)
        return self.expiry.get(number, 0)

    def wanted(self, wish: str, present: int) -> int:
        """Unix seconds of a wish."""
        now = self.wire.new_start_ns() // 10**9
        return {
            "past": now - 10,
            "same": present,
            "earlier": present - 1,
            "later": max(present, now) + 1,
            "latest": now + MAX_S - MARGIN_S,
            "too late": now + MAX_S + MARGIN_S,
            "soon": now + MARGIN_S,
        }[wish]

    def verdict(self, wanted: int, present: int) -> str:
        """What accounts and topics say: the range first, then that nothing becomes shorter."""
        now = self.wire.new_start_ns() // 10**9
        if not now + MARGIN_S // 2 < wanted < now + MAX_S - MARGIN_S // 2:
            return "INVALID_EXPIRATION_TIME"
        return "EXPIRATION_REDUCTION_NOT_ALLOWED" if wanted < present else "SUCCESS"

    @rule(payer=WHICH, which=WHICH, signer=SIGNER, wish=WISHES)
    def extend_account(self, payer: int, which: int, signer: int | None, wish: str) -> None:
        number, account = self.pick(self.accounts, which)
        present = self.known_expiry(number, account)
        wanted = self.wanted(wish, present)
        expected, signers = self.owner_says(account, signer)
        if expected == "SUCCESS":
            expected = self.verdict(wanted, present)
        data = {"accountIDToUpdate": {"accountNum": number}, "expirationTime": {"seconds": wanted}}
        self.send(payer, set(), expected, signers, cryptoUpdateAccount=data)
        if expected == "SUCCESS":
            self.expiry[number] = wanted

    @rule(payer=WHICH, which=WHICH, wish=WISHES)
    def extend_topic(self, payer: int, which: int, wish: str) -> None:
        """Whoever likes may do it."""
        number, topic = self.pick(self.topics, which)
        present = self.known_expiry(number, topic)
        wanted = self.wanted(wish, present)
        expected = "INVALID_TOPIC_ID" if topic is None or topic.deleted else self.verdict(wanted, present)
        data = {"topicID": {"topicNum": number}, "expirationTime": {"seconds": wanted}}
        self.send(payer, set(), expected, consensusUpdateTopic=data)
        if expected == "SUCCESS":
            self.expiry[number] = wanted

    @rule(payer=WHICH, which=WHICH, wish=WISHES)
    def extend_file(self, payer: int, which: int, wish: str) -> None:
        """It must be 30 days away at least; what is earlier than the present expiry is taken, and changes nothing."""
        number, file = self.pick(self.files, which)
        present = self.known_expiry(number, file)
        wanted = self.wanted(wish, present)
        now = self.wire.new_start_ns() // 10**9
        expected = "SUCCESS"
        if file is None:
            expected = "INVALID_FILE_ID"
        elif file.deleted:
            expected = "FILE_DELETED"
        elif not now + MIN_S <= wanted < now + MAX_S - MARGIN_S // 2:
            expected = "AUTORENEW_DURATION_NOT_IN_RANGE"
        data = {"fileID": {"fileNum": number}, "expirationTime": {"seconds": wanted}}
        self.send(payer, set(), expected, fileUpdate=data)
        if expected == "SUCCESS":
            self.expiry[number] = max(present, wanted)
