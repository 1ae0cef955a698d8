"""Hollow accounts get their keys (HIP-583).

An account that was made for an EVM address has no key. It gets the ECDSA key of its address as soon as that has signed
a transaction that it pays, or that takes hbar from it. The network does so by a CryptoUpdate that precedes, costs
nothing, and stays even if the transaction fails (HollowAccountCompletions.java, DispatchOptions.java).
"""

from __future__ import annotations

from copy import copy

from localnet import pb
from localnet.protocol.aliases import signer_with_address
from localnet.protocol.keys import SimpleKey
from localnet.state.entities import Account
from localnet.transactions.children import Child
from localnet.transactions.handle_context import HandleContext
from localnet.transactions.update_account import UpdateAccount


def complete_payer(context: HandleContext) -> None:
    """Give the payer its key, if it is hollow; precheck has checked that the key signed."""
    complete(context, context.state.accounts[context.payer])


def complete(context: HandleContext, account: Account) -> None:
    """Give an account its key, if it is hollow and the key signed."""
    key = signer_with_address(context.checked.signatures, account.alias) if account.is_hollow else None
    if key is not None:
        complete_with(context, account, key)


def complete_with(context: HandleContext, account: Account, key: SimpleKey) -> None:
    """Give a hollow account the key of its address, which has signed."""
    completed = copy(account)
    completed.key, completed.compiled = pb.Key(ECDSA_secp256k1=key.raw), key
    context.state.put_account(completed)
    context.preceding.append(Child(UpdateAccount.kind, copy(completed)))
