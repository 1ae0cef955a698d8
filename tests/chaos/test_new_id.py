"""What takes longer than a test should: a transaction that is accepted, vanishes, and is sent again under a new id."""

from __future__ import annotations

import pytest

from tests.load_process.load_process import LoadProcess


@pytest.mark.background
@pytest.mark.timeout(400)
def test_a_transaction_that_never_happened_is_sent_again_under_a_new_id() -> None:
    """Once its validity is over and nodes have forgotten that it was pending, it is certain that it never happened."""
    load = LoadProcess("--consensus-delay", "0.1", "--mirror-lag", "0.05", "--throttles", "off")
    try:
        job = load.do(
            {"messages": 1},
            faults=[{"kind": "lost", "operations": ["submitMessage"], "count": 1}],
            settings={"valid_duration": 16, "confirm_timeout": 220},
            stop_after_s=360,
        )
        (record,) = job.records
        assert record["outcome"] == "succeeded", record
        assert len(record["transaction_ids"]) == 2
        assert set(load.shown(job).values()) == {1}
    finally:
        load.close()
