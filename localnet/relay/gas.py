"""The price of gas."""

from __future__ import annotations

from localnet.mirror import gas
from localnet.relay.chain import WEIBARS, Chain


def gas_price(chain: Chain) -> str:
    """Weibars of one unit of gas, from the mirror's price list."""
    return hex(gas.gas_price(chain.rate) * WEIBARS)
