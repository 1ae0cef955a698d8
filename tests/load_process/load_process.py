"""An embedded network that can be broken, and a process that sends real load to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from config.networks import Network
from hedera_client import MirrorRest
from localnet_launcher import Localnet, start_localnet
from records.envelope import decode

ROOT = Path(__file__).resolve().parents[2]
DRIVER = Path(__file__).with_name("driver.py")

QUICK: dict[str, Any] = {
    "rpc_timeout": 0.5,
    "attempts": 6,
    "backoff": 0.02,
    "backoff_max": 0.2,
    "breaker_recovery": 0.3,
    "confirm_timeout": 3,
    "receipt_interval": 0.02,
    "queue_expiry": 5,
}
"""Settings that let a failure and its recovery happen within a second or two."""


@dataclass
class Outcome:
    """What became of a job."""

    raw: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        """A part of the driver's answer."""
        return self.raw[name]

    def outcomes(self, name: str = "hcs.submit") -> Counter[str]:
        """How the operations of one kind ended."""
        return Counter(record["outcome"] for record in self.raw["records"] if record["name"] == name)

    def statuses(self) -> Counter[str]:
        """The statuses that operations ended with."""
        return Counter(record["status"] for record in self.raw["records"])

    def transitions(self) -> dict[str, list[tuple[str, str]]]:
        """Every breaker's changes of state, in order."""
        return {
            breaker["name"]: [(one["from"], one["to"]) for one in breaker["transitions"]]
            for breaker in self.raw["resilience"]["breakers"]
        }


class LoadProcess:
    """A network and a driver.

    Args:
        options: Of `python -m localnet`.
    """

    def __init__(self, *options: str) -> None:
        self.localnet: Localnet = start_localnet(*options)
        self.network: Network = self.localnet.network
        self.topics: dict[str, str] | None = None
        self._last_index = -1
        self._driver = subprocess.Popen(
            [sys.executable, str(DRIVER)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def one_node(self) -> Network:
        """The network as seen by a client that knows one of its nodes only."""
        address, account = next(iter(self.network.nodes.items()))
        return self.network.model_copy(update={"nodes": {address: account}})

    def do(
        self,
        *streams: dict[str, Any],
        faults: list[dict[str, Any]] | None = None,
        network: Network | None = None,
        settings: dict[str, Any] | None = None,
        **job: Any,
    ) -> Outcome:
        """Send the streams of one job while `faults` come and go; what is left of them is removed afterwards."""
        if self.topics is None:
            self.topics = self._send({"streams": []})["topics"]
        self._last_index = max((one["index"] for one in self.ledger()), default=self._last_index)
        try:
            merged = {**QUICK, **(settings or {})}
            return Outcome(self._send({"streams": streams, "settings": merged, "faults": faults, **job}, network))
        finally:
            self.localnet.clear_faults()

    def shown(self, job: Outcome) -> Counter[tuple[str, int]]:
        """How often the mirror shows each message of a job, by stream and number, once consensus has settled."""
        return Counter(self.topic(job))

    def topic(self, job: Outcome, settle_s: float = 10.0) -> list[tuple[str, int]]:
        """The messages of a job in the order of the topic, as stream and number, once consensus has settled."""
        self._wait_for_quiet(settle_s)
        mirror = MirrorRest(self.network.mirror_rest)
        found: list[tuple[str, int]] = []
        for row in mirror.topic_messages(job.topics["events"]):
            envelope = decode(row.message)
            if envelope is not None and envelope.run_id == job.run_id:
                found.append((envelope.stream, envelope.number))
        mirror.close()
        return found

    def ledger(self) -> list[dict[str, Any]]:
        """Every transaction the network has seen since the latest job began."""
        entries: list[dict[str, Any]] = []
        after: int | None = self._last_index
        while after is not None:
            page = self._ask("/ledger", after=after, limit=10_000)
            entries += page["entries"]
            after = page["next"]
        return entries

    def close(self) -> None:
        """End both."""
        assert self._driver.stdin is not None
        self._driver.stdin.close()
        self._driver.wait(10)
        self.localnet.stop()

    def _send(self, job: dict[str, Any], network: Network | None = None) -> dict[str, Any]:
        assert self._driver.stdin is not None
        assert self._driver.stdout is not None
        where = (network or self.network).model_dump(mode="json")
        token = self.localnet.token
        operator = [self.localnet.operator_id, self.localnet.operator_key]
        line = json.dumps({"network": where, "operator": operator, "topics": self.topics, "token": token, **job})
        self._driver.stdin.write(line + "\n")
        self._driver.stdin.flush()
        answer = self._driver.stdout.readline()
        assert answer, "the driver ended; what it said is above"
        result: dict[str, Any] = json.loads(answer)
        assert result["errors"] == []
        return result

    def _wait_for_quiet(self, patience_s: float) -> None:
        """Wait until nothing that was accepted is on its way to consensus or the mirror any more."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            pending = [
                one
                for one in self.ledger()
                if one["precheck"] == "OK" and one["fault"] != "lost" and one["mirror_visible"] is None
            ]
            if not pending:
                return
            time.sleep(0.05)
        raise AssertionError(f"{len(pending)} transactions did not reach the mirror in time: {pending[:3]}")

    def _ask(self, path: str, **params: Any) -> Any:
        answer = requests.get(
            f"{self.network.control}{path}",
            params=params,
            headers={"Authorization": f"Bearer {self.localnet.token}"},
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json()
