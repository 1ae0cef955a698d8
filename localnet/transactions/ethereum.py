"""EthereumTransaction: an Ethereum transaction in the name of who signed it, brought and paid for by a relayer.

What there is no EVM for is refused: contracts (there are none to call, and none can be made), and calldata in a file.
A transfer of hbar is carried out, to an address without an account too. The order of checks is that of
hiero-consensus-node: EthereumTransactionHandler.pureChecks at precheck; HevmTransactionFactory, TransactionProcessor,
CustomGasCharging and CustomMessageCallProcessor at consensus.
"""

from __future__ import annotations

from copy import copy
from functools import lru_cache
from typing import Any, Final

from localnet import pb
from localnet.protocol.aliases import is_long_zero
from localnet.protocol.ethereum import CHAIN_ID, EthereumTransaction, UnreadableError, read_ethereum
from localnet.protocol.keys import SimpleKey, compile_key
from localnet.protocol.status import RefusedError, codes
from localnet.state.entities import Account
from localnet.state.fees import COLLECTION_ACCOUNT, ExchangeRate, FeeSchedule, gas_price
from localnet.transactions.auto_creation import make_for_alias
from localnet.transactions.create_account import PRICE as CREATION_PRICE
from localnet.transactions.handle_context import HandleContext
from localnet.transactions.handler import TransactionHandler
from localnet.transactions.hollow_accounts import complete_with
from localnet.transactions.stages import EthereumResult

LAST_SYSTEM_ACCOUNT: Final = 750
"""The EVM sends no value to an account up to this number (AddressChecks.isSystemAccount)."""

_NOBODY: Final = bytes(20)


class Ethereum(TransactionHandler):
    """Its sender pays gas and value; the relayer, who signed the transaction around it, the transaction's own fee."""

    field = "ethereumTransaction"
    name = "ETHEREUMTRANSACTION"

    def check(self, data: Any) -> None:
        """Refuse what is no Ethereum transaction, value for nobody, too little gas, and what would need an EVM."""
        if data.HasField("call_data"):
            raise RefusedError(codes.NOT_SUPPORTED)
        if data.max_gas_allowance < 0:
            raise RefusedError(codes.NEGATIVE_ALLOWANCE_AMOUNT)
        transaction = _read(bytes(data.ethereum_data))
        if transaction.value > 0 and transaction.to == _NOBODY:
            raise RefusedError(codes.INVALID_SOLIDITY_ADDRESS)
        if not transaction.to:
            raise RefusedError(codes.NOT_SUPPORTED)
        if transaction.gas_limit < transaction.intrinsic_gas:
            raise RefusedError(codes.INSUFFICIENT_GAS)

    def price(self, data: Any) -> int:  # noqa: ARG002 (whatever is in it is paid by gas)
        """Nothing beside the node's and the network's part (simpleFeesSchedules.json)."""
        return 0

    def handle(self, context: HandleContext) -> None:
        """Check sender, nonce and funds; then charge gas, count the nonce, and move the value.

        A transfer that fails after that has used all of its gas, and its nonce.
        """
        transaction = _read(bytes(context.data.ethereum_data))
        sender = _sender(context, transaction)
        price = gas_price(context.state.rate)
        relayed = _relayed_part(context, transaction, sender, price)
        sender.ethereum_nonce += 1
        recipient, used, failure = _carry_out(context, transaction)
        _charge(context, sender, price, used=used, limit=transaction.gas_limit, relayed=relayed)
        if recipient is not None and not failure and recipient is not sender:
            context.move(sender.number, -transaction.tinybars)
            context.move(recipient.number, transaction.tinybars)
        if recipient is not None:
            context.entity = recipient.number
        to = 0 if recipient is None else recipient.number
        context.effect = EthereumResult(transaction, copy(sender), to, used, price)
        if failure:
            raise RefusedError(failure)


@lru_cache(maxsize=1_024)
def _parsed(raw: bytes) -> EthereumTransaction:
    return read_ethereum(raw)


def _read(raw: bytes) -> EthereumTransaction:
    """Read a transaction; it is looked at more than once on its way.

    Raises:
        RefusedError: it cannot be read (INVALID_ETHEREUM_TRANSACTION).
    """
    try:
        return _parsed(raw)
    except UnreadableError as error:
        raise RefusedError(codes.INVALID_ETHEREUM_TRANSACTION) from error


