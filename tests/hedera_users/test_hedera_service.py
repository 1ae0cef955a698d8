"""The business's verbs, each against the embedded network, and what their records say."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import pytest

from hedera_client import HederaError, MirrorRest, Relay
from hedera_users.hedera_service import HederaService
from hedera_users.relay_view import RelayView
from hedera_users.setup import PURPOSES, create_topics
from localnet_launcher import Localnet
from records.operation import DELETED, UNCERTAIN, Outcome
from tests.hedera_users.bench import Bench


@pytest.fixture(scope="module")
def bench(localnet: Localnet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A session that reads receipts and watches the mirror."""
    bench = Bench(localnet, tmp_path_factory.mktemp("run"), confirm="receipt,mirror", queue=10, rpc_timeout=0.5)
    yield bench
    bench.session.close()


@pytest.fixture
def service(bench: Bench) -> HederaService:
    """Its verbs."""
    return bench.session.hedera


@pytest.fixture
def rest(localnet: Localnet) -> Iterator[MirrorRest]:
    """The network's mirror."""
    rest = MirrorRest(localnet.network.mirror_rest)
    yield rest
    rest.close()


def test_a_run_begins_with_topics_that_only_its_operator_may_write_to(bench: Bench, rest: MirrorRest) -> None:
    """One for each purpose, named after the run; nobody counts what that took."""
    assert set(bench.run.topics) == set(PURPOSES)
    topic = bench.session.client.topic_info(bench.topic, "0.0.3")
    assert topic.memo == f"hedera-load {bench.run.run_id} events"
    assert topic.has_submit_key
    assert bench.session.operation_counts.snapshot() == {}


def test_a_network_that_is_not_there_is_told(bench: Bench, localnet: Localnet) -> None:
    """Not waited for: the set-up has no queue."""
    nobody = localnet.network.model_copy(update={"nodes": {"127.0.0.1:9": "0.0.3"}})
    settings = bench.settings.model_copy(update={"attempts": 2})
    with pytest.raises(HederaError, match=r"0\.0\.3"):
        create_topics(nobody, bench.operator, "gone", settings)


@pytest.mark.parametrize("confirm", ["ack", "receipt", "mirror"])
def test_a_message_goes_as_far_as_it_is_asked_to(bench: Bench, service: HederaService, confirm: str) -> None:
    """The record has the phases of its level, and no others."""
    with bench.session.operation("hcs.submit", confirm=confirm) as operation:  # type: ignore[arg-type]
        operation.message(bench.topic, "0.1", 1, "ab")
        service.submit_message(operation, bench.topic, b"hello")
    record = bench.record
    assert (record.outcome, record.attempts, len(record.transaction_ids)) == (Outcome.SUCCEEDED, 1, 1)
    phases = {"ack": ["ack"], "receipt": ["ack", "receipt"], "mirror": ["ack", "receipt", "mirror"]}[confirm]
    assert [name for name in ("ack", "receipt", "mirror") if name in record.phases_s] == phases
    assert (record.messages[0].sequence_number is None) == (confirm == "ack")


def test_a_long_message_goes_as_chunks(bench: Bench, service: HederaService, rest: MirrorRest) -> None:
    """Each a transaction of its own; the others name the first one's id, and the last one's number is kept."""
    message = bytes(range(256)) * 10
    with bench.session.operation("hcs.submit", confirm="receipt") as operation:
        operation.message(bench.topic, "0.1", 1, "ab")
        service.submit_message(operation, bench.topic, message)
    record = bench.record
    assert (record.outcome, len(record.transaction_ids)) == (Outcome.SUCCEEDED, 3)
    last = record.messages[0].sequence_number
    assert last is not None
    rows = [rest.topic_message(bench.topic, last - 2 + place) for place in range(3)]
    assert b"".join(row.message for row in rows) == message


def test_what_the_receipt_refuses_is_a_failure(bench: Bench, service: HederaService) -> None:
    """A topic that is not there is acknowledged all the same."""
    with bench.session.operation("hcs.submit", confirm="receipt") as operation:
        service.submit_message(operation, "0.0.999999", b"hello")
    assert (bench.record.outcome, bench.record.status) == (Outcome.FAILED, "INVALID_TOPIC_ID")
    with bench.session.operation("hcs.submit", confirm="ack") as operation:
        service.submit_message(operation, "0.0.999999", b"hello")
    assert bench.record.outcome is Outcome.SUCCEEDED


def test_a_file_is_stored_and_read_back(bench: Bench, service: HederaService) -> None:
    """In as many transactions as it has chunks; both records hold the hash of the whole."""
    chunks = [b"a" * 1_000, b"b" * 1_000, b"c"]
    with bench.session.operation("hfs.store", confirm="receipt") as operation:
        file_id = service.store_file(operation, chunks)
    (stored,) = bench.record.stored_files
    contents = b"".join(chunks)
    assert (stored.file_id, stored.appends, stored.acknowledged, stored.leftover) == (file_id, 2, True, "")
    assert (stored.sha256, stored.size_bytes) == (sha256(contents).hexdigest(), 2_001)
    assert 0 < stored.slowest_append_s <= stored.stored_s
    with bench.session.operation("hfs.fetch") as operation:
        assert service.fetch_file(operation, file_id) == contents
    (read,) = bench.record.read_files
    assert (read.file_id, read.sha256) == (file_id, stored.sha256)


def test_a_file_that_cannot_be_completed_is_deleted(bench: Bench, service: HederaService) -> None:
    """The second chunk is too large for a transaction; what was created is not left behind."""
    with bench.session.operation("hfs.store", confirm="receipt") as operation:
        service.store_file(operation, [b"first", bytes(7_000)])
    (stored,) = bench.record.stored_files
    assert bench.record.outcome is Outcome.FAILED
    assert (stored.acknowledged, stored.leftover, stored.appends) == (False, DELETED, 0)
    assert bench.session.client.file_info(stored.file_id, "0.0.3").deleted


def test_a_file_of_which_no_node_knows_is_not_said_to_be_gone(bench: Bench, service: HederaService) -> None:
    """Its first transaction is too large; as long as that is valid, no receipt does not mean that there is no file."""
    with bench.session.operation("hfs.store", confirm="receipt") as operation:
        service.store_file(operation, [bytes(7_000)])
    (stored,) = bench.record.stored_files
    assert (stored.file_id, stored.leftover, stored.acknowledged) == ("", UNCERTAIN, False)


def test_at_the_level_queued_its_user_goes_on(bench: Bench, service: HederaService) -> None:
    """The work is done in the background, and the record closes there."""
    done: list[str] = []
    before = len(bench.records)
    with bench.session.operation("hcs.submit", confirm="queued") as operation:
        service.perform(operation, lambda: done.append("done"))
        assert done == []
    assert bench.session.background.join(5)
    assert (done, len(bench.records)) == (["done"], before + 1)
    with bench.session.operation("hcs.submit", confirm="ack") as operation:
        service.perform(operation, lambda: done.append("at once"))
        assert done[-1] == "at once"


def test_nobodys_id_was_taken(service: HederaService) -> None:
    """Where one operator pays alone."""
    assert service.collisions() == {"count": 0}


def test_reads_of_the_relay_are_attempts(bench: Bench, localnet: Localnet) -> None:
    """They change nothing, have no level, and are never of unknown outcome."""
    assert isinstance(bench.session.relay, RelayView)
    with bench.session.operation("relay.eth_chainId") as operation:
        assert bench.session.relay.ask(operation, Relay.chain_id) > 0
    assert (bench.record.outcome, bench.record.attempts, bench.record.confirm) == (Outcome.SUCCEEDED, 1, "")
