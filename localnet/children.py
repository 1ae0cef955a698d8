"""Children that precede their parent: what the network does by itself before a transaction of somebody's takes effect.

That is how accounts are made for aliases and hollow accounts get their keys. Such a child has the parent's transaction
id with a nonce, a consensus timestamp a nanosecond or more before the parent's, and no parent timestamp in its record
(SavepointStackImpl.buildHandleOutput of hiero-consensus-node).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localnet.status import codes
from localnet.submission import Submission

if TYPE_CHECKING:
    from localnet.state import Account
    from localnet.transactions.operation import Operation


def preceding_child(
    parent: Submission,
    operation: Operation,
    account: Account,
    *,
    created: bool = False,
    fee: int = 0,
    transfers: tuple[tuple[int, int], ...] = (),
) -> Submission:
    """A child that did something to an account; `place_before` gives it its nonce and its time.

    Args:
        parent: The transaction that is being handled.
        operation: What was done.
        account: The account as it is now, in a copy of its own.
        created: Whether the child made it.
        fee: What the payer was charged for it, in tinybars.
        transfers: Balance changes by account number; they sum to zero.
    """
    return Submission(
        index=parent.index,
        node=parent.node,
        arrival=parent.arrival,
        size=0,
        operation=operation,
        kind=operation.name,
        key=parent.key,
        valid_duration=parent.valid_duration,
        precheck=codes.OK,
        status=codes.SUCCESS,
        entity=account.number,
        created=created,
        effect=account,
        fee=fee,
        transfers=transfers,
    )


def place_before(parent: Submission, children: list[Submission]) -> None:
    """Give the children their nonces and, right before their parent's, their consensus timestamps."""
    for nonce, child in enumerate(children, 1):
        child.nonce, child.known = nonce, parent.known
        child.consensus_ns = parent.consensus_ns - (len(children) - nonce + 1)
