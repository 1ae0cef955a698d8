"""One transaction until its fate is known, on a network of the test's own that is broken on command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hedera_client import Body, MirrorRest, bodies
from hedera_users.guards import Guards, Place, make_guards
from hedera_users.transactions import Transactions
from localnet_launcher import Localnet, start_localnet
from records.operation import Outcome
from resilience import GuardStats
from tests.hedera_users.bench import Bench


@pytest.fixture(scope="module")
def broken() -> Iterator[Localnet]:
    """A network without delays."""
    running = start_localnet("--latency", "instant", "--throttles", "off", "--mirror-rate-limit", "0")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def bench(broken: Localnet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A session on it."""
    bench = Bench(broken, tmp_path_factory.mktemp("run"), queue=0, attempts=3, rpc_timeout=2, confirm_timeout=2)
    yield bench
    bench.session.close()


@pytest.fixture
def guards(bench: Bench) -> Guards:
    """Guards of the test's own: no circuit is open from before."""
    return make_guards(bench.settings, bench.session.client.nodes, GuardStats(), Place())


@pytest.fixture
def transactions(bench: Bench, broken: Localnet) -> Iterator[Transactions]:
    """No fault outlives its test."""
    yield Transactions(bench.session.client, bench.settings)
    broken.clear_faults()


def message(bench: Bench, text: bytes) -> Any:
    """What to send, whatever its id."""
    body = bodies.submit_message(bench.topic, text)

    def of(_: Any) -> Body:
        return body

    return of


def shown(bench: Bench, text: bytes) -> int:
    """How often a message is on the topic."""
    rest = MirrorRest(bench.run.network.mirror_rest)
    try:
        return sum(row.message == text for row in rest.topic_messages(bench.topic))
    finally:
        rest.close()


def test_a_receipt_is_that_of_the_transaction(bench: Bench, guards: Guards, transactions: Transactions) -> None:
    """Which has one id, and happened once."""
    with bench.session.operation("hcs.submit", confirm="receipt") as operation:
        receipt = transactions.to_receipt(operation, guards.hcs, message(bench, b"plain"))
    assert [str(receipt.transaction_id)] == bench.record.transaction_ids
    assert (receipt.succeeded, bench.record.attempts, shown(bench, b"plain")) == (True, 1, 1)


def test_what_was_refused_is_sent_again_under_its_id(
    bench: Bench, guards: Guards, transactions: Transactions, broken: Localnet
) -> None:
    """As often as the guard says."""
    broken.add_faults([{"kind": "not-created", "count": 2}])
    with bench.session.operation("hcs.submit", confirm="ack") as operation:
        sent = transactions.send(operation, guards.hcs, message(bench, b"refused"))
    assert (bench.record.attempts, bench.record.transaction_ids) == (3, [str(sent.transaction_id)])
    assert shown(bench, b"refused") == 1


def test_an_answer_that_was_lost_makes_nothing_happen_twice(
    bench: Bench, guards: Guards, transactions: Transactions, broken: Localnet
) -> None:
    """The second attempt has the same id, so the network says that the first had arrived."""
    broken.add_faults([{"kind": "ack-lost", "how": "reset", "count": 1}])
    with bench.session.operation("hcs.submit", confirm="ack") as operation:
        transactions.send(operation, guards.hcs, message(bench, b"lost"))
    assert (bench.record.outcome, bench.record.attempts, len(bench.record.transaction_ids)) == (Outcome.SUCCEEDED, 2, 1)
    assert (shown(bench, b"lost"), transactions.collisions) == (1, 0)


def test_a_transaction_whose_attempts_are_used_up_is_looked_for(
    bench: Bench, guards: Guards, transactions: Transactions, broken: Localnet
) -> None:
    """No answer came, and it had happened all the same: the receipt tells."""
    broken.add_faults([{"kind": "ack-lost", "how": "reset", "count": 3}])
    with bench.session.operation("hcs.submit", confirm="receipt") as operation:
        sent = transactions.send(operation, guards.hcs, message(bench, b"settled"))
        assert transactions.receipt(operation, sent).succeeded
    assert (bench.record.attempts, bench.record.outcome, shown(bench, b"settled")) == (3, Outcome.SUCCEEDED, 1)


def test_what_nobody_can_tell_leaves_the_operation_in_doubt(
    bench: Bench, guards: Guards, transactions: Transactions, broken: Localnet
) -> None:
    """Every attempt lost, and no receipt to be had."""
    broken.add_faults(
        [
            {"kind": "ack-lost", "how": "reset", "operations": ["submitMessage"]},
            {"kind": "node-down", "operations": ["getTransactionReceipts"]},
        ]
    )
    settings = bench.settings.model_copy(update={"confirm_timeout": 0.2})
    with bench.session.operation("hcs.submit", confirm="ack") as operation:
        Transactions(bench.session.client, settings).send(operation, guards.hcs, message(bench, b"doubt"))
    assert (bench.record.outcome, bench.record.attempts) == (Outcome.UNKNOWN, 3)


def test_what_consensus_refuses_is_not_sent_again(bench: Bench, guards: Guards, transactions: Transactions) -> None:
    """It has happened: that is its outcome."""
    body = bodies.submit_message("0.0.999999", b"nowhere")
    with bench.session.operation("hcs.submit", confirm="receipt") as operation:
        transactions.to_receipt(operation, guards.hcs, lambda _: body)
    assert (bench.record.outcome, bench.record.status) == (Outcome.FAILED, "INVALID_TOPIC_ID")
    assert len(bench.record.transaction_ids) == 1
