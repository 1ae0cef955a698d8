"""What the relay refuses before it sends a transaction on (precheck.ts), in its order; and what only this one refuses.

Without contracts there is nothing to create, and nothing that EIP-7702 could point at: both are refused as unsupported.
"""

from __future__ import annotations

from typing import Final

from localnet.protocol.ethereum import (
    BLOB,
    CHAIN_ID,
    SET_CODE,
    WEIBARS,
    EthereumTransaction,
    UnreadableError,
    keccak_256,
    read_ethereum,
    type_of,
)
from localnet.relay import errors
from localnet.relay.chain import Chain
from localnet.state.fees import gas_price

MAX_DATA_BYTES: Final = 131_072
"""`CALL_DATA_SIZE_LIMIT`."""
MAX_BYTES: Final = 133_120
"""`SEND_RAW_TRANSACTION_SIZE_LIMIT`."""
MAX_GAS: Final = 15_000_000
"""`MAX_TRANSACTION_GAS_LIMIT`."""
GAS_PRICE_BUFFER: Final = 10_000_000_000
"""Weibars by which an offered gas price may be too low: the network decides then (`GAS_PRICE_TINY_BAR_BUFFER`)."""


def read_and_check(raw: bytes) -> EthereumTransaction:
    """Read a transaction and check what needs no state (validateBasicPropertiesStateless).

    Raises:
        RpcError: it cannot be read, is too large, of a type or for something that is not carried out, has too much or
            too little gas, or is for another chain; or its value is less than a tinybar.
    """
    transaction = _read(raw)
    if len(transaction.data) > MAX_DATA_BYTES:
        raise errors.data_too_large(len(transaction.data), MAX_DATA_BYTES)
    if len(raw) > MAX_BYTES:
        raise errors.transaction_too_large(len(raw), MAX_BYTES)
    if not transaction.to:
        raise errors.needs_evm("Contracts cannot be created here.")
    if transaction.gas_limit > MAX_GAS:
        raise errors.gas_limit_too_high(transaction.gas_limit, MAX_GAS)
    if transaction.gas_limit < transaction.intrinsic_gas:
        raise errors.gas_limit_too_low(transaction.gas_limit, transaction.intrinsic_gas)
    if transaction.chain_id not in (None, CHAIN_ID):
        raise errors.unsupported_chain(hex(transaction.chain_id or 0), hex(CHAIN_ID))
    if 0 < transaction.value < WEIBARS:
        raise errors.value_too_low()
    return transaction


def _read(raw: bytes) -> EthereumTransaction:
    try:
        kind = type_of(raw)
        if kind == BLOB:
            raise errors.unsupported_blobs()
        if kind == SET_CODE:
            raise errors.needs_evm("There are no contracts here to delegate to.")
        return read_ethereum(raw)
    except UnreadableError as error:
        raise errors.invalid_arguments(str(error)) from error


def check_nonce(chain: Chain, transaction: EthereumTransaction) -> None:
    """Check that its nonce was not used, nor is on its way (TransactionService.admitTransaction).

    Raises:
        RpcError: it was, or is (-32000).
    """
    current = next_nonce(chain, transaction.sender, with_pending=True)
    if current > transaction.nonce:
        raise errors.nonce_too_low(transaction.nonce, current)


def next_nonce(chain: Chain, address: bytes, *, with_pending: bool) -> int:
    """The next nonce of an address as the mirror shows it, or after what is on its way; 0 of one without account."""
    account = chain.account(address)
    confirmed = 0 if account is None else account.ethereum_nonce
    return confirmed + (chain.pool.pending(address, confirmed) if with_pending else 0)


def check_account(chain: Chain, transaction: EthereumTransaction) -> None:
    """Check the rest, against the mirror (TransactionService.prepareExecution).

    Raises:
        RpcError: there is no such account (-32001), it has too little, the gas price is too low (-32009), there is an
            access list (-32601), or the recipient has to sign what it receives.
    """
    account = chain.account(transaction.sender)
    if account is None:
        raise errors.not_found(f"address '{checksummed(transaction.sender)}'.")
    offered = transaction.max_fee or transaction.priority_fee
    if account.balance * WEIBARS < transaction.value + offered * transaction.gas_limit:
        raise errors.insufficient_balance()
    price = gas_price(chain.rate) * WEIBARS
    if offered + GAS_PRICE_BUFFER < price:
        raise errors.gas_price_too_low(offered, price)
    if transaction.access_list:
        raise errors.not_yet_implemented()
    recipient = chain.account(transaction.to)
    if recipient is not None and recipient.receiver_signature_required:
        raise errors.receiver_signature()


def checksummed(address: bytes) -> str:
    """An address with the capitals of EIP-55."""
    digits = address.hex()
    marks = keccak_256(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if int(mark, 16) >= 8 else digit for digit, mark in zip(digits, marks, strict=False)
    )
