"""Child transactions that precede their parent: the network makes them by itself when it handles a transaction.

They create accounts for aliases, and give hollow accounts their keys. Such a child has the parent's transaction
id with a nonce, a consensus timestamp a nanosecond or more before the parent's, and no parent timestamp in its record
(SavepointStackImpl.buildHandleOutput of hiero-consensus-node).
"""

from __future__ import annotations

from typing import NamedTuple

from localnet.protocol.status import codes
from localnet.state.entities import Account
from localnet.transactions.stages import Handled, Kind, Terms


class Child(NamedTuple):
    """A change that the network made by itself to an account while it handled a transaction.

    Attributes:
        kind: What was done.
        account: The account right after, in a copy of its own.
        created: Whether the child made it.
        fee: What the payer was charged for it, in tinybars.
        transfers: Balance changes by account number; they sum to zero.
    """

    kind: Kind
    account: Account
    created: bool = False
    fee: int = 0
    transfers: tuple[tuple[int, int], ...] = ()


def handled_before(parent: Handled, children: list[Child]) -> list[Handled]:
    """The children as handled transactions, with their nonces, and consensus timestamps right before the parent's."""
    return [
        Handled(
            position=parent.position,
            node=parent.node,
            size=0,
            kind=child.kind,
            key=parent.key,
            terms=Terms(valid_duration=parent.terms.valid_duration),
            hash=b"",
            nonce=nonce,
            status=codes.SUCCESS,
            consensus_ns=parent.consensus_ns - (len(children) - nonce + 1),
            known=parent.known,
            entity=child.account.number,
            created=child.created,
            fee=child.fee,
            transfers=child.transfers,
            assessed=(),
            message=None,
            effect=child.account,
        )
        for nonce, child in enumerate(children, 1)
    ]
