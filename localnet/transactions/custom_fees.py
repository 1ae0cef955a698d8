"""Custom fees on topics (HIP-991), in hbar: how they are set, paid, and exempted from.

A submitter pays each fee to its collector before the message is accepted, within the message's own transaction: the
payments are in its transfer list, and its record lists them as `assessedCustomFees` (ConsensusSubmitMessageHandler's
chargeCustomFees suppresses the records of the transfers that it makes for them). There are no tokens here, so a fee in
one names a token that does not exist.
"""

from __future__ import annotations

from typing import Any

from localnet.protocol.ids import account_number
from localnet.protocol.keys import CompiledKey
from localnet.protocol.status import RefusedError, codes
from localnet.state.entities import CustomFee, State, Topic
from localnet.state.fees import COLLECTION_ACCOUNT
from localnet.transactions.account_rules import require_account
from localnet.transactions.field_checks import MAX_AMOUNT, usable_key
from localnet.transactions.handle_context import HandleContext

MAX_FEES = 10
"""`topics.maxCustomFeeEntriesForTopics` (TopicsConfig.java)."""
MAX_EXEMPT_KEYS = 10
"""`topics.maxEntriesForFeeExemptKeyList`."""
CREATE_SURCHARGE = 19_900_000_000
SUBMIT_SURCHARGE = 498_300_000


def read_fees(fees: Any, state: State) -> tuple[CustomFee, ...]:
    """The fees of a topic, from a list of `FixedCustomFee` (ConsensusCustomFeesValidator.java).

    Raises:
        RefusedError: there are too many; a collector does not exist (INVALID_CUSTOM_FEE_COLLECTOR) or is deleted
            (ACCOUNT_DELETED); a fee is nothing, not above 0, or in tokens (INVALID_TOKEN_ID_IN_CUSTOM_FEES).
    """
    if len(fees) > MAX_FEES:
        raise RefusedError(codes.CUSTOM_FEES_LIST_TOO_LONG)
    return tuple(_read_fee(fee, state) for fee in fees)


def _read_fee(fee: Any, state: State) -> CustomFee:
    collector = require_account(state, fee.fee_collector_account_id, codes.INVALID_CUSTOM_FEE_COLLECTOR)
    if collector.number == COLLECTION_ACCOUNT:  # as for tokens (Hip1259EnabledTests): nothing can be sent there
        raise RefusedError(codes.INVALID_CUSTOM_FEE_COLLECTOR)
    if not fee.HasField("fixed_fee"):
        raise RefusedError(codes.CUSTOM_FEE_NOT_FULLY_SPECIFIED)
    if not 0 < fee.fixed_fee.amount <= MAX_AMOUNT:
        raise RefusedError(codes.CUSTOM_FEE_MUST_BE_POSITIVE)
    if fee.fixed_fee.HasField("denominating_token_id"):
        raise RefusedError(codes.INVALID_TOKEN_ID_IN_CUSTOM_FEES)
    return CustomFee(int(fee.fixed_fee.amount), collector.number)


def check_exempt_keys(keys: Any) -> None:
    """Check a fee-exempt key list as precheck does (ConsensusCreateTopicHandler.pureChecks).

    Raises:
        RefusedError: it names a key twice.
    """
    if len({key.SerializeToString() for key in keys}) != len(keys):
        raise RefusedError(codes.FEE_EXEMPT_KEY_LIST_CONTAINS_DUPLICATED_KEYS)


def read_exempt_keys(keys: Any) -> tuple[CompiledKey, ...]:
    """The compiled keys of a fee-exempt key list.

    Raises:
        RefusedError: it is too long, or one of them is unusable (INVALID_KEY_IN_FEE_EXEMPT_KEY_LIST).
    """
    if len(keys) > MAX_EXEMPT_KEYS:
        raise RefusedError(codes.MAX_ENTRIES_FOR_FEE_EXEMPT_KEY_LIST_EXCEEDED)
    return tuple(usable_key(key, codes.INVALID_KEY_IN_FEE_EXEMPT_KEY_LIST) for key in keys)


def check_limits(limits: Any) -> None:
    """Check `maxCustomFees` as far as its entries go, one by one (PreCheckValidator.checkMaxCustomFees).

    Raises:
        RefusedError: one names no account of this network, no fee, a negative one, or a token that cannot be
            (INVALID_MAX_CUSTOM_FEES).
    """
    for limit in limits:
        account = limit.account_id
        named = account.WhichOneof("account") is not None and not (account.shardNum or account.realmNum)
        if not named or not limit.fees or not all(map(_is_plausible, limit.fees)):
            raise RefusedError(codes.INVALID_MAX_CUSTOM_FEES)


def _is_plausible(fee: Any) -> bool:
    token = fee.denominating_token_id
    in_token = fee.HasField("denominating_token_id")
    return 0 <= fee.amount <= MAX_AMOUNT and (
        not in_token or (token.tokenNum > 0 and not (token.shardNum or token.realmNum))
    )


def check_repeated_limits(limits: Any) -> None:
    """Check that `maxCustomFees` has no duplicates (ConsensusSubmitMessageHandler.pureChecks).

    Of hbar limits of one account only equal ones are refused, as there; the first counts.

    Raises:
        RefusedError: an account or a denomination is there twice.
    """
    if len({limit.account_id.SerializeToString() for limit in limits}) != len(limits):
        raise RefusedError(codes.DUPLICATE_ACCOUNT_ID_IN_MAX_CUSTOM_FEE_LIST)
    for limit in limits:
        denominations = [
            fee.denominating_token_id.tokenNum if fee.HasField("denominating_token_id") else ("hbar", fee.amount)
            for fee in limit.fees
        ]
        if len(set(denominations)) != len(denominations):
            raise RefusedError(codes.DUPLICATE_DENOMINATION_IN_MAX_CUSTOM_FEE_LIST)


def charge(context: HandleContext, topic: Topic) -> None:
    """Let the submitter pay a topic's fees.

    Of two fees that are equal in everything one is paid (ConsensusCustomFeeAssessor makes a map of them), though the
    limit must allow both.

    Raises:
        RefusedError: they are above what the submitter allows or has, or a collector was deleted; nothing was paid
            then.
    """
    if not topic.custom_fees or any(context.signed(key) for key in topic.exempt):
        return
    payer = context.payer
    due = [fee for fee in topic.custom_fees if fee.collector != payer]
    _check_limit(context.checked.body.max_custom_fees, payer, sum(fee.amount for fee in due))
    assessed = tuple(dict.fromkeys(due))
    left = context.state.accounts[payer].balance
    for fee in assessed:
        left -= fee.amount
        if context.state.accounts[fee.collector].deleted:
            raise RefusedError(codes.ACCOUNT_DELETED)
        if left < 0:
            raise RefusedError(codes.INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE)
    for fee in assessed:
        context.move(payer, -fee.amount)
        context.move(fee.collector, fee.amount)
    context.assessed = assessed


def _check_limit(limits: Any, payer: int, total: int) -> None:
    """Check what is due against the limits that the submitter gave; none given is no limit."""
    if not limits or not total:
        return
    mine = [limit for limit in limits if account_number(limit.account_id) == payer]
    amounts = [fee.amount for limit in mine for fee in limit.fees if not fee.HasField("denominating_token_id")]
    if not amounts:
        raise RefusedError(codes.NO_VALID_MAX_CUSTOM_FEE)
    if total > amounts[0]:
        raise RefusedError(codes.MAX_CUSTOM_FEE_LIMIT_EXCEEDED)
