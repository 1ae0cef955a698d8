"""A transaction id that somebody else has used: what was refused for it goes on under another, and is counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.parsing import parse_settings
from hedera_client import (
    AlreadySubmittedError,
    Fate,
    HederaClient,
    MirrorRest,
    Operator,
    PrecheckError,
    TransactionId,
    TransportError,
    bodies,
)
from hedera_users.guards import Guards, Place, make_guards
from hedera_users.operation import uncounted
from hedera_users.transactions import Transactions
from localnet_launcher import Localnet, start_localnet
from reports.audit.mirror import MirrorAudit
from reports.audit.reading import MirrorReader, chain_hash
from reports.judge.verdict import exit_code_of
from resilience import GuardStats
from tests.reports.ledger import message, record, write_journal
from tests.reports.ledger import run as ledger_run

SETTINGS = parse_settings({"seed": 1, "receipt_interval": 0.02, "backoff": 0.01, "backoff_max": 0.02})


@pytest.fixture(scope="module")
def localnet() -> Iterator[Localnet]:
    """A network of this module's own."""
    running = start_localnet("--consensus-delay", "0.05", "--throttles", "off")
    yield running
    running.stop()


class Payer:
    """One of several processes that pay with the same account."""

    def __init__(self, localnet: Localnet) -> None:
        operator = Operator.parse(localnet.operator_id, localnet.operator_key)
        self.client = HederaClient(localnet.network, operator, lane=0, rpc_timeout=5)
        self.transactions = Transactions(self.client, SETTINGS)
        self.guards: Guards = make_guards(SETTINGS, self.client.nodes, GuardStats(), Place("run", 0, 1))
        self.issued: list[TransactionId] = []
        self._issue: Callable[[], TransactionId] = self.client.new_transaction_id

    def issue(self, *taken: TransactionId, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the next ids be those that somebody else has used; those after them are this payer's own."""
        left = list(taken)

        def next_id() -> TransactionId:
            self.issued.append(left.pop(0) if left else self._issue())
            return self.issued[-1]

        monkeypatch.setattr(self.client, "new_transaction_id", next_id)

    def send(self, topic: str, message: bytes) -> Any:
        """Write a message and return its receipt."""
        return self.transactions.to_receipt(
            uncounted("hcs.submit"), self.guards.hcs, lambda _: bodies.submit_message(topic, message)
        )


@pytest.fixture
def topic(localnet: Localnet) -> Iterator[tuple[Payer, str]]:
    """Somebody else who pays with the account, and a topic of his."""
    other = Payer(localnet)
    receipt = other.transactions.to_receipt(uncounted("topic"), other.guards.hcs, lambda _: bodies.create_topic())
    yield other, receipt.topic_id
    other.client.close()


@pytest.fixture
def payer(localnet: Localnet) -> Iterator[Payer]:
    """The process that is looked at."""
    one = Payer(localnet)
    yield one
    one.client.close()


def test_a_taken_id_is_given_up_for_another(payer: Payer, topic: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """CN:`SubmissionManager` refuses an id that it has seen: the first attempt of ours is a duplicate of his."""
    other, topic_id = topic
    his = other.send(topic_id, b"his")
    payer.issue(his.transaction_id, monkeypatch=monkeypatch)
    receipt = payer.send(topic_id, b"ours")
    assert receipt.transaction_id == payer.issued[1] != his.transaction_id
    assert receipt.topic_sequence_number == his.topic_sequence_number + 1, "both stand on the topic"
    assert payer.transactions.collisions == 1


def test_it_goes_on_once_only(payer: Payer, topic: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two ids in a row that are his: it is no chance, and the error says so. His receipt is believed at neither."""
    other, topic_id = topic
    taken = [other.send(topic_id, b"his").transaction_id for _ in range(2)]
    payer.issue(*taken, monkeypatch=monkeypatch)
    with pytest.raises(AlreadySubmittedError):
        payer.send(topic_id, b"ours")
    assert payer.issued == taken
    assert payer.transactions.collisions == 2


def test_once_over_all_attempts(payer: Payer, topic: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The id that came in the place of his is refused with BUSY, and at the next attempt found to be his as well."""
    other, topic_id = topic
    taken = [other.send(topic_id, b"his").transaction_id for _ in range(2)]
    payer.issue(*taken, monkeypatch=monkeypatch)
    submit, sent = payer.client.submit, []

    def busy_at_the_second(prepared: Any, *arguments: Any, **options: Any) -> Any:
        sent.append(prepared.transaction_id)
        if len(sent) == 2:
            raise busy()
        return submit(prepared, *arguments, **options)

    monkeypatch.setattr(payer.client, "submit", busy_at_the_second)
    with pytest.raises(AlreadySubmittedError):
        payer.send(topic_id, b"ours")
    assert sent == [taken[0], taken[1], taken[1]]


def test_a_refusal_before_leaves_nothing_of_ours(payer: Payer, topic: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """BUSY at the first attempt is certain: a duplicate at the second is his as well, and no earlier one of ours."""
    other, topic_id = topic
    his = other.send(topic_id, b"his")
    payer.issue(his.transaction_id, monkeypatch=monkeypatch)
    submit, refused = payer.client.submit, []

    def busy_once(prepared: Any, *arguments: Any, **options: Any) -> Any:
        if not refused:
            refused.append(prepared)
            raise busy()
        return submit(prepared, *arguments, **options)

    monkeypatch.setattr(payer.client, "submit", busy_once)
    receipt = payer.send(topic_id, b"ours")
    assert refused
    assert receipt.transaction_id != his.transaction_id
    assert payer.transactions.collisions == 1


def test_a_duplicate_of_an_attempt_in_doubt_is_our_own(
    payer: Payer, topic: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer was lost after the node took it: the duplicate says that it arrived, and nothing is sent again."""
    _, topic_id = topic
    payer.issue(monkeypatch=monkeypatch)
    submit, lost = payer.client.submit, []

    def lose_once(*arguments: Any, **options: Any) -> Any:
        answer = submit(*arguments, **options)
        if not lost:
            lost.append(answer)
            raise unknown()
        return answer

    monkeypatch.setattr(payer.client, "submit", lose_once)
    first = payer.send(topic_id, b"ours")
    assert lost
    assert payer.send(topic_id, b"next").topic_sequence_number == first.topic_sequence_number + 1
    assert (payer.transactions.collisions, len(payer.issued)) == (0, 2)


def test_two_that_are_acknowledged_at_once_are_told_apart_by_the_mirror(
    localnet: Localnet, payer: Payer, topic: Any, tmp_path: Path
) -> None:
    """Both got past their nodes before consensus; one message stands there, and nobody has a receipt (level `ack`)."""
    other, topic_id = topic
    first, second = payer.client.nodes[:2]
    ours = [message("a", 1), message("a", 2)]
    taken, own = other.client.new_transaction_id(), payer.client.new_transaction_id()
    his = other.client.prepare(bodies.submit_message(topic_id, b"his"), first, taken)
    late = payer.client.prepare(bodies.submit_message(topic_id, ours[0]), second, taken)
    other.client.submit(his)
    payer.client.submit(late)  # acknowledged as well: this node has not heard of it yet
    payer.client.submit(payer.client.prepare(bodies.submit_message(topic_id, ours[1]), second, own))
    other.client.await_receipt(own, second, timeout=10, interval=0.05)
    records = [record("a", number, None) for number in (1, 2)]
    for one, transaction_id in zip(records, (taken, own), strict=True):
        one.messages[0].topic_id, one.messages[0].transaction_id = topic_id, str(transaction_id)
    journal = write_journal(tmp_path, records)
    # The mirror is taken for past everything: what consensus made of it is what this test is about.
    run = ledger_run(audit_timeout=3.0).model_copy(update={"network": localnet.network, "topics": {"events": topic_id}})
    result = MirrorAudit(run, journal, Past(MirrorRest(localnet.network.mirror_rest)), chain_hash).run()
    assert (result["lost"], result["collided"], result["delivered"]) == (0, 1, 1)
    assert exit_code_of(result) == 5


class Past(MirrorReader):
    """The embedded mirror, which need not be waited for until the transactions' validity is over."""

    def latest_consensus(self) -> int | None:
        """An hour from now."""
        return time.time_ns() + 3_600_000_000_000


def busy() -> Exception:
    """A node's refusal, after which it is certain that nothing has happened."""
    return PrecheckError("BUSY", status="BUSY", fate=Fate.RETRYABLE, node="0.0.3")


def unknown() -> Exception:
    """An answer that was lost."""
    return TransportError("UNAVAILABLE", status="UNAVAILABLE", fate=Fate.UNKNOWN, node="0.0.3")
