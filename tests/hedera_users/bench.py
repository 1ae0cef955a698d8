"""A session of one process on a network, and the records of what was done in it."""

from __future__ import annotations

from locust.env import Environment

import time
from pathlib import Path
from typing import Any

from config.parsing import parse_settings
from config.run import Run
from hedera_client import Operator
from hedera_users.session import Session
from hedera_users.setup import create_topics
from localnet_launcher import Localnet
from records.operation import OperationRecord


class Bench:
    """See the module. Its run has topics of its own.

    Args:
        running: The network.
        folder: For what a run leaves.
        settings: Other than the defaults.
    """

    def __init__(self, running: Localnet, folder: Path, **settings: Any) -> None:
        self.records: list[OperationRecord] = []
        self.environment = Environment()
        self.environment.events.request.add_listener(self._note)
        self.operator = Operator.parse(running.operator_id, running.operator_key)
        self.settings = parse_settings(
            {"network": "localnet", "report_dir": str(folder), "backoff": 0.01, "receipt_interval": 0.05} | settings
        )
        run_id = f"bench-{time.time_ns()}"
        self.run = Run(
            run_id=run_id,
            started_at=time.time(),
            settings=self.settings,
            network=running.network,
            operator_id=self.operator.account_id,
            topics=create_topics(running.network, self.operator, run_id, self.settings),
        )
        self.session = Session(self.environment, self.run, self.operator, worker=0)

    @property
    def topic(self) -> str:
        """The run's topic of audit events."""
        return self.run.topics["events"]

    @property
    def record(self) -> OperationRecord:
        """Of the operation that ended last."""
        return self.records[-1]

    def _note(self, context: dict[str, Any], **_: Any) -> None:
        self.records.append(context["record"])
