"""The faults of a network, by its control API."""

from __future__ import annotations

from typing import Any

import requests

from localnet_launcher import Localnet

WAIT_S = 10.0


class Faults:
    """The faults of a network, by its control API."""

    def __init__(self, running: Localnet) -> None:
        self._base = running.network.control
        self._headers = {"Authorization": f"Bearer {running.token}"}

    def call(self, method: str, path: str, **options: Any) -> Any:
        """Call the control API; returns the HTTP status and the decoded JSON."""
        answer = requests.request(method, f"{self._base}{path}", headers=self._headers, timeout=WAIT_S, **options)
        return answer.status_code, answer.json()

    def add(self, **fault: Any) -> str:
        """Begin or schedule one fault; returns its id."""
        status, answer = self.call("POST", "/faults", json=fault)
        assert status == 200, answer
        return str(answer["faults"][0]["id"])

    def get(self, fault_id: str) -> dict[str, Any]:
        """What is known of one fault."""
        (fault,) = [one for one in self.all() if one["id"] == fault_id]
        return fault

    def all(self) -> list[dict[str, Any]]:
        """All of them."""
        faults: list[dict[str, Any]] = self.call("GET", "/faults")[1]["faults"]
        return faults

    def remove(self, fault_id: str) -> None:
        """End one."""
        assert self.call("DELETE", f"/faults/{fault_id}")[0] == 200

    def clear(self) -> None:
        """End all."""
        assert self.call("DELETE", "/faults")[0] == 200

    def ledger(self) -> dict[str, Any]:
        """The ledger's totals."""
        totals: dict[str, Any] = self.call("GET", "/ledger/summary")[1]
        return totals

    def entry(self, transaction_id: Any) -> dict[str, Any]:
        """The first entry of the ledger about a transaction."""
        start = transaction_id.valid_start
        wanted = f"{transaction_id.account_id}@{start.seconds}.{start.nanos:09d}"
        entries = self.call("GET", "/ledger?limit=10000")[1]["entries"]
        return next(entry for entry in entries if entry["transaction_id"] == wanted)
