"""CryptoGetInfo (CryptoGetAccountInfoHandler.java)."""

from __future__ import annotations

from typing import Any

from localnet.protocol.aliases import is_address
from localnet.protocol.status import RefusedError, codes
from localnet.queries.account_balance import find_account
from localnet.queries.query import Query, View
from localnet.state.entities import NO_NODE, Account, State
from localnet.state.genesis import LEDGER_ID


class GetAccountInfo(Query):
    """The properties of an account."""

    field = "cryptoGetInfo"

    def check(self, request: Any) -> None:
        """Refuse a missing account id."""
        if not request.HasField("accountID"):
            raise RefusedError(codes.INVALID_ACCOUNT_ID)

    def validate(self, request: Any, view: View) -> None:
        """Refuse an unknown or deleted account."""
        super().validate(request, view)
        find_account(request.accountID, view)

    def answer(self, request: Any, view: View, reply: Any) -> None:
        """Describe the account."""
        account = find_account(request.accountID, view)
        info = reply.accountInfo
        info.accountID.accountNum = account.number
        info.contractAccountID = account.evm_address.hex()
        if account.key is not None:
            info.key.CopyFrom(account.key)
        info.balance = account.balance
        info.receiverSigRequired = account.receiver_signature_required
        info.expirationTime.seconds = account.expiration_s
        info.autoRenewPeriod.seconds = account.auto_renew_period
        info.memo = account.memo
        info.max_automatic_token_associations = account.max_automatic_token_associations
        if not is_address(account.alias):  # else only contractAccountID has it
            info.alias = account.alias
        info.ethereum_nonce = account.ethereum_nonce
        info.ledger_id = LEDGER_ID
        _describe_stake(info.staking_info, account, view.state)


def _describe_stake(stake: Any, account: Account, state: State) -> None:
    """There is always a description, if only of no stake (AccountSummariesApi.summarizeStakingInfo)."""
    stake.SetInParent()
    stake.decline_reward = account.decline_reward
    stake.staked_to_me = state.staked_to(account.number)
    if account.staked_node != NO_NODE:
        stake.staked_node_id = account.staked_node
        stake.stake_period_start.seconds = account.staked_since_s
    elif account.staked_account:
        stake.staked_account_id.accountNum = account.staked_account
