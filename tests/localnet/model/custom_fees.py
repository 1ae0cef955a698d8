"""Custom fees on topics (HIP-991): who pays them, how much at most, and who may change them."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.localnet.model.machine import KEYS, MAYBE_KEY, PERIOD, SIGNERS, WHICH, Machine
from tests.localnet.model.topics import assert_chain

MORE_THAN_ANYBODY_HAS = 10**18
FEES = st.lists(st.tuples(st.sampled_from([1, 500, 500, MORE_THAN_ANYBODY_HAS]), WHICH), max_size=3)
LIMITS = st.none() | st.sampled_from([0, 499, 500, 1_001, 2 * MORE_THAN_ANYBODY_HAS])
EXEMPT = st.frozensets(st.sampled_from([0, 1, 2]), max_size=1)


@dataclass
class PaidTopic:
    """A topic with custom fees: (amount, collector). Keys are indices into KEYS."""

    admin: int | None
    schedule: int | None
    fees: list[tuple[int, int]]
    exempt: frozenset[int]
    messages: list[bytes] = field(default_factory=list)


class CustomFees(Machine):
    """Makes topics with custom fees, changes the fees, and pays them."""

    def prepare(self) -> None:
        super().prepare()
        self.paid: dict[int, PaidTopic] = {}
        self.gained: dict[int, int] = {}
        for _ in range(2):
            data = {"key": self.wire.public(KEYS[2]), "autoRenewPeriod": {"seconds": PERIOD}}
            number = self.wire.carry_out(self.wire.body(cryptoCreateAccount=data)).accountID.accountNum
            self.gained[number] = 0
        for admin, schedule, fees in (
            (None, None, [(500, 0), (1, 3)]),
            (0, 1, [(500, 0), (500, 0), (1, 2)]),
            (2, None, [(500, 1)]),
        ):
            self.make_paid_topic(0, {0, 1, 2}, admin, schedule, fees, frozenset({1}))
        for which in range(len(self.paid)):
            self.pay(0, set(), which, limit=None, own=True)

    def compare(self) -> None:
        """Compare the messages, and what those have who only collect."""
        super().compare()
        for number, topic in self.paid.items():
            rows = self.rest(f"/api/v1/topics/0.0.{number}/messages?limit=100")[1]["messages"]
            assert [base64.b64decode(row["message"]) for row in rows] == topic.messages[:100]
            assert_chain(number, rows)
        for number, tinybars in self.gained.items():
            page = self.rest(f"/api/v1/balances?account.id=0.0.{number}")[1]
            assert page["balances"][0]["balance"] == tinybars

    def collector(self, which: int) -> int:
        """Who gets a fee: somebody who only collects, or one of those that pay."""
        collectors = [*self.gained, *(number for number, _ in self.payers)]
        return collectors[which % len(collectors)]

    def fee_list(self, fees: list[tuple[int, int]]) -> list[Any]:
        """Fees as the protobuf wants them."""
        return [
            {"fixed_fee": {"amount": amount}, "fee_collector_account_id": {"accountNum": collector}}
            for amount, collector in fees
        ]

    @rule(payer=WHICH, signers=SIGNERS, admin=MAYBE_KEY, schedule=MAYBE_KEY, fees=FEES, exempt=EXEMPT)
    def create_paid_topic(self, **choices: Any) -> None:
        self.make_paid_topic(**choices)

    def make_paid_topic(
        self,
        payer: int,
        signers: set[int],
        admin: int | None,
        schedule: int | None,
        fees: list[tuple[int, int]],
        exempt: frozenset[int],
    ) -> None:
        wanted = [(amount, self.collector(which)) for amount, which in fees]
        data: dict[str, Any] = {"autoRenewPeriod": {"seconds": PERIOD}, "custom_fees": self.fee_list(wanted)}
        data["fee_exempt_key_list"] = [self.wire.public(KEYS[key]) for key in exempt]
        for name, key in (("adminKey", admin), ("fee_schedule_key", schedule)):
            if key is not None:
                data[name] = self.wire.public(KEYS[key])
        signed = admin is None or self.signs(payer, signers, admin)
        expected = "SUCCESS" if signed else "INVALID_SIGNATURE"
        receipt = self.send(payer, signers, expected, consensusCreateTopic=data)
        if expected == "SUCCESS":
            self.paid[receipt.topicID.topicNum] = PaidTopic(admin, schedule, wanted, exempt)

    @rule(payer=WHICH, signers=SIGNERS, which=WHICH, fees=FEES)
    def change_fees(self, payer: int, signers: set[int], which: int, fees: list[tuple[int, int]]) -> None:
        number, topic = self.pick(self.paid, which)
        wanted = [(amount, self.collector(which)) for amount, which in fees]
        if topic is None:
            expected = "INVALID_TOPIC_ID"
        elif topic.admin is None:
            expected = "UNAUTHORIZED"
        elif topic.schedule is None:
            expected = "FEE_SCHEDULE_KEY_NOT_SET"
        else:
            both = all(self.signs(payer, signers, key) for key in (topic.admin, topic.schedule))
            expected = "SUCCESS" if both else "INVALID_SIGNATURE"
        data = {"topicID": {"topicNum": number}, "custom_fees": {"fees": self.fee_list(wanted)}}
        self.send(payer, signers, expected, consensusUpdateTopic=data)
        if expected == "SUCCESS":
            topic.fees = wanted

    @rule(payer=WHICH, signers=SIGNERS, which=WHICH, limit=LIMITS, own=st.booleans())
    def submit_paying(self, **choices: Any) -> None:
        self.pay(**choices)

    def pay(self, payer: int, signers: set[int], which: int, limit: int | None, own: bool) -> None:
        """Submit a message; `limit` is the most that its payer (`own`), or somebody else, would pay."""
        number, topic = self.pick(self.paid, which)
        account = self.payers[payer % len(self.payers)][0]
        due: list[tuple[int, int]] = []
        if topic is not None and not any(self.signs(payer, signers, key) for key in topic.exempt):
            due = [(amount, collector) for amount, collector in topic.fees if collector != account]
        expected = "INVALID_TOPIC_ID" if topic is None else custom_fees_say(due, limit, own=own)
        message = f"message {len(topic.messages)}".encode() if topic else b"?"
        extra: dict[str, Any] = {}
        if limit is not None:
            extra["max_custom_fees"] = [
                {"account_id": {"accountNum": account if own else 98}, "fees": [{"amount": limit}]}
            ]
        data = {"topicID": {"topicNum": number}, "message": message}
        self.send(payer, signers, expected, consensusSubmitMessage=data, **extra)
        if expected == "SUCCESS":
            topic.messages.append(message)
            for amount, collector in set(due):  # of equal fees one is paid
                if collector in self.gained:
                    self.gained[collector] += amount


def custom_fees_say(due: list[tuple[int, int]], limit: int | None, *, own: bool) -> str:
    """Whether these can be paid."""
    total = sum(amount for amount, _ in due)
    if limit is not None and total:
        if not own:
            return "NO_VALID_MAX_CUSTOM_FEE"
        if limit < total:
            return "MAX_CUSTOM_FEE_LIMIT_EXCEEDED"
    if any(amount == MORE_THAN_ANYBODY_HAS for amount, _ in due):
        return "INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE"
    return "SUCCESS"
