"""The same transaction id several times: through several nodes before they have heard of it, and at once at one node.

The network must be one whose nodes hear of each other's transactions at consensus only (`--gossip` of an hour), and
which lets take effect at once what is not held back by a stall; then nothing depends on how fast the machine is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, ClassVar

import requests
from hypothesis import strategies as st
from hypothesis.stateful import rule

from localnet.protocol.ids import transaction_key
from localnet.protocol.status import status_name
from tests.localnet.model.machine import KEYS, PERIOD, WHICH, Machine

NODES = st.lists(st.sampled_from([3, 4, 5, 6]), min_size=2, max_size=5)
CUSTOM_FEE = 321
WAIT_S = 10.0


class Duplicates(Machine):
    """Sends the same message by several nodes; it must arrive, and its custom fee be paid, once.

    Attributes:
        control: URL of the network's control API and the header with its token; set on the class before it runs.
    """

    control: ClassVar[tuple[str, dict[str, str]]]

    def prepare(self) -> None:
        super().prepare()
        account = {"key": self.wire.public(KEYS[2]), "autoRenewPeriod": {"seconds": PERIOD}}
        self.once_collector = self.wire.carry_out(self.wire.body(cryptoCreateAccount=account)).accountID.accountNum
        fee = {
            "fixed_fee": {"amount": CUSTOM_FEE},
            "fee_collector_account_id": {"accountNum": self.once_collector},
        }
        self.once_topic = self.wire.create_topic(custom_fees=[fee])
        self.sent_once = 0

    def compare(self) -> None:
        """Each id has one message and one payment."""
        super().compare()
        rows = self.rest(f"/api/v1/topics/0.0.{self.once_topic}/messages?limit=100")[1]["messages"]
        assert [row["sequence_number"] for row in rows] == list(range(1, min(100, self.sent_once) + 1))
        page = self.rest(f"/api/v1/balances?account.id=0.0.{self.once_collector}")[1]
        assert page["balances"][0]["balance"] == CUSTOM_FEE * self.sent_once

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Nothing reaches consensus meanwhile."""
        url, headers = self.control
        answer = requests.post(f"{url}/faults", json={"kind": "stall"}, headers=headers, timeout=WAIT_S)
        try:
            yield
        finally:
            fault = answer.json()["faults"][0]["id"]
            assert requests.delete(f"{url}/faults/{fault}", headers=headers, timeout=WAIT_S).status_code == 200

    @rule(payer=WHICH, nodes=NODES, at_once=st.booleans())
    def same_id_again(self, payer: int, nodes: list[int], at_once: bool) -> None:
        """Each node takes it the first time, and knows it the second; at consensus the first counts."""
        number, key = self.payers[payer % len(self.payers)]
        start_ns = self.wire.new_start_ns()
        message = {"topicID": {"topicNum": self.once_topic}, "message": b"once"}
        bodies = [self.wire.body(start_ns=start_ns, node=node, consensusSubmitMessage=message) for node in nodes]
        for body in bodies:
            body.transactionID.accountID.accountNum = number

        def precheck(body: Any) -> str:
            return self.wire.precheck(body, key, node=body.nodeAccountID.accountNum)

        with self.stalled():
            if at_once:
                with ThreadPoolExecutor(len(bodies)) as threads:
                    answers = list(threads.map(precheck, bodies))
            else:
                answers = list(map(precheck, bodies))
                taken_before = [node in nodes[:index] for index, node in enumerate(nodes)]
                assert [answer == "DUPLICATE_TRANSACTION" for answer in answers] == taken_before
            taken = Counter(zip(nodes, answers, strict=True))
            assert all(taken[node, "OK"] == 1 for node in set(nodes))
            assert set(answers) <= {"OK", "DUPLICATE_TRANSACTION"}
        self.sent_once += 1
        self.check_fates(bodies[0], len(set(nodes)))
        assert [precheck(body) for body in bodies] == ["DUPLICATE_TRANSACTION"] * len(bodies)

    def check_fates(self, body: Any, taken: int) -> None:
        """One took effect, the others are duplicates; so say receipts and mirror, and the others cost less."""
        asked = {"transactionID": body.transactionID, "includeDuplicates": True}
        reply = self.wire.query(transactionGetReceipt=asked).transactionGetReceipt
        told = [reply.receipt, *reply.duplicateTransactionReceipts]
        expected = ["SUCCESS", *["DUPLICATE_TRANSACTION"] * (taken - 1)]
        assert [status_name(one.status) for one in told] == expected
        rows = self.rest(f"/api/v1/transactions/{transaction_key(body.transactionID).mirror_form}")[1]["transactions"]
        assert [row["result"] for row in rows] == expected
        assert all(0 < row["charged_tx_fee"] < rows[0]["charged_tx_fee"] for row in rows[1:])
