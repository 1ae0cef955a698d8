"""An operation that its user has left: it has an owner of its own, who ends it."""

from __future__ import annotations

from collections.abc import Callable

from gevent.event import Event


class Delivery:
    """Owns an operation that was handed over (`Operation.hand_over` makes it), and alone may end it.

    Args:
        end: Ends the operation, with what it ended in: `Operation.close`.
        all_sent: The event of the delivery that it takes over from; a new one without.

    Attributes:
        all_sent: Set when nothing of the operation is left to be sent, or it has ended; what must not overtake it waits
            for this.
    """

    __slots__ = ("_end", "all_sent")

    def __init__(self, end: Callable[[BaseException | None], object], all_sent: Event | None = None) -> None:
        self._end: Callable[[BaseException | None], object] | None = end
        self.all_sent = all_sent or Event()

    def hand_on(self) -> Delivery:
        """Give the operation to another owner, e.g. who clears away behind a delivery that is cut off."""
        assert self._end is not None, "only its owner hands an operation on"
        successor = Delivery(self._end, self.all_sent)
        self._end = None
        return successor

    def close(self, error: BaseException | None = None) -> None:
        """End the operation, as `Operation.close`; who has handed it on has nothing to end."""
        if self._end is not None:
            self._end(error)
