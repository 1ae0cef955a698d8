"""Locust's hooks around a recorded run on the embedded network, and what is left of it."""

from __future__ import annotations

from locust import User, constant, task
from locust.env import Environment
from locust.event import Events

import json
import logging
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from config.exit_codes import ExitCode
from config.run import Run
from config.settings import RunSettings
from hedera_client import HederaClient, Operator, bodies
from localnet_launcher import Localnet
from records.envelope import Envelope, digest
from records.operation import OperationRecord, Outcome, SentMessage
from records.sources import publish
from reports.conclusion import run_folder, write_run
from reports.hooks import DELTA, Reporting, install
from reports.render.files import HTML_NAME, JSON_NAME, LATEST
from reports.schema.published import violations
from tests.reports.sample import sample_report

NODE = "0.0.3"


class Idle(User):
    """Somebody who does nothing."""

    wait_time = constant(60)

    @task
    def nothing(self) -> None: ...


class OneRun:
    """A run of this process, on a topic of its own, with messages that are really sent."""

    def __init__(self, running: Localnet, folder: Path) -> None:
        operator = Operator.parse(running.operator_id, running.operator_key)
        self._client = HederaClient(running.network, operator, lane=7, rpc_timeout=5.0)
        topic = self._send(bodies.create_topic()).topic_id
        assert topic is not None
        self.run = Run(
            run_id="20261124-101500-unit",
            started_at=time.time(),
            settings=RunSettings(report_dir=str(folder), audit_timeout=1.0, seed=1),
            network=running.network,
            operator_id=operator.account_id,
            topics={"events": topic, "models": topic},
        )
        options = Namespace(headless=True, json=False, hedera_run=self.run.model_dump_json(), run_time=None)
        self.environment = Environment(user_classes=[Idle], events=Events(), parsed_options=options)
        self.environment.create_local_runner()
        self.reporting = Reporting()

    def submit(self, number: int, *, sends: bool = True) -> None:
        """An operation that succeeded, by its own word; whether it sent its message is another thing."""
        contents = Envelope(self.run.run_id, "0.1", number, "audit-event", self.run.started_at).encode("x")
        topic = self.run.topics["events"]
        sent = SentMessage(topic, "0.1", number, digest(contents), self.run.started_at, acknowledged=True)
        sent.transaction_id = f"{self.run.operator_id}@1700000000.{number:09d}"
        if sends:
            receipt = self._send(bodies.submit_message(topic, contents))
            sent.sequence_number, sent.transaction_id = receipt.topic_sequence_number, str(receipt.transaction_id)
        record = OperationRecord("hcs.submit", confirm="receipt", outcome=Outcome.SUCCEEDED, status="SUCCESS")
        record.started_at = record.scheduled_at = self.run.started_at + number
        record.messages.append(sent)
        events: Any = self.environment.events
        events.request.fire(
            request_type="HCS", name="hcs.submit", response_time=1, response_length=0, context={"record": record}
        )

    def counts(self, started: int) -> None:
        """What the users of this process say that they started."""
        counted = {"scheduled": started, "shed": 0, "started": started, "in_flight": 0}
        publish(self.environment, "operation_counts", lambda: {"hcs.submit|": counted})

    def report(self) -> dict[str, Any]:
        """What was written of it."""
        report: dict[str, Any] = json.loads((run_folder(self.run) / JSON_NAME).read_text())
        assert violations(report) == []
        return report

    def close(self) -> None:
        self._client.close()

    def _send(self, body: Any) -> Any:
        transaction_id = self._client.new_transaction_id()
        self._client.submit(self._client.prepare(body, NODE, transaction_id))
        return self._client.await_receipt(transaction_id, NODE, timeout=10.0, interval=0.05)


