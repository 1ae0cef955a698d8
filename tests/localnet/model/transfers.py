"""Transfers of hbar between the payers."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from localnet import pb
from tests.localnet.model.machine import WHICH, Machine


class Transfers(Machine):
    """Moves hbar."""

    @rule(payer=WHICH, receiver=WHICH, amount=st.sampled_from([1, 12_345, 10**17]), wrong=st.booleans())
    def transfer(self, payer: int, receiver: int, amount: int, wrong: bool) -> None:
        (giver, _), (taker, _) = (self.payers[one % len(self.payers)] for one in (payer, receiver))
        expected = "SUCCESS"
        if wrong:
            expected = "INVALID_ACCOUNT_AMOUNTS"
        elif giver == taker:
            expected = "ACCOUNT_REPEATED_IN_ACCOUNT_AMOUNTS"
        elif amount == 10**17 and giver != self.wire.operator:
            expected = "INSUFFICIENT_PAYER_BALANCE"
        elif amount == 10**17:
            amount = 7
        amounts = [
            pb.AccountAmount(accountID=pb.AccountID(accountNum=giver), amount=-amount),
            pb.AccountAmount(accountID=pb.AccountID(accountNum=taker), amount=amount + wrong),
        ]
        self.send(payer, set(), expected, cryptoTransfer={"transfers": {"accountAmounts": amounts}})
