"""A user that does nothing but store models."""

from __future__ import annotations

from locust import task

import itertools
from typing import ClassVar

from hedera_users.base import HederaUser
from hedera_users.model_storer import STORE, store
from hedera_users.payloads import model
from hedera_users.possible_operations import TO_RECEIPT, declare


class ModelWriter(HederaUser):
    """Stores one model after another; it neither announces them nor reads them back, as `ModelStorer` does.

    Attributes:
        operation: What storing one is called in the report.
    """

    operations = declare({STORE: TO_RECEIPT})
    looks_at = frozenset({"model_bytes", "chunk_bytes"})
    by_name_only = True

    operation: ClassVar[str] = STORE

    def on_start(self) -> None:
        """Join the session and start counting versions."""
        super().on_start()
        self._versions = itertools.count(1)

    @task
    def store_model(self) -> None:
        """Store one model, up to the receipts of its transactions."""
        size = self.session.run.settings.model_bytes
        store(self, self.operation, model(f"model-{self.stream}", next(self._versions), size, self.random))
