"""Transactions that the relay has sent and that the mirror does not show yet (transactionPoolService.ts)."""

from __future__ import annotations


class Pool:
    """Nonces that are on their way, by the address of their sender."""

    def __init__(self) -> None:
        self._nonces: dict[bytes, set[int]] = {}

    def pending(self, sender: bytes, confirmed: int) -> int:
        """How many of a sender's transactions are on their way; what the mirror shows by now is forgotten.

        Args:
            sender: The address.
            confirmed: The sender's next nonce, as the mirror shows it.
        """
        nonces = self._nonces.get(sender)
        if nonces is None:
            return 0
        nonces.difference_update([nonce for nonce in nonces if nonce < confirmed])
        if not nonces:
            del self._nonces[sender]
        return len(nonces)

    def add(self, sender: bytes, nonce: int) -> None:
        """Note that one is on its way."""
        self._nonces.setdefault(sender, set()).add(nonce)

    def remove(self, sender: bytes, nonce: int) -> None:
        """Note that one had no effect."""
        self._nonces.get(sender, set()).discard(nonce)