def test_a_run_is_recorded_audited_and_told(
    localnet: Localnet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From `test_start` to `quit`: the report is of the published form, and the verdict is said last."""
    one = OneRun(localnet, tmp_path)
    one.reporting.on_test_start(one.environment)
    one.counts(3)
    for number in (1, 2, 3):
        one.submit(number)
    one.reporting.on_test_stop(one.environment)
    report = one.report()
    assert report["audit"]["acknowledged"] == report["audit"]["delivered"] == 3
    assert (report["accounting"]["started"], report["accounting"]["balanced"]) == (3, True)
    assert one.environment.process_exit_code == report["run"]["exit_code"] == ExitCode.PASSED
    assert capsys.readouterr().out == ""
    one.reporting.on_quit()
    assert "PASSED" in capsys.readouterr().out
    one.reporting.on_quit()
    assert capsys.readouterr().out == "", "it is said once"
    assert (tmp_path / LATEST).resolve() == run_folder(one.run)
    one.close()


def test_a_message_that_was_acknowledged_and_is_nowhere_ends_with_3(localnet: Localnet, tmp_path: Path) -> None:
    """Here nobody sent it, so it is lost for certain: its transaction was valid long ago."""
    one = OneRun(localnet, tmp_path)
    one.reporting.on_test_start(one.environment)
    one.counts(2)
    one.submit(1, sends=False)
    one.submit(2)
    one.reporting.on_test_stop(one.environment)
    assert (one.report()["audit"]["delivered"], one.report()["audit"]["lost"]) == (1, 1)
    assert one.environment.process_exit_code == ExitCode.AUDIT
    one.close()


def test_a_run_that_was_never_set_up_leaves_nothing(localnet: Localnet, tmp_path: Path) -> None:
    """Neither a folder nor a word."""
    one = OneRun(localnet, tmp_path)
    one.environment.parsed_options = Namespace(headless=True, hedera_run=None)
    one.reporting.on_test_start(one.environment)
    data: dict[str, Any] = {}
    one.reporting.on_report_to_master(data)
    one.reporting.on_test_stop(one.environment)
    one.reporting.on_quitting(one.environment)
    assert (data, list(tmp_path.iterdir()), one.environment.process_exit_code) == ({}, [], None)
    one.close()


def test_a_journal_that_cannot_be_kept_ends_the_run(
    localnet: Localnet, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing could be said of it."""
    one = OneRun(localnet, tmp_path / "taken")
    (tmp_path / "taken").write_text("a file")
    with caplog.at_level(logging.ERROR):
        one.reporting.on_test_start(one.environment)
    assert one.environment.process_exit_code == ExitCode.FAILED
    assert "The run's journal cannot be kept in" in caplog.text
    one.close()


def test_hooks_are_registered_once() -> None:
    """With the events that they are given; a master's data come in by Locust's own reports."""
    registry = Events()
    install(registry)
    hooked = ("init", "test_start", "test_stop", "report_to_master", "worker_report", "quit")
    assert [len(getattr(registry, name)._handlers) for name in hooked] == [1] * len(hooked)
    data = {DELTA: {"run": "another"}, "stats": []}
    registry.worker_report.fire(client_id="w", data=data)
    assert data == {"stats": []}


def test_a_report_that_cannot_be_written_is_no_pass(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The files that are missing are named; what weighs more stays."""
    report = sample_report(tmp_path / "sample", pairs=30)
    code, missing = write_run(report, tmp_path / "run", {"further.csv": lambda: "a,b\n"})
    assert (code, missing) == (report["run"]["exit_code"], [])
    assert {HTML_NAME, JSON_NAME, "further.csv"} <= {path.name for path in (tmp_path / "run").iterdir()}

    def fail() -> str:
        raise OSError("no room")

    code, missing = write_run(report, tmp_path / "run", {"further.csv": fail})
    assert missing == ["further.csv"]
    assert code not in (ExitCode.PASSED, ExitCode.INCONCLUSIVE)
    (tmp_path / "file").write_text("x")
    code, missing = write_run(report, tmp_path / "file" / "run")
    assert (missing, code not in (ExitCode.PASSED, ExitCode.INCONCLUSIVE)) == ([JSON_NAME], True)
