"""The scenario `storage`: what it says of each way, and that its costs are what a network charges."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hedera_client import MirrorRest, TransactionId, hcs1
from hedera_users.payloads import model
from hedera_users.storage_comparer import CHUNK_BYTES, WAYS, StorageComparer
from localnet_launcher import Localnet
from records.operation import OperationRecord, Outcome
from reports.schema.report import Report
from scenarios.catalogue import storage
from scenarios.storage_costs import MIB, Cost, cost
from tests.hedera_users.bench import Bench
from tests.reports.sample import sample_report

SIZE = 9_000


@pytest.fixture(scope="module")
def bench(localnet: Localnet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A session in which a user has stored a model in every way."""
    bench = Bench(localnet, tmp_path_factory.mktemp("run"), model_bytes=SIZE, receipt_interval=0.001)
    user = StorageComparer(bench.environment)
    bench.environment.hedera_session = bench.session  # type: ignore[attr-defined]
    user.on_start()
    user.store_in_every_way()
    yield bench
    bench.session.close()


def of(bench: Bench, name: str) -> OperationRecord:
    """The record of an operation."""
    (found,) = [one for one in bench.records if one.name == name]
    return found


def test_a_model_is_stored_in_every_way(bench: Bench) -> None:
    """As files it is read back, as messages the audit looks for it."""
    assert {one.name for one in bench.records} == {
        *(f"store.{way}" for way in WAYS),
        *(f"fetch.{way}" for way in storage.READ_BACK),
    }
    assert {one.outcome for one in bench.records} == {Outcome.SUCCEEDED}
    assert {way for way in WAYS if of(bench, f"store.{way}").stored_files} == set(storage.READ_BACK)
    assert {way for way in WAYS if of(bench, f"store.{way}").messages} == set(WAYS) - set(storage.READ_BACK)
    for way in storage.READ_BACK:
        (stored,) = of(bench, f"store.{way}").stored_files
        (read,) = of(bench, f"fetch.{way}").read_files
        assert (read.file_id, read.sha256, read.size_bytes) == (stored.file_id, stored.sha256, SIZE)


@pytest.mark.parametrize("way", WAYS)
def test_the_costs_are_what_the_network_charges(bench: Bench, way: str, localnet: Localnet) -> None:
    """By the embedded network's own price list, at its rate; and in as many transactions."""
    rest = MirrorRest(localnet.network.mirror_rest)
    rows = [rest.transaction(TransactionId.parse(one)) for one in of(bench, f"store.{way}").transaction_ids]
    rate = rest.exchange_rate()
    rest.close()
    charged = rate.usd(sum(row.charged_fee for row in rows))
    expected = cost(way, SIZE)
    assert expected.file_writes + expected.messages + expected.topics == len(rows)
    assert expected.dollars == pytest.approx(charged, rel=0.03)


def test_a_mib_by_the_published_prices() -> None:
    """As hashgraph/hedera-docs `networks/fees.mdx` makes it: $100, $52, $0.82, $1.13 and next to nothing."""
    dollars = {way: round(cost(way, MIB).dollars, 2) for way in WAYS}
    assert dollars == {"hfs-4096": 99.73, "hfs-1000": 52.45, "hcs-chunks": 0.82, "hcs-1": 1.13, "hash": 0.0}
    writes = {way: cost(way, MIB).file_writes for way in CHUNK_BYTES}
    assert writes == {"hfs-4096": 256, "hfs-1000": 1_049}
    assert {way: cost(way, MIB).throttle_s for way in CHUNK_BYTES} == {"hfs-4096": 25.6, "hfs-1000": 104.9}
    assert cost("hcs-1", MIB).throttle_s == 0.2, "its topic takes more room than its 1,388 messages"
    assert Cost(1.0, messages=10_500).throttle_s == 1.0


def report_of(folder: Path, **changes: Any) -> Report:
    """A report of models of 10,240 bytes, in which every way's operations went well; `changes` by name."""
    report = sample_report(folder)
    report["run"]["settings"].update({"model_bytes": 10_240, "hcs1_parallel": 1})
    sample = report["operations"][0]
    names = [f"store.{way}" for way in WAYS] + [f"fetch.{way}" for way in storage.READ_BACK]
    report["operations"] = []
    for place, name in enumerate(names):
        entry = sample | {"name": name, "started": 8, "succeeded": 8}
        seconds = 0.5 if name == "store.hash" else 2.0 + place
        entry["latency_ms"] = sample["latency_ms"] | {"mean": seconds * 1_000}
        report["operations"].append(entry | changes.get(name, {}))  # type: ignore[arg-type]
    return report


def test_every_way_is_told_with_what_it_takes(tmp_path: Path) -> None:
    """Time, money and room per MiB; beside HCS-1 whom its messages suit."""
    report = report_of(tmp_path)
    judged = storage.stored("hfs-4096", report)
    assert judged.passed
    assert "8 of 8 models of 10,240 bytes, in 2.00 s each, 8 read back unchanged" in judged.observed
    assert "per MiB of such models 205 s, $96.6 by the published prices, and 30.72 s of all" in judged.observed
    assert "14 messages, sent one after the other, suit @hiero-did-sdk/hcs" in storage.stored("hcs-1", report).observed
    assert storage.quickest(report).passed


@pytest.mark.parametrize("name", ["store.hcs-1", "fetch.hcs-1", "store.hfs-1000", "fetch.hfs-4096", "store.hash"])
def test_one_that_is_not_there_unchanged_fails_its_way(tmp_path: Path, name: str) -> None:
    """And no other."""
    report = report_of(tmp_path, **{name: {"succeeded": 7}})
    failed = [way for way in WAYS if storage.stored(way, report).passed is False]
    assert failed == [name.partition(".")[2]]


def test_a_hash_that_takes_longer_is_told(tmp_path: Path) -> None:
    """The order is that of the times; a way that was not taken leaves it open."""
    slow = sample_report(tmp_path)["operations"][0]["latency_ms"] | {"mean": 90_000.0}
    judged = storage.quickest(report_of(tmp_path / "a", **{"store.hash": {"latency_ms": slow}}))
    assert (judged.passed, judged.observed.startswith("hfs-4096 2.00 s")) == (False, True)
    report = report_of(tmp_path / "b")
    report["operations"] = [one for one in report["operations"] if not one["name"].endswith("hcs-1")]
    assert storage.quickest(report).passed is None
    assert storage.stored("hcs-1", report).passed is None


def test_whom_a_way_of_sending_suits() -> None:
    """The JavaScript library loses pieces of one millisecond, the explorer reads one page."""
    assert "suit @hiero-did-sdk/hcs, hiero-did-sdk-python, the mirror" in storage.readers(1, 99)
    assert storage.readers(1, 100).endswith("suit @hiero-did-sdk/hcs, hiero-did-sdk-python")
    assert "sent 5 at once, suit hiero-did-sdk-python, the mirror node's explorer (@hiero-did-sdk/hcs reads one" in (
        storage.readers(5, 99)
    )


def test_the_models_do_not_compress() -> None:
    """As the costs take them to."""
    contents = model("m", 1, SIZE, random.Random(1)).contents
    assert len(hcs1.to_messages(contents).messages) == cost("hcs-1", SIZE).messages
