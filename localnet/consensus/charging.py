"""Charges fees at consensus; all of them go to one account (HIP-1259)."""

from __future__ import annotations

from localnet.clock import NANOS
from localnet.consensus.record_cache import RecordCache
from localnet.protocol.status import RefusedError, codes
from localnet.state.fees import COLLECTION_ACCOUNT, SUPER_USERS
from localnet.transactions.handle_context import HandleContext


def charge(context: HandleContext, cache: RecordCache) -> None:
    """Charge a transaction's fee, in the order of DispatchValidator.java and SolvencyPreCheck.java.

    Raises:
        RefusedError: its node is to blame and pays the network's part (it let through what had expired or was not
            yet valid, or what cannot pay even that); or another node let the same id through before, or the payer
            offered or has too little: it is charged without the service fee, as far as it can pay.
    """
    checked, payer = context.checked, context.payer
    fee, terms = checked.due, checked.terms
    is_duplicate = cache.is_duplicate(checked)
    start_ns = checked.key.seconds * NANOS + checked.key.nanos
    if context.consensus_ns > start_ns + terms.valid_duration * NANOS:
        _charge_node(context, codes.TRANSACTION_EXPIRED)
    if context.consensus_ns < start_ns:
        _charge_node(context, codes.INVALID_TRANSACTION_START)
    if payer in SUPER_USERS:
        if is_duplicate:
            raise RefusedError(codes.DUPLICATE_TRANSACTION)
        return
    balance = context.state.accounts[payer].balance
    wanted = fee.without_service if is_duplicate else fee.total
    # The network's part comes before the node's (TokenServiceApiImpl.chargeFees).
    affordable = fee.network + min(fee.node, balance - fee.network)
    for available, status in (
        (terms.max_fee, codes.INSUFFICIENT_TX_FEE),
        (balance, codes.INSUFFICIENT_PAYER_BALANCE),
    ):
        if available < fee.network:
            _charge_node(context, status)
    for available, status in (
        (terms.max_fee, codes.INSUFFICIENT_TX_FEE),
        (balance, codes.INSUFFICIENT_PAYER_BALANCE),
    ):
        if available < wanted:
            _collect(context, payer, affordable)
            raise RefusedError(status)
    _collect(context, payer, wanted)
    if is_duplicate:
        raise RefusedError(codes.DUPLICATE_TRANSACTION)


def _charge_node(context: HandleContext, status: int) -> None:
    """Let the node pay the network's part, as far as it can.

    Raises:
        RefusedError: always, with the status.
    """
    node = context.checked.received.node
    _collect(context, node, min(context.checked.due.network, context.state.accounts[node].balance))
    raise RefusedError(status)


def _collect(context: HandleContext, payer: int, amount: int) -> None:
    context.move(payer, -amount)
    context.move(COLLECTION_ACCOUNT, amount)
    context.fee = amount
