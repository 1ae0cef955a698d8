"""Files by HCS-1 on the embedded network: what is on the topic, what the record says, what becomes of broken ones."""

from __future__ import annotations

import random
from collections.abc import Iterator
from hashlib import sha256

import pytest

from hedera_client import MirrorRest, bodies, hcs1
from hedera_users.topic_files import TopicFiles
from localnet_launcher import Localnet, start_localnet
from records.operation import LEFT, Outcome
from tests.hedera_users.bench import Bench
from tests.load_process.load_process import LoadProcess

CONTENTS = random.Random(3).randbytes(9_000)
SLOW = {"kind": "node-slow", "delay": 0.3, "operations": ["submitMessage"]}
PIECES = len(hcs1.to_messages(CONTENTS).messages)


@pytest.fixture(scope="module")
def breakable() -> Iterator[Localnet]:
    """A network of this module's own, for faults."""
    running = start_localnet("--latency", "instant", "--throttles", "off", "--mirror-rate-limit", "0")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def rig() -> Iterator[LoadProcess]:
    """A process whose greenlets do go side by side, unlike those of the tests' own."""
    running = LoadProcess("--latency", "instant", "--throttles", "off", "--mirror-rate-limit", "0")
    yield running
    running.close()


@pytest.fixture
def bench(breakable: Localnet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A session with a short patience, and no fault."""
    bench = Bench(breakable, tmp_path_factory.mktemp("run"), rpc_timeout=0.5, confirm_timeout=2.0, breaker_failures=99)
    yield bench
    bench.session.close()
    breakable.clear_faults()


@pytest.fixture
def files(bench: Bench) -> TopicFiles:
    """Its files."""
    return bench.session.topic_files


@pytest.fixture
def rest(breakable: Localnet) -> Iterator[MirrorRest]:
    """The network's mirror."""
    rest = MirrorRest(breakable.network.mirror_rest)
    yield rest
    rest.close()


def store(bench: Bench, contents: bytes = CONTENTS, parallel: int = 1) -> tuple[str, int]:
    """Store a file; its topic, and the highest sequence number."""
    topic, last = "", 0
    with bench.session.operation("store.hcs-1", confirm="receipt", size_bytes=len(contents)) as operation:
        topic, last = bench.session.topic_files.store(operation, contents, parallel)
    return topic, last


def fetch(bench: Bench, topic: str, last: int) -> bytes:
    """Read a file back."""
    with bench.session.operation("fetch.hcs-1") as operation:
        return bench.session.topic_files.fetch(operation, topic, last)
    return b""


@pytest.mark.parametrize("parallel", [1, 5])
def test_a_file_is_on_a_topic_of_its_own(bench: Bench, rest: MirrorRest, parallel: int) -> None:
    """With the memo, a submit key and no admin key; each piece is one message; the records hold the whole's hash."""
    topic, last = store(bench, parallel=parallel)
    record = bench.record
    assert (record.outcome, record.attempts, len(record.transaction_ids)) == (Outcome.SUCCEEDED, PIECES + 1, PIECES + 1)
    assert record.latency_s == pytest.approx(sum(record.segments_s.values()))
    (stored,) = record.stored_files
    assert (stored.file_id, stored.acknowledged, stored.leftover) == (topic, True, "")
    assert (stored.sha256, stored.size_bytes) == (sha256(CONTENTS).hexdigest(), len(CONTENTS))
    assert stored.transaction_id == record.transaction_ids[0]
    assert fetch(bench, topic, last) == CONTENTS
    (read,) = bench.record.read_files
    assert (read.file_id, read.sha256, read.size_bytes) == (topic, stored.sha256, stored.size_bytes)
    row = rest.topic(topic)
    assert (row["memo"], row["admin_key"], bool(row["submit_key"])) == (f"{stored.sha256}:zstd:base64", None, True)
    messages = [one.message for one in rest.topic_messages(topic)]
    assert sorted(messages) == sorted(hcs1.to_messages(CONTENTS).messages)
    if parallel == 1:
        assert messages == hcs1.to_messages(CONTENTS).messages
        milliseconds = [one.consensus_timestamp // 1_000_000 for one in rest.topic_messages(topic)]
        assert len(set(milliseconds)) == PIECES, "of two in one, @hiero-did-sdk/hcs reads one"


@pytest.mark.parametrize("parallel", [1, 5])
def test_a_piece_whose_acknowledgement_was_lost_lands_once(bench: Bench, breakable: Localnet, parallel: int) -> None:
    """It is sent again under its own transaction id, which the network takes once."""
    breakable.add_faults(
        [{"kind": "ack-lost", "operations": ["submitMessage"], "how": "reset", "share": 0.5, "count": 6}]
    )
    topic, last = store(bench, parallel=parallel)
    assert bench.record.outcome is Outcome.SUCCEEDED, bench.record.error
    assert bench.record.attempts > PIECES + 1
    assert len(bench.record.transaction_ids) == PIECES + 1
    assert last == PIECES
    assert fetch(bench, topic, last) == CONTENTS


@pytest.mark.parametrize("parallel", [1, 5])
def test_a_file_that_cannot_be_completed_is_left(bench: Bench, breakable: Localnet, parallel: int) -> None:
    """Nobody can delete a topic without an admin key; the record says so, and with what the operation ended."""
    breakable.add_faults([{"kind": "status", "status": "INVALID_SIGNATURE", "operations": ["submitMessage"]}])
    assert store(bench, parallel=parallel) == ("", 0)
    (stored,) = bench.record.stored_files
    assert (bench.record.outcome, bench.record.status) == (Outcome.FAILED, "INVALID_SIGNATURE")
    assert (stored.acknowledged, stored.leftover, bool(stored.file_id)) == (False, LEFT, True)
    assert bench.record.attempts <= 1 + parallel
    assert bench.record.ended_in == "ack"


def test_a_file_whose_topic_is_refused_leaves_nothing(bench: Bench, breakable: Localnet) -> None:
    """There is none."""
    breakable.add_faults([{"kind": "status", "status": "INVALID_SIGNATURE", "operations": ["createTopic"]}])
    store(bench)
    (stored,) = bench.record.stored_files
    assert (bench.record.outcome, stored.file_id, stored.leftover) == (Outcome.FAILED, "", "")


def test_pieces_go_side_by_side(rig: LoadProcess) -> None:
    """On a network where a piece takes 0.3 s: twelve of them in three times as long; the time adds up all the same."""
    job = rig.do({"topic_files": 1, "parallel": 4}, faults=[SLOW], settings={"rpc_timeout": 5})
    stored, fetched = job.records
    assert (stored["outcome"], fetched["outcome"], job.errors) == ("succeeded", "succeeded", [])
    assert 3 * 0.3 <= stored["latency_s"] < 6 * 0.3
    assert stored["latency_s"] == pytest.approx(sum(stored["segments_s"].values()))
    assert stored["phases_s"]["receipt"] == pytest.approx(stored["latency_s"], abs=0.5)
    assert len(stored["transaction_ids"]) == len(set(stored["transaction_ids"])) == stored["attempts"] == PIECES + 1


@pytest.mark.parametrize("parallel", [1, 6])
def test_a_busy_network_that_loses_acknowledgements_makes_no_piece_twice(rig: LoadProcess, parallel: int) -> None:
    """Half of all answers are lost; every piece lands once, for the reader counts what is repeated."""
    lost = {"kind": "ack-lost", "operations": ["submitMessage"], "how": "reset", "share": 0.5}
    job = rig.do(
        *[{"topic_files": 2, "parallel": parallel}] * 2,
        faults=[lost],
        settings={"attempts": 20, "breaker_failures": 99},
    )
    assert job.outcomes("store.hcs-1") == {"succeeded": 4}
    assert job.outcomes("fetch.hcs-1") == {"succeeded": 4}
    stored = [one for one in job.records if one["name"] == "store.hcs-1"]
    assert sum(one["attempts"] for one in stored) > 4 * (PIECES + 1)
    assert all(len(one["transaction_ids"]) == PIECES + 1 for one in stored)


def test_a_store_that_is_killed_says_what_is_left(rig: LoadProcess) -> None:
    """With its pieces on their way; and none of them goes on behind its back."""
    job = rig.do({"topic_files": 1, "parallel": 3}, faults=[SLOW], stop_after_s=0.5, linger_s=1.5)
    (record,) = job.records
    (stored,) = record["stored_files"]
    assert (record["outcome"], record["status"], stored["leftover"]) == ("unknown", "STOPPED", LEFT)
    assert 3 <= record["attempts"] < PIECES + 1
    sent = [one for one in rig.ledger() if one["type"] == "CONSENSUSSUBMITMESSAGE"]
    assert len(sent) <= record["attempts"] - 1


def test_a_strangers_message_is_told(bench: Bench) -> None:
    """The file is whole, and @hiero-did-sdk/hcs could not read it all the same."""
    topic, last = store(bench)
    for message in (b"hello", hcs1.to_messages(CONTENTS).messages[2]):
        with bench.session.operation("hcs.submit", confirm="receipt") as operation:
            bench.session.hedera.submit_message(operation, topic, message)
    assert fetch(bench, topic, last + 2) == b""
    assert (bench.record.outcome, bench.record.status) == (Outcome.FAILED, "HASH_MISMATCH")
    assert "1 repeated and 1 foreign" in bench.record.error
    assert bench.record.read_files[0].sha256 == "", "the audit counts it as mismatched"


def test_what_the_mirror_does_not_show_yet_is_waited_for(bench: Bench, breakable: Localnet) -> None:
    """Also where a later piece is there already; what stays away is the mirror's fault and not the file's."""
    topic, last = store(bench)
    breakable.add_faults([{"kind": "mirror-late", "topics": [topic], "delay": 0.6, "sequence_numbers": [3]}])
    breakable.add_faults([{"kind": "mirror-drop", "sequence_numbers": [5], "count": 1}])
    other, _ = store(bench)
    assert fetch(bench, other, last) == b""
    assert (bench.record.status, bench.record.read_files) == ("MIRROR_TIMEOUT", [])
    assert fetch(bench, topic, last) == CONTENTS


def test_anybodys_file_is_read(bench: Bench, files: TopicFiles) -> None:
    """As far as it is there; a topic that holds none is refused in a line."""
    topic, _ = store(bench)
    with bench.session.operation("fetch.hcs-1") as operation:
        found = files.read(operation, topic)
        assert (found.contents, found.pieces) == (CONTENTS, PIECES)
        with pytest.raises(hcs1.Hcs1Error, match="memo"):
            files.read(operation, bench.topic)


def test_the_client_makes_topics_without_keys(bench: Bench) -> None:
    """Whoever wants to may write to one without a submit key."""
    client = bench.session.client
    node = client.nodes[0]
    own_id = client.new_transaction_id()
    client.submit(client.prepare(bodies.create_topic(memo="of all"), node, own_id))
    topic = client.topic_info(str(client.await_receipt(own_id, node, timeout=5).topic_id), node)
    assert (topic.memo, topic.has_submit_key, topic.has_admin_key) == ("of all", False, False)