def _sender(context: HandleContext, transaction: EthereumTransaction) -> Account:
    """The account that signed; a hollow one gets its key, whatever comes of the transaction.

    Raises:
        RefusedError: it is for another network, of nobody, signed by another key, or not its sender's next.
    """
    if transaction.chain_id not in (None, CHAIN_ID):
        raise RefusedError(codes.WRONG_CHAIN_ID)
    sender = context.state.account_by_alias(transaction.sender)
    if sender is None or sender.deleted:
        raise RefusedError(codes.INVALID_ACCOUNT_ID)
    if sender.is_hollow:
        complete_with(context, sender, _ecdsa_key(transaction.key))
        sender = context.state.accounts[sender.number]
    elif sender.key.WhichOneof("key") == "ECDSA_secp256k1" and sender.key.ECDSA_secp256k1 != transaction.key:
        raise RefusedError(codes.INVALID_ETHEREUM_TRANSACTION)
    if transaction.nonce != sender.ethereum_nonce:
        raise RefusedError(codes.WRONG_NONCE)
    return sender


def _ecdsa_key(raw: bytes) -> SimpleKey:
    key = compile_key(pb.Key(ECDSA_secp256k1=raw))
    assert isinstance(key, SimpleKey), "it is one key"
    return key


def _relayed_part(context: HandleContext, transaction: EthereumTransaction, sender: Account, price: int) -> int:
    """Tinybars of the gas limit's cost that the relayer bears (CustomGasCharging.chargeWithRelayer).

    Raises:
        RefusedError: the gas price offered and the relayer's allowance are too little, or one of the two cannot pay.
    """
    cost = transaction.gas_limit * price
    offered = min(cost, transaction.gas_limit * transaction.max_gas_price)
    relayed = cost - offered
    if context.data.max_gas_allowance < relayed:
        raise RefusedError(codes.INSUFFICIENT_TX_FEE)
    if context.state.accounts[context.payer].balance < relayed:
        raise RefusedError(codes.INSUFFICIENT_PAYER_BALANCE)
    if sender.balance < offered + transaction.tinybars:
        raise RefusedError(codes.INSUFFICIENT_PAYER_BALANCE)
    return relayed


def _carry_out(context: HandleContext, transaction: EthereumTransaction) -> tuple[Account | None, int, int]:
    """What becomes of the call: the recipient (None where nobody is there), gas used, and a status where it failed."""
    recipient = context.state.account_by_alias(transaction.to)
    limit = transaction.gas_limit
    if not transaction.tinybars:
        return recipient, transaction.intrinsic_gas, 0  # nothing runs at an account, nor where there is none
    if recipient is None:
        return _create_recipient(context, transaction)
    if recipient.number <= LAST_SYSTEM_ACCOUNT:
        return recipient, limit, codes.INVALID_CONTRACT_ID
    if recipient.deleted:
        return recipient, limit, codes.INVALID_SOLIDITY_ADDRESS
    if recipient.number == COLLECTION_ACCOUNT:
        return recipient, limit, codes.TRANSFER_TO_FEE_COLLECTION_ACCOUNT_NOT_ALLOWED
    if recipient.receiver_signature_required and not _receiver_signed(context, recipient):
        return recipient, limit, codes.INVALID_SIGNATURE
    return recipient, transaction.intrinsic_gas, 0


def _create_recipient(context: HandleContext, transaction: EthereumTransaction) -> tuple[Account | None, int, int]:
    """Make the account of an address without one; its creation is paid by gas (ProxyWorldUpdater.tryLazyCreation)."""
    used = transaction.intrinsic_gas + creation_gas(context.state.rate)
    if is_long_zero(transaction.to):
        return None, transaction.gas_limit, codes.INVALID_ACCOUNT_ID
    if used > transaction.gas_limit:
        return None, transaction.gas_limit, codes.INSUFFICIENT_GAS
    return make_for_alias(context, transaction.to), used, 0


def creation_gas(rate: ExchangeRate) -> int:
    """Gas for the creation of an account (HandleHederaOperations.lazyCreationCostInGas)."""
    return FeeSchedule(rate).transaction(size=0, signatures=0, service=CREATION_PRICE).total // gas_price(rate)


def _receiver_signed(context: HandleContext, recipient: Account) -> bool:
    return recipient.compiled is not None and context.signed(recipient.compiled)


def _charge(context: HandleContext, sender: Account, price: int, *, used: int, limit: int, relayed: int) -> None:
    """Charge the gas that was used; what is left of the limit goes back to the relayer first (maybeRefundGiven)."""
    refund = (limit - used) * price
    by_relayer = relayed - min(relayed, refund)
    by_sender = used * price - by_relayer
    context.move(context.payer, -by_relayer)
    context.move(sender.number, -by_sender)
    context.move(COLLECTION_ACCOUNT, used * price)
    context.fee += used * price
