"""A user that reads: models by their metadata, and what becomes of one that is not what was announced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from hedera_users.model_catalogue import MODEL_STORED
from hedera_users.model_finder import FETCH, FIND, HISTORY, INFO, READS_PER_MODEL, SHOWS, ModelFinder
from hedera_users.payloads import announcement, model
from localnet_launcher import Localnet
from records.envelope import digest
from records.operation import Outcome
from tests.hedera_users.bench import Bench


@pytest.fixture
def bench(localnet: Localnet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A session."""
    bench = Bench(localnet, tmp_path_factory.mktemp("run"), model_bytes=5_000, receipt_interval=0.001)
    yield bench
    bench.session.close()


@pytest.fixture
def user(bench: Bench) -> ModelFinder:
    """A user of it that has begun."""
    user = ModelFinder(bench.environment)
    bench.environment.hedera_session = bench.session  # type: ignore[attr-defined]
    user.on_start()
    return user


def test_it_writes_now_and_then_and_reads(bench: Bench, user: ModelFinder) -> None:
    """All of it succeeds; what is found is what was stored, by the hash that was announced."""
    for _ in range(READS_PER_MODEL + 1):
        user.read()
    assert {one.outcome for one in bench.records} == {Outcome.SUCCEEDED}, [one.error for one in bench.records]
    counts = Counter(one.name for one in bench.records)
    assert {counts[name] for name in ("hfs.store", "hcs.submit", SHOWS)} == {2}
    assert {counts[name] for name in (FIND, FETCH, INFO, HISTORY)} == {READS_PER_MODEL + 1}
    stored = {file.file_id: file.sha256 for one in bench.records for file in one.stored_files}
    read = [file for one in bench.records for file in one.read_files]
    assert len(read) == 2 * (READS_PER_MODEL + 1)
    assert all(stored[file.file_id] == file.sha256 for file in read)


def test_a_model_whose_file_was_exchanged_is_not_taken(bench: Bench, user: ModelFinder) -> None:
    """Who announces another file under the same name and version is found out by the hash."""
    user.read()
    other = model("other", 1, 5_000, user.random)
    with bench.session.operation("hfs.store", confirm="receipt") as operation:
        file_id = bench.session.hedera.store_file(operation, other.chunks(4_096))
    (version, written), topic = user._shown[0], bench.run.topics["models"]
    envelope = user.next_envelope(MODEL_STORED)
    claimed = model(user._name, 1, 5_000, user.random)
    assert claimed.version == version
    message = announcement(envelope, claimed, file_id)
    with bench.session.operation("hcs.submit", confirm="receipt") as operation:
        operation.message(topic, user.stream, envelope.number, digest(message))
        bench.session.hedera.submit_message(operation, topic, message)
    user._find(version)
    assert (bench.record.outcome, bench.record.status) == (Outcome.FAILED, "HASH_MISMATCH")
    assert file_id in bench.record.error
    assert written.file_id not in bench.record.error


def test_a_version_that_nobody_announced_is_not_found(bench: Bench, user: ModelFinder) -> None:
    """It is said which."""
    user.read()
    user._find("9.9")
    assert (bench.record.outcome, bench.record.status) == (Outcome.FAILED, "NOT_FOUND")
    assert bench.record.error.endswith("announces no model-0.0 9.9")
