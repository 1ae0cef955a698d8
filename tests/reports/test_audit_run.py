"""The audit of a run that is over, against a real mirror; what fails in it becomes part of what it found."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.networks import Network
from hedera_client import HederaClient, Operator, Receipt, bodies
from localnet_launcher import Localnet
from reports.audit.run import LONGEST_REASON, audit_run
from reports.audit.sightings import FILE_NAME as SIGHTINGS
from reports.collect.collector import Collector, Sender
from reports.collect.ending import Ending, Kept
from reports.measure.keys import OperationKey
from tests.reports.ledger import STARTED_AT, message, record, run, write_journal
from tests.reports.sample import facts

CLOCK = {"offset_ms": 40.0, "uncertainty_ms": 10.0, "correction_ms": 40.0, "source": "the mirror's HTTP Date"}


def kept(journal: Path, network: Network | None = None, topic: str = "", unwritten: str = "") -> Kept:
    """A run that is over, with one sender whose clock was measured."""
    of = run(audit_timeout=5.0)
    if network is not None:
        of = of.model_copy(update={"network": network, "topics": {"events": topic}})
    collector = Collector(of, journal=None)
    collector.senders["worker-1"] = Sender("worker-1", final=True, clock=CLOCK)
    return Kept(collector, journal, facts(), Ending(ended_at=STARTED_AT + 60, unwritten=unwritten))


def test_messages_are_found_on_the_mirror(localnet: Localnet, tmp_path: Path) -> None:
    """Both stand there once, and their consensus times are told by operation."""
    operator = Operator.parse(localnet.operator_id, localnet.operator_key)
    client = HederaClient(localnet.network, operator, lane=0, rpc_timeout=5)
    try:
        topic_id = str(settled(client, bodies.create_topic()).topic_id)
        records = []
        for number in (1, 2):
            receipt = settled(client, bodies.submit_message(topic_id, message("a", number)))
            records.append(record("a", number, receipt.topic_sequence_number))
            records[-1].messages[0].topic_id = topic_id
    finally:
        client.close()
    found = audit_run(kept(write_journal(tmp_path, records), localnet.network, topic_id))
    assert (found.audit["error"], found.audit["doubt"]) == (None, None)
    assert (found.audit["acknowledged"], found.audit["delivered"], found.audit["lost"]) == (2, 2, 0)
    assert [(topic["topic_id"], topic["rows"]) for topic in found.audit["topics"]] == [(topic_id, 2)]
    assert found.audit["running_hash_verified"] is True
    assert {key: times.count for key, times in found.consensus.items()} == {
        OperationKey("hcs.submit", "", "receipt"): 2
    }
    assert found.clock_offset_ms == 40.0


def settled(client: HederaClient, body: bodies.Body) -> Receipt:
    """The receipt of a transaction that is sent now."""
    node, transaction_id = client.next_node(), client.new_transaction_id()
    client.submit(client.prepare(body, node, transaction_id))
    return client.await_receipt(transaction_id, node, timeout=10, interval=0.05)


def test_a_journal_that_is_not_whole_is_not_audited(tmp_path: Path) -> None:
    """What it lacks would be taken for lost; the clocks that were measured are told all the same."""
    found = audit_run(kept(write_journal(tmp_path, [record("a", 1, 1)]), unwritten="No space left on device"))
    assert found.audit["error"] == (
        "the audit could not be carried out (the journal is not whole: No space left on device)"
    )
    assert (found.audit["lost"], found.audit["acknowledged"]) == (None, 0)
    assert found.audit["clock"] == {**CLOCK, "senders": [{"name": "worker-1", **CLOCK}]}
    assert (found.consensus, found.clock_offset_ms) == ({}, 40.0)


def test_a_failure_of_the_audit_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A journal that is no database: the run keeps its figures, and nothing half-read is left behind."""
    journal = tmp_path / "journal.sqlite"
    journal.write_text("no database " * 100)
    (tmp_path / SIGHTINGS).write_text("of an audit that was cut off")
    found = audit_run(kept(journal))
    assert found.audit["error"] == (
        f"the audit could not be carried out (JournalError: {journal}: file is not a database)"
    )
    assert found.audit["lost"] is None
    assert not (tmp_path / SIGHTINGS).exists()
    assert [line.getMessage() for line in caplog.records if line.levelname == "ERROR"] == ["The audit failed"]


def test_a_long_reason_is_cut(tmp_path: Path) -> None:
    """Its beginning stands in the report."""
    error = audit_run(kept(tmp_path / "none", unwritten="x" * 1_000)).audit["error"]
    assert error is not None
    assert len(error) == LONGEST_REASON
    assert error.startswith("the audit could not be carried out (the journal is not whole: xxx")
