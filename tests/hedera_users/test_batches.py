"""Users that write in batches, and users that do nothing but store models."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from hedera_users.batch_submitter import BatchSubmitter
from hedera_users.model_writer import ModelWriter
from tests.load_process.load_process import LoadProcess

SUBMITTER, WRITER = (f"{user.__module__}:{user.__name__}" for user in (BatchSubmitter, ModelWriter))


@pytest.fixture(scope="module")
def rig() -> Iterator[LoadProcess]:
    """A network that takes a while to consensus, so that what is under way at once can be seen to be."""
    running = LoadProcess("--consensus-delay", "1", "--throttles", "off")
    yield running
    running.close()


def times_of(batch: list[dict[str, Any]]) -> tuple[float, float, float, float]:
    """First and last start, first and last end."""
    starts = [record["started_at"] for record in batch]
    ends = [record["started_at"] + record["latency_s"] for record in batch]
    return min(starts), max(starts), min(ends), max(ends)


def test_a_batch_starts_when_the_one_before_has_ended(rig: LoadProcess) -> None:
    """Its submits are under way together, and each is an operation of its own."""
    job = rig.do({"user": SUBMITTER, "tasks": 3})
    assert [(record["name"], record["outcome"]) for record in job.records] == [("hcs.submit", "succeeded")] * 15
    batches = [job.records[at : at + 5] for at in (0, 5, 10)]
    for batch in batches:
        _, last_start, first_end, _ = times_of(batch)
        assert last_start < first_end
    for before, after in pairwise(batches):
        assert times_of(after)[0] >= times_of(before)[3] - 0.001
    numbers = [message["number"] for record in job.records for message in record["messages"]]
    assert sorted(numbers) == list(range(1, 16))


def test_a_user_that_is_killed_leaves_nothing_open(rig: LoadProcess) -> None:
    """Every operation of its batch is closed, and counted."""
    job = rig.do({"user": SUBMITTER, "tasks": 1}, stop_after_s=0.5)
    assert [record["outcome"] for record in job.records] == ["unknown"] * 5
    assert {counts["in_flight"] for counts in job.operation_counts.values()} == {0}


def test_who_only_stores(rig: LoadProcess) -> None:
    """One model after another, each an operation; nothing is announced or read back."""
    job = rig.do({"user": WRITER, "tasks": 2}, settings={"model_bytes": 100})
    assert [(record["name"], record["outcome"]) for record in job.records] == [("hfs.store", "succeeded")] * 2
    assert all(record["stored_files"][0]["acknowledged"] and not record["messages"] for record in job.records)
