"""Hbar is never made or lost, and of all fees one account gets all (HIP-1259)."""

from __future__ import annotations

from typing import Any

from tests.localnet.model.machine import Machine

COLLECTION = "0.0.802"
NODES = {"0.0.3", "0.0.4", "0.0.5", "0.0.6"}


class Conservation(Machine):
    """Looks at every transaction that the mirror shows of the run."""

    def prepare(self) -> None:
        super().prepare()
        self.before = self.balance_of_collection()
        self.since = self.rest("/api/v1/transactions?limit=1")[1]["transactions"][0]["consensus_timestamp"]

    def compare(self) -> None:
        """Every transaction sums to zero and credits its fee to 0.0.802; nothing else goes there or leaves it."""
        super().compare()
        charged = 0
        for row in self.rows_since():
            moved = {one["account"]: one["amount"] for one in row["transfers"]}
            assert sum(moved.values()) == 0
            assert moved.get(COLLECTION, 0) == row["charged_tx_fee"]
            assert not {"0.0.98", "0.0.800", "0.0.801"} & moved.keys()
            if row["name"] != "CRYPTOTRANSFER":  # a query's payment goes to its node
                assert not NODES & moved.keys()
            charged += row["charged_tx_fee"]
        assert self.balance_of_collection() == self.before + charged > self.before

    def balance_of_collection(self) -> int:
        return int(self.rest(f"/api/v1/balances?account.id={COLLECTION}")[1]["balances"][0]["balance"])

    def rows_since(self) -> list[dict[str, Any]]:
        """All transactions since the machine was prepared."""
        rows: list[dict[str, Any]] = []
        path = f"/api/v1/transactions?timestamp=gt:{self.since}&limit=100&order=asc"
        while path:
            page = self.rest(path)[1]
            rows += page["transactions"]
            path = page["links"]["next"]
        return rows
