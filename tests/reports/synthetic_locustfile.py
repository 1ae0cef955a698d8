"""A load without a network: users that fire operation records and count themselves, so that only the reports are on
trial. Run by test_runs.py as `locust -f`, locally and distributed."""

from __future__ import annotations

from locust import User, events, task

import itertools
import os
import random
import time
from typing import Any

from config.networks import Network
from config.run import Run
from config.settings import RunSettings
from reports import hooks
from reports.records import Arm, OperationRecord, Outcome
from reports.sources import publish

LEDGER: dict[str, dict[str, int]] = {}


@events.init_command_line_parser.add_listener
def _options(parser: Any) -> None:
    parser.add_argument("--report-dir", default="reports/out")


@events.test_start.add_listener
def _set_up(environment: Any, **_: Any) -> None:
    options = environment.parsed_options
    if not options.worker:
        run = Run(
            run_id=f"synthetic-{os.getpid()}-{time.time_ns()}",
            started_at=time.time(),
            settings=RunSettings(report_dir=options.report_dir, seed=1, audit_timeout=1),
            network=Network(name="custom", nodes={"127.0.0.1:1": "0.0.3"}, mirror_rest="", mirror_grpc=""),
            operator_id="0.0.2",
            topics={},
        )
        options.hedera_run = run.model_dump_json()
    LEDGER.clear()
    publish(environment, "ledger", lambda: {key: dict(counts) for key, counts in LEDGER.items()})


hooks.install(events)


class Synthetic(User):
    """Does pairs of 5 ms and 8 ms, and single operations of which some fail, are rejected or stay unknown."""

    numbers = itertools.count()

    @task
    def work(self) -> None:
        number = next(self.numbers)
        pair = f"{os.getpid()}.{number}"
        with_hedera = random.choice([True, False])
        for arm in (Arm.HEDERA, Arm.BASELINE) if with_hedera else (Arm.BASELINE, Arm.HEDERA):
            self.operation("audit-event", 0.008 if arm is Arm.HEDERA else 0.005, arm, pair)
        outcome = {3: Outcome.FAILED, 5: Outcome.REJECTED, 7: Outcome.UNKNOWN}.get(number % 10, Outcome.SUCCEEDED)
        if os.environ.get("SYNTHETIC_FAILS") != "1":
            outcome = Outcome.SUCCEEDED
        self.operation("hcs.submit", 0.003, None, None, outcome)

    def operation(
        self, name: str, seconds: float, arm: Arm | None, pair: str | None, outcome: Outcome = Outcome.SUCCEEDED
    ) -> None:
        counts = LEDGER.setdefault(f"{name}|{arm or ''}", {"scheduled": 0, "shed": 0, "started": 0, "in_flight": 0})
        for field in ("scheduled", "started", "in_flight"):
            counts[field] += 1
        started = time.time()
        record = OperationRecord(name, arm, pair, "" if arm is Arm.BASELINE else "receipt", started, started)
        record.outcome, record.status, record.error = Outcome.UNKNOWN, "STOPPED", "cut off"
        try:
            time.sleep(seconds)
            record.outcome = outcome
            record.status = "SUCCESS" if outcome is Outcome.SUCCEEDED else "BUSY"
            record.error = "" if outcome is Outcome.SUCCEEDED else "</script><script>alert(1)</script>"
        finally:
            record.latency_s = time.time() - started
            record.phases_s = {"prepare": seconds / 10, "ack": seconds / 2}
            counts["in_flight"] -= 1
            events.request.fire(
                request_type="APP",
                name=name,
                response_time=record.latency_s * 1000,
                response_length=0,
                exception=None,
                context={"record": record},
            )
