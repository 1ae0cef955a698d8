"""Transactions at their stages, for tests of what handles them; no node ever read them."""

from __future__ import annotations

from typing import Any

from localnet.protocol.ids import TransactionKey
from localnet.protocol.keys import Signatures
from localnet.state.fees import Fee
from localnet.transactions.stages import Checked, Handled, Kind, Received, Terms

KIND = Kind("cryptoTransfer", "CRYPTOTRANSFER", "")
FREE = Fee(0, 0, 0)


def checked(
    key: TransactionKey,
    *,
    position: int = 0,
    node: int = 3,
    arrival: float = 0.0,
    terms: Terms = Terms(valid_duration=120),  # noqa: B008 (it never changes)
    due: Fee = FREE,
) -> Checked:
    """A transaction without a body: it fails at consensus, where one is looked for."""
    body: Any = None
    return Checked(
        received=Received(position, node, arrival, 100, bytes(100)),
        kind=KIND,
        key=key,
        terms=terms,
        hash=b"",
        body=body,
        data=body,
        signatures=Signatures([], b""),
        due=due,
    )


def handled(
    key: TransactionKey,
    consensus_ns: int,
    *,
    position: int = 0,
    status: int = 22,
    digest: bytes = b"",
    transfers: tuple[tuple[int, int], ...] = (),
) -> Handled:
    """A transaction that reached consensus, and did nothing but move hbar."""
    return Handled(
        position=position,
        node=3,
        size=100,
        kind=KIND,
        key=key,
        terms=Terms(),
        hash=digest,
        nonce=0,
        status=status,
        consensus_ns=consensus_ns,
        known=consensus_ns / 1e9,
        entity=0,
        created=False,
        fee=0,
        transfers=transfers,
        assessed=(),
        message=None,
        effect=None,
    )
