"""What the reports conclude is right: the audit finds what went wrong, and histograms merge."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedera_client import TopicMessage, running_hash_v3
from reports.collect.journal import JournalEntry
from reports.envelope import Envelope, digest
from reports.judge.audit import TopicAudit, verdict
from reports.measure.distribution import Distribution
from reports.measure.keys import OperationKey

RUN, TOPIC, PAYER = "20261124-101500-3f9a", "0.0.1010", "0.0.1001"


def chain(previous: bytes, row: TopicMessage) -> bytes:
    """The network's own running hash."""
    return running_hash_v3(previous, PAYER, TOPIC, row.consensus_timestamp, row.sequence_number, row.message)


def message(stream: str, number: int) -> bytes:
    """One message of the run."""
    return Envelope(RUN, stream, number, "audit-event", 1.0).encode("x")


def entry(stream: str, number: int, acknowledged: bool = True) -> JournalEntry:
    """What its sender noted."""
    sent = digest(message(stream, number))
    outcome = "succeeded" if acknowledged else "unknown"
    key = OperationKey("hcs.submit", "", "receipt").dump()
    return JournalEntry(TOPIC, stream, number, sent, 1.0, acknowledged, "id", None, key, outcome, "SUCCESS")


def audit(entries: list[JournalEntry], on_topic: list[bytes], forge: bool = False) -> dict[str, object]:
    """Audit a topic that holds these messages in this order."""
    topic = TopicAudit(TOPIC, RUN, entries, chain)
    previous = bytes(48)
    for number, contents in enumerate(on_topic, start=1):
        consensus = 2_000_000_000 + number
        previous = running_hash_v3(previous, PAYER, TOPIC, consensus, number, contents)
        shown = contents + b" " if forge and number == 1 else contents
        topic.see(TopicMessage(TOPIC, number, consensus, shown, previous, 3, PAYER))
    return verdict([topic])


@given(
    streams=st.integers(1, 4),
    length=st.integers(1, 12),
    seed=st.integers(0, 10**6),
    lost=st.integers(0, 2),
    doubled=st.integers(0, 2),
    late=st.integers(0, 2),
)
@settings(deadline=None)
def test_the_audit_counts_what_went_wrong(
    streams: int, length: int, seed: int, lost: int, doubled: int, late: int
) -> None:
    """Among streams that interleave at random, exactly the lost, the doubled and the late ones are found."""
    source = random.Random(seed)
    queues = [[(str(stream), number) for number in range(1, length + 1)] for stream in range(streams)]
    order = []
    while any(queues):
        order.append(source.choice([queue for queue in queues if queue]).pop(0))
    picked = source.sample(order, min(len(order), lost + doubled + late))
    gone, twice, unacknowledged = picked[:lost], picked[lost : lost + doubled], picked[lost + doubled :]
    on_topic = [message(*one) for one in order if one not in gone]
    on_topic += [message(*one) for one in twice] + [b"somebody else's"]
    found = audit([entry(*one, acknowledged=one not in unacknowledged) for one in order], on_topic)
    assert found["acknowledged"] == len(order) - len(unacknowledged)
    assert found["lost"] == len(gone)
    assert found["duplicated"] == len(twice)
    assert found["landed_after_failure"] == len(unacknowledged)
    assert found["delivered"] == len(order) - len(picked)
    assert found["out_of_order"] == 0
    assert found["running_hash_verified"] is True


def test_the_audit_sees_messages_that_overtook_each_other() -> None:
    """The second of a stream before the first is out of order; of another stream it is not."""
    entries = [entry("0.1", 1), entry("0.1", 2), entry("0.2", 1)]
    found = audit(entries, [message("0.1", 2), message("0.1", 1), message("0.2", 1)])
    assert (found["out_of_order"], found["lost"]) == (1, 0)


def test_a_changed_message_breaks_the_chain() -> None:
    """Contents that differ from what was hashed are noticed, and the message is not called delivered."""
    found = audit([entry("0.1", 1)], [message("0.1", 1)], forge=True)
    assert found["running_hash_verified"] is False
    assert found["delivered"] == 0


@given(st.lists(st.lists(st.floats(1e-6, 3600), max_size=50), min_size=4, max_size=4))
@settings(deadline=None)
def test_four_workers_merge_to_one_histogram(parts: list[list[float]]) -> None:
    """The merge of what four workers send equals the histogram of all values."""
    whole, merged = Distribution(), Distribution()
    for part in parts:
        worker = Distribution()
        for value in part:
            worker.record(value)
            whole.record(value)
        merged.merge_dump(worker.dump())
    assert merged.count == whole.count
    assert merged.summary() == (pytest.approx(whole.summary()) if whole.count == 0 else whole.summary())


@pytest.mark.parametrize("shape", ["lognormal", "bimodal", "tenth of a millisecond"])
def test_percentiles_are_within_one_percent(shape: str) -> None:
    """p50 to p99.9 are within 1 % of the exact ones, also for very short and for two-humped latencies."""
    source = np.random.default_rng(5)
    values = {
        "lognormal": source.lognormal(-3, 1, 20_000),
        "bimodal": np.concatenate([source.normal(0.01, 0.001, 10_000), source.normal(2, 0.1, 10_001)]),
        "tenth of a millisecond": source.normal(1e-4, 1e-5, 20_000),
    }[shape]
    distribution = Distribution()
    for value in values:
        distribution.record(float(value))
    for share in (0.5, 0.9, 0.95, 0.99, 0.999):
        exact = float(np.quantile(values, share, method="inverted_cdf"))
        assert distribution.quantile(share) == pytest.approx(exact, rel=0.01, abs=1e-6)
