"""Who is charged at consensus: the rules of SolvencyPreCheck.java and TokenServiceApiImpl.java, written down again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localnet.clock import NANOS
from localnet.consensus.charging import charge
from localnet.protocol.ids import TransactionKey
from localnet.protocol.status import RefusedError, status_name
from localnet.state.fees import Fee
from localnet.state.genesis import create_state
from localnet.transactions.handle_context import HandleContext
from localnet.transactions.stages import Terms
from tests.localnet.stages import checked

NODE, PAYER, COLLECTION = 3, 1_001, 802
PART = st.integers(0, 30)
AMOUNT = st.integers(0, 100)


def at_consensus(fee: Fee, offered: int, balance: int, payer: int = PAYER, *, late: bool = False) -> HandleContext:
    """The moment of consensus of a transaction whose payer has and offers so much; it is valid for 120 s."""
    state = create_state(0, (NODE,))
    state.accounts[payer].balance = balance
    state.accounts[NODE].balance = 1_000
    one = checked(TransactionKey(payer, 1, 0), node=NODE, terms=Terms(max_fee=offered, valid_duration=120), due=fee)
    return HandleContext(state, one, (121 * NANOS) + late)


def charged(context: HandleContext, *, duplicate: bool) -> tuple[str, dict[int, int]]:
    """The status and what was moved."""
    cache: Any = SimpleNamespace(is_duplicate=lambda _: duplicate)
    try:
        charge(context, cache)
    except RefusedError as refusal:
        status = status_name(refusal.status)
    else:
        status = "OK"
    return status, {account: amount for account, amount in context.transfers.items() if amount}


def expected(fee: Fee, offered: int, balance: int, *, duplicate: bool) -> tuple[str, int, int]:
    """Status, who pays, and how much."""
    wanted = fee.node + fee.network + (0 if duplicate else fee.service)
    reduced = min(fee.node + fee.network, balance)
    if offered < fee.network:
        return "INSUFFICIENT_TX_FEE", NODE, fee.network
    if balance < fee.network:
        return "INSUFFICIENT_PAYER_BALANCE", NODE, fee.network
    if offered < wanted:
        return "INSUFFICIENT_TX_FEE", PAYER, reduced
    if balance < wanted:
        return "INSUFFICIENT_PAYER_BALANCE", PAYER, reduced
    return ("DUPLICATE_TRANSACTION" if duplicate else "OK"), PAYER, wanted


@given(st.builds(Fee, PART, PART, PART), AMOUNT, AMOUNT, st.booleans())
def test_one_credit_to_the_collection_account(fee: Fee, offered: int, balance: int, duplicate: bool) -> None:
    """All that is charged goes to 0.0.802 (HIP-1259; NodesConfig.feeCollectionAccountEnabled), from payer or node.

    Sources: CN: SolvencyPreCheck.checkSolvency, AppFeeCharging, TokenServiceApiImpl.chargeFees (network before node).
    """
    context = at_consensus(fee, offered, balance)
    status, payer, amount = expected(fee, offered, balance, duplicate=duplicate)
    moved = {payer: -amount, COLLECTION: amount} if amount else {}
    assert charged(context, duplicate=duplicate) == (status, moved)
    assert context.fee == amount
    assert min(account.balance for account in context.state.accounts.values()) >= 0


@pytest.mark.parametrize("duplicate", [False, True])
def test_what_expired_on_its_way_is_its_nodes_to_pay(duplicate: bool) -> None:
    """The network's part (CN: DispatchValidator.creatorErrorIfKnown), a nanosecond after the last moment."""
    fee = Fee(1, 9, 50)
    assert charged(at_consensus(fee, 100, 100), duplicate=False)[0] == "OK"
    late = at_consensus(fee, 100, 100, late=True)
    assert charged(late, duplicate=duplicate) == ("TRANSACTION_EXPIRED", {NODE: -9, COLLECTION: 9})


def test_what_is_not_valid_yet_is_its_nodes_to_pay() -> None:
    """A nanosecond before its valid start (CN: TransactionChecker.checkTimeBox by DispatchValidator)."""
    context = at_consensus(Fee(1, 9, 50), 100, 100)
    context.consensus_ns = NANOS - 1
    assert charged(context, duplicate=False) == ("INVALID_TRANSACTION_START", {NODE: -9, COLLECTION: 9})
    context = at_consensus(Fee(1, 9, 50), 100, 100)
    context.consensus_ns = NANOS
    assert charged(context, duplicate=False)[0] == "OK"


@pytest.mark.parametrize("payer", [2, 50])
def test_treasury_and_administrator_pay_nothing(payer: int) -> None:
    """Whatever they offer and have (CN: Authorizer.hasWaivedFees); a duplicate is one all the same."""
    fee = Fee(1, 9, 50)
    assert charged(at_consensus(fee, 0, 0, payer), duplicate=False) == ("OK", {})
    assert charged(at_consensus(fee, 0, 0, payer), duplicate=True) == ("DUPLICATE_TRANSACTION", {})
