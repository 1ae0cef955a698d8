"""What every part of the model needs: payers, keys, sending, and counting the hbar in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from localnet import pb
from localnet.protocol.status import status_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.localnet.clients import Rest, SigningKey, Wire

TOTAL_TINYBARS = 50_000_000_000 * 100_000_000
# Payers' and entities' keys; the model names a key by its place in this list.
KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in range(1, 4)]
PERIOD = 7_776_000
SIGNERS = st.sets(st.sampled_from([0, 1, 2]))
MAYBE_KEY = st.none() | st.sampled_from([0, 1, 2])
SIZES = st.sampled_from([0, 1, 100, 1_024, 1_025, 2_000])
WHICH = st.integers(0, 9)
UNKNOWN = 9


class Machine(RuleBasedStateMachine):
    """Sends what hypothesis thinks of, by several payers, and holds each answer to the model.

    A part of the model derives from this and may extend `prepare` and `compare`, each of which calls its `super()`'s.

    Attributes:
        wire, rest: The network under test; set on the class before it runs.
        payers: (account number, key) of those that pay.
    """

    wire: ClassVar[Wire]
    rest: ClassVar[Rest]

    def __init__(self) -> None:
        super().__init__()
        self.payers = [(self.wire.operator, self.wire.key)]
        self.prepare()

    def prepare(self) -> None:
        """Make what there is before the first step."""
        for key in KEYS[:2]:
            data = {
                "key": self.wire.public(key),
                "initialBalance": 2_000 * 100_000_000,
                "autoRenewPeriod": {"seconds": PERIOD},
            }
            number = self.wire.carry_out(self.wire.body(cryptoCreateAccount=data)).accountID.accountNum
            self.payers.append((number, key))

    def compare(self) -> None:
        """Compare what there is with the model, after the last step."""

    def teardown(self) -> None:
        """Compare everything there is with the model, and count the hbar."""
        self.compare()
        assert self.all_tinybars() == TOTAL_TINYBARS

    def send(
        self, payer: int, signers: set[int], expected: str, holders: Sequence[SigningKey] = (), **operation: Any
    ) -> Any:
        """Send an operation; its precheck, or else its receipt, must have the expected status. Returns the receipt.

        Beside the payer and `signers`, which are places in KEYS, sign the `holders` of other keys.
        """
        number, key = self.payers[payer % len(self.payers)]
        body = self.wire.body(**operation)
        body.transactionID.accountID.accountNum = number
        keys = {signer.private_bytes_raw(): signer for signer in (key, *(KEYS[signer] for signer in signers))}
        precheck = self.wire.precheck(body, *keys.values(), *holders)
        if precheck != "OK":
            assert precheck == expected
            return None
        receipt = self.wire.receipt(body).receipt
        assert status_name(receipt.status) == expected
        return receipt

    def signs(self, payer: int, signers: set[int], key: int | None) -> bool:
        """Whether a key is among the signatures; the payer's own always is."""
        return key is not None and (key in signers or self.payers[payer % len(self.payers)][1] is KEYS[key])

    def pick(self, entities: dict[int, Any], which: int) -> tuple[int, Any]:
        """One of the entities there are; sometimes one that there never was."""
        number = 987_654 if which == UNKNOWN or not entities else sorted(entities)[which % len(entities)]
        return number, entities.get(number)

    def key_list(self, keys: frozenset[int]) -> Any:
        return pb.KeyList(keys=[self.wire.public(KEYS[key]) for key in sorted(keys)])

    def all_tinybars(self) -> int:
        """The sum of all balances on the mirror."""
        total, path = 0, "/api/v1/accounts?limit=100"
        while path:
            page = self.rest(path)[1]
            total += sum(account["balance"]["balance"] for account in page["accounts"])
            path = page["links"]["next"]
        return total
