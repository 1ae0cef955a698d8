"""Custom fees on topics (HIP-991), in hbar: who sets them, who pays them, who is exempt.

A submitter pays each fee to its collector before the message is accepted, by a transfer that is a child transaction of
the message's. Fees in tokens are NOT_SUPPORTED, as tokens are.
"""

from __future__ import annotations

from typing import Any

from localnet.ids import account_number
from localnet.keys import CompiledKey
from localnet.state import CustomFee, State, Topic
from localnet.status import Refused, codes
from localnet.transactions.fields import MAX_AMOUNT, usable_key
from localnet.transactions.operation import Settlement

MAX_FEES = 10
"""`topics.maxCustomFeeEntriesForTopics` (TopicsConfig.java)."""
MAX_EXEMPT_KEYS = 10
"""`topics.maxEntriesForFeeExemptKeyList`."""
CREATE_SURCHARGE = 19_900_000_000
SUBMIT_SURCHARGE = 498_300_000


def check_fees(fees: Any) -> None:
    """Check a list of `FixedCustomFee` as far as it goes without state.

    Raises:
        Refused: there are too many, one is in tokens, or one is not above 0.
    """
    if len(fees) > MAX_FEES:
        raise Refused(codes.CUSTOM_FEES_LIST_TOO_LONG)
    for fee in fees:
        if fee.fixed_fee.HasField("denominating_token_id"):
            raise Refused(codes.NOT_SUPPORTED)
        if not 0 < fee.fixed_fee.amount <= MAX_AMOUNT:
            raise Refused(codes.CUSTOM_FEE_MUST_BE_POSITIVE)


def read_fees(fees: Any, state: State) -> tuple[CustomFee, ...]:
    """The fees of a topic.

    Raises:
        Refused: a collector does not exist (INVALID_CUSTOM_FEE_COLLECTOR).
    """
    read = tuple(CustomFee(int(fee.fixed_fee.amount), account_number(fee.fee_collector_account_id)) for fee in fees)
    for fee in read:
        collector = state.accounts.get(fee.collector)
        if collector is None or collector.deleted:
            raise Refused(codes.INVALID_CUSTOM_FEE_COLLECTOR)
    return read


def check_exempt_keys(keys: Any) -> None:
    """Check a fee-exempt key list.

    Raises:
        Refused: it is too long, names a key twice, or one that nobody can sign with.
    """
    if len(keys) > MAX_EXEMPT_KEYS:
        raise Refused(codes.MAX_ENTRIES_FOR_FEE_EXEMPT_KEY_LIST_EXCEEDED)
    if len({key.SerializeToString() for key in keys}) != len(keys):
        raise Refused(codes.FEE_EXEMPT_KEY_LIST_CONTAINS_DUPLICATED_KEYS)
    read_exempt_keys(keys)


def read_exempt_keys(keys: Any) -> tuple[CompiledKey, ...]:
    """The compiled keys of a fee-exempt key list.

    Raises:
        Refused: nobody can sign with one of them (INVALID_KEY_IN_FEE_EXEMPT_KEY_LIST).
    """
    return tuple(usable_key(key, codes.INVALID_KEY_IN_FEE_EXEMPT_KEY_LIST) for key in keys)


def charge(at: Settlement, topic: Topic) -> None:
    """Let the submitter pay a topic's fees.

    Raises:
        Refused: they are above what the submitter allows, or above what it has; nothing was paid then.
    """
    if not topic.custom_fees or any(at.signed(key) for key in topic.exempt):
        return
    assert at.submission.key is not None
    payer = at.submission.key.payer
    due = [fee for fee in topic.custom_fees if fee.collector != payer]
    total = sum(fee.amount for fee in due)
    _check_limit(at.submission.body.max_custom_fees, payer, total)
    if at.state.accounts[payer].balance < total:
        raise Refused(codes.INSUFFICIENT_PAYER_BALANCE_FOR_CUSTOM_FEE)
    for fee in due:
        at.pay(payer, fee.collector, fee.amount)


def _check_limit(limits: Any, payer: int, total: int) -> None:
    """Check what is due against the limits that the submitter gave; none given is no limit."""
    if not limits or not total:
        return
    mine = [limit for limit in limits if account_number(limit.account_id) == payer]
    amounts = [fee.amount for limit in mine for fee in limit.fees if not fee.HasField("denominating_token_id")]
    if not amounts:
        raise Refused(codes.NO_VALID_MAX_CUSTOM_FEE)
    if total > sum(amounts):
        raise Refused(codes.MAX_CUSTOM_FEE_LIMIT_EXCEEDED)
