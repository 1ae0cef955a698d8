"""The price of gas, and how much of it a transfer takes (FeeService.ts, and the mirror's estimate)."""

from __future__ import annotations

from typing import Any, Final

from localnet.protocol.ethereum import WEIBARS, intrinsic_gas
from localnet.relay import errors
from localnet.relay.chain import Chain
from localnet.relay.parameters import LATEST
from localnet.state import fees
from localnet.transactions.ethereum import creation_gas

MAX_HISTORY: Final = 10
"""Blocks of a fee history at most (`FEE_HISTORY_MAX_RESULTS`)."""
MAX_PERCENTILES: Final = 100
_RATIO: Final = 0.5
"""`gasUsedRatio` of every block, where the history is fixed (`ETH_FEE_HISTORY_FIXED`, the default)."""


def gas_price(chain: Chain) -> str:
    """Weibars of one unit of gas, from the mirror's price list."""
    return hex(fees.gas_price(chain.rate) * WEIBARS)


def fee_history(chain: Chain, count: str, newest: str, percentiles: list[Any] | None = None) -> dict[str, Any]:
    """The same price for each block, and for the one after.

    Raises:
        RpcError: the newest block is not there yet (-32000), or there are too many percentiles (-32602).
    """
    if percentiles and len(percentiles) > MAX_PERCENTILES:
        told = f"size {len(percentiles)} is greater than the maximum allowed size {MAX_PERCENTILES}"
        raise errors.invalid_parameter(2, f"Reward percentiles {told}")
    latest = chain.blocks.latest().number
    last = latest if newest in LATEST else 0 if newest == "earliest" else int(newest, 16)
    if last > latest:
        raise errors.beyond_head(last, latest)
    blocks = min(int(count, 16) if len(count) > len("0x") else 0, MAX_HISTORY)
    if blocks <= 0:
        return {"gasUsedRatio": None, "oldestBlock": "0x0"}
    oldest = last - blocks + 1
    if oldest <= 0:
        blocks, oldest = 1, 1
    history: dict[str, Any] = {
        "baseFeePerGas": [gas_price(chain)] * (blocks + 1),
        "gasUsedRatio": [_RATIO] * blocks,
        "oldestBlock": hex(oldest),
    }
    if percentiles:
        history["reward"] = [["0x0"] * len(percentiles)] * blocks
    return history


def estimate_gas(chain: Chain, call: dict[str, Any], block: str = "latest") -> str:  # noqa: ARG001 (the protocol's)
    """Gas of a transfer: its data's, and that of an account that has to be made for it.

    Raises:
        RpcError: it would need an EVM (-32610): it makes a contract.
    """
    to = call.get("to")
    if not to:
        raise errors.needs_evm("Contracts cannot be created here.")
    gas = intrinsic_gas(_data(call))
    if int(call.get("value") or "0x0", 16) and chain.account(bytes.fromhex(to[2:])) is None:
        gas += creation_gas(chain.rate)
    return hex(gas)


def _data(call: dict[str, Any]) -> bytes:
    """What a contract would be called with; `input` counts before `data` (ContractService.contractCallFormat)."""
    text = str(call.get("input") or call.get("data") or "0x")[2:]
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise errors.invalid_parameter(0, "Expected 0x prefixed hexadecimal value with even length") from error
