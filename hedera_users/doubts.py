"""What may have become of an operation's transactions, as far as its attempts have told."""

from __future__ import annotations

from hedera_client import HederaError


class Doubts:
    """The doubts of one operation. A transaction goes by its id as text; what is not one may have a name of its own.

    Attributes:
        sent: Whether any attempt has left.
        last_refusal: The last error after which it was certain that its attempt had not been accepted.
    """

    __slots__ = ("_accepted", "_open", "_underway", "last_refusal", "sent")

    def __init__(self) -> None:
        self.sent = False
        self.last_refusal: HederaError | None = None
        self._underway = False  # an attempt at a transaction has left, and nothing has been heard of it
        self._accepted = False  # of some transaction it is known that a node took it
        self._open: set[str] = set()  # transactions that may have been accepted by an attempt that brought no answer

    @property
    def any(self) -> bool:
        """Whether an attempt that brought no answer may have been accepted."""
        return bool(self._open)

    @property
    def may_have_happened(self) -> bool:
        """Whether any of it may take effect: accepted, in doubt, or on its way."""
        return self._accepted or self._underway or bool(self._open)

    def about(self, transaction_id: str) -> bool:
        """Whether an attempt at this transaction may have been accepted."""
        return transaction_id in self._open

    def sending(self, transaction_id: str) -> None:
        """An attempt leaves. One that names a transaction may be accepted from here on."""
        self.sent = True
        if transaction_id:
            self._underway = True

    def refused(self, error: HederaError) -> None:
        """The attempt that was just made has surely not been accepted, as is known by this error."""
        self.last_refusal = error
        self._underway = False

    def add(self, transaction_id: str) -> None:
        """An attempt may have been accepted although it brought no answer."""
        self._open.add(transaction_id)

    def accepted(self, transaction_id: str) -> None:
        """A node has accepted a transaction: it may take effect, whatever happens to the caller."""
        self._accepted = True
        self._open.discard(transaction_id)
        self._underway = False

    def never_happened(self, transaction_id: str) -> None:
        """No attempt at a transaction has had an effect, nor will any."""
        self._open.discard(transaction_id)
        self._underway = False
