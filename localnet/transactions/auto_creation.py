"""Accounts for new aliases: hbar that is sent to an alias without an account creates it (HIP-32, HIP-583).

Each is made by a CryptoCreate of the network's own that precedes the transfer (AutoAccountCreator.java). The payer is
charged its whole price beside the transfer's, whatever it offered (AppFeeCharging: SKIP_OFFERED_FEE_CHECK); when the
transfer fails, neither the accounts nor their fees remain.
"""

from __future__ import annotations

from copy import copy

from localnet import pb
from localnet.protocol.aliases import is_address, is_long_zero, key_of_alias
from localnet.protocol.keys import compile_key
from localnet.protocol.status import RefusedError, codes
from localnet.state.entities import Account
from localnet.state.fees import COLLECTION_ACCOUNT, SUPER_USERS, FeeSchedule
from localnet.transactions.account_rules import UNLIMITED_ASSOCIATIONS
from localnet.transactions.children import Child
from localnet.transactions.create_account import PRICE, CreateAccount
from localnet.transactions.handle_context import HandleContext

LIFETIME_S = 7_776_000
"""TokenServiceImpl.THREE_MONTHS_IN_SECONDS."""


def creation_fee(context: HandleContext) -> int:
    """The payer's fee for the creation of one account, in tinybars; 0 for exempt payers."""
    if context.payer in SUPER_USERS:
        return 0
    return FeeSchedule(context.state.rate).transaction(size=0, signatures=0, service=PRICE).total


def check_alias(alias: bytes) -> None:
    """Check that an account can be created for a new alias.

    Raises:
        RefusedError: it is neither an EVM address nor a key, or it is an address that stands for a number
            (INVALID_ALIAS_KEY).
    """
    if is_long_zero(alias) or not (is_address(alias) or key_of_alias(alias)):
        raise RefusedError(codes.INVALID_ALIAS_KEY)


def create_for_alias(context: HandleContext, alias: bytes) -> Account:
    """Make the account for an alias that was checked, and let the payer pay; a hollow one where it is an address."""
    payer, fee = context.payer, creation_fee(context)
    context.state.accounts[payer].balance -= fee
    context.state.accounts[COLLECTION_ACCOUNT].balance += fee
    paid = tuple(sorted(((payer, -fee), (COLLECTION_ACCOUNT, fee))))
    return make_for_alias(context, alias, fee, paid)


def make_for_alias(
    context: HandleContext, alias: bytes, fee: int = 0, paid: tuple[tuple[int, int], ...] = ()
) -> Account:
    """Make the account for an alias that was checked; a hollow one where it is an address.

    Args:
        context: Of the transaction that needs it.
        alias: The alias.
        fee: What was charged for it, in tinybars; 0 where that is part of another charge.
        paid: The balance changes by that.
    """
    key = pb.Key(keyList=pb.KeyList()) if is_address(alias) else key_of_alias(alias)
    account = Account(
        number=context.state.new_number(),
        key=key,
        compiled=None if is_address(alias) else compile_key(key),
        balance=0,
        created_ns=context.consensus_ns,
        auto_renew_period=LIFETIME_S,
        max_automatic_token_associations=UNLIMITED_ASSOCIATIONS,
        alias=alias,
        expiration_s=context.consensus_s + LIFETIME_S,
    )
    context.state.put_account(account)
    context.preceding.append(Child(CreateAccount.kind, copy(account), created=True, fee=fee, transfers=paid))
    return account
