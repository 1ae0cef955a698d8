"""The state of a new network, on which transactions take effect one by one; no node, no clock and no wire."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from localnet import pb
from localnet.clock import NANOS
from localnet.protocol.ids import TransactionKey
from localnet.protocol.keys import Signatures
from localnet.protocol.status import RefusedError, status_name
from localnet.state.entities import Account
from localnet.state.genesis import OPERATOR_KEY, OPERATOR_NUMBER, create_state
from localnet.transactions import HANDLERS
from localnet.transactions.handle_context import HandleContext
from tests.localnet.ecdsa import EcdsaKey
from tests.localnet.stages import checked

NODE = 3
NOW_S = 1_000_000
OPERATOR = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(OPERATOR_KEY)[-32:])

SigningKey = Ed25519PrivateKey | EcdsaKey


def public(key: SigningKey) -> Any:
    """The protobuf `Key` of a private key."""
    return key.public if isinstance(key, EcdsaKey) else pb.Key(ed25519=key.public_key().public_bytes_raw())


def account_id(number: int) -> Any:
    """The protobuf `AccountID` of a number."""
    return pb.AccountID(accountNum=number)


class Ledger:
    """See the module. Each transaction is a second after the one before.

    Attributes:
        state: As the last transaction left it.
        now_s: The consensus second of the last transaction.
    """

    def __init__(self) -> None:
        self.state = create_state(NOW_S * NANOS, (NODE,))
        self.now_s = NOW_S

    def carry_out(
        self, *keys: SigningKey, payer: int = OPERATOR_NUMBER, others: Any = None, **data: Any
    ) -> HandleContext:
        """Let a transaction take effect, checked as at precheck.

        Args:
            keys: Who signs; the operator unless somebody is named.
            payer: Account number.
            others: Further fields of the body.
            data: The field of the body's data, and what is in it.

        Raises:
            RefusedError: it was refused, at precheck or at consensus.
        """
        ((field, _),) = data.items()
        body = pb.TransactionBody(**data, **(others or {}))
        HANDLERS[field].check_body(body)
        self.now_s += 1
        one = checked(TransactionKey(payer, self.now_s, 0), node=NODE)._replace(
            kind=HANDLERS[field].kind,
            body=body,
            data=getattr(body, field),
            signatures=signed(body.SerializeToString(), *(keys or (OPERATOR,))),
        )
        at = HandleContext(self.state, one, self.now_s * NANOS)
        HANDLERS[field].handle(at)
        return at

    def status(self, *keys: SigningKey, **options: Any) -> str:
        """What becomes of a transaction, as `carry_out` takes it."""
        try:
            self.carry_out(*keys, **options)
        except RefusedError as refusal:
            return status_name(refusal.status)
        return "SUCCESS"

    def new_account(self, key: SigningKey, balance: int = 1_000, **fields: Any) -> Account:
        """An account with a key."""
        data = {"key": public(key), "initialBalance": balance, "autoRenewPeriod": {"seconds": 7_776_000}, **fields}
        return self.state.accounts[self.carry_out(cryptoCreateAccount=data).entity]


def signed(message: bytes, *keys: SigningKey) -> Signatures:
    """Signatures of a message, as they are verified."""
    return Signatures(signed_transaction(message, *keys).sigMap.sigPair, message)


def signed_transaction(message: bytes, *keys: SigningKey) -> Any:
    """The protobuf `SignedTransaction` of a serialised body."""
    whole = pb.SignedTransaction(bodyBytes=message)
    whole.sigMap.SetInParent()
    for key in keys:
        if isinstance(key, EcdsaKey):
            whole.sigMap.sigPair.add(pubKeyPrefix=key.raw, ECDSA_secp256k1=key.sign(message))
        else:
            prefix = key.public_key().public_bytes_raw()
            whole.sigMap.sigPair.add(pubKeyPrefix=prefix, ed25519=key.sign(message))
    return whole
