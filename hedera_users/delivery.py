"""An operation that its user has left: it has an owner of its own, who ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gevent.event import Event

if TYPE_CHECKING:
    from hedera_users.operation import Operation


class Delivery:
    """Owns an operation that was handed over (`Operation.hand_over` makes it), and alone may close it.

    Args:
        operation: Which.
        all_sent: The event of the delivery that it takes over from; a new one without.

    Attributes:
        all_sent: Set when nothing of the operation is left to be sent, or it has ended; what must not overtake it waits
            for this.
    """

    __slots__ = ("_operation", "all_sent")

    def __init__(self, operation: Operation, all_sent: Event | None = None) -> None:
        self._operation: Operation | None = operation
        self.all_sent = all_sent or Event()

    def hand_on(self) -> Delivery:
        """Give the operation to another owner, e.g. who clears away behind a delivery that is cut off."""
        assert self._operation is not None, "only its owner hands an operation on"
        successor = Delivery(self._operation, self.all_sent)
        self._operation = None
        return successor

    def close(self, error: BaseException | None = None) -> None:
        """End the operation, as `Operation.close`; who has handed it on has nothing to end."""
        if self._operation is not None:
            self._operation.close(error)
