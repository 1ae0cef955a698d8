"""eth_getLogs: there are no contracts here, so no logs; but a filter is checked as the relay does it.

objectTypes.ts and types.ts of its validators, and CommonService.validateBlockRangeAndAddTimestampToParams.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from localnet.relay import errors
from localnet.relay.chain import Chain
from localnet.relay.parameters import ADDRESS, BLOCK_HASH, BLOCK_NUMBER, LATEST, TOPIC

MAX_RANGE: Final = 1_000
"""Blocks, unless one address is named (`ETH_GET_LOGS_BLOCK_RANGE_LIMIT`)."""

Check = Callable[[Any], bool]


def get_logs(chain: Chain, wanted: dict[str, Any]) -> list[Any]:
    """The logs that a filter selects: none.

    Raises:
        RpcError: the filter is not one (-32602), or its blocks are too many or in the wrong order.
    """
    _check_form(wanted)
    if "blockHash" not in wanted:
        _check_range(chain, wanted)
    return []


def _is_address_filter(value: Any) -> bool:
    addresses = value if isinstance(value, list) else [value]
    return all(ADDRESS.matches(one) for one in addresses)


def _is_topics(value: Any) -> bool:
    return isinstance(value, list) and all(
        one is None or TOPIC.matches(one) or (isinstance(one, list) and all(map(TOPIC.matches, one))) for one in value
    )


_FORMS: Final[dict[str, tuple[Check, str]]] = {
    "blockHash": (BLOCK_HASH.matches, BLOCK_HASH.error),
    "fromBlock": (BLOCK_NUMBER.matches, BLOCK_NUMBER.error),
    "toBlock": (BLOCK_NUMBER.matches, BLOCK_NUMBER.error),
    "address": (
        _is_address_filter,
        "Expected 0x prefixed string representing the address (20 bytes) or an array of addresses",
    ),
    "topics": (_is_topics, "Expected an array or array of arrays containing 0x prefixed string representing the hash "
               "(32 bytes) of a topic"),
}  # fmt: skip


def _check_form(wanted: dict[str, Any]) -> None:
    for name in wanted:
        if name not in _FORMS:
            raise errors.invalid_parameter(f"'{name}' for FilterObject", "Unknown parameter")
    for name, value in wanted.items():
        matches, error = _FORMS[name]
        if not matches(value):
            text = value if isinstance(value, str) else json.dumps(value)
            raise errors.invalid_parameter(f"'{name}' for FilterObject", f"{error}, value: {text}")
    if "blockHash" in wanted and ("fromBlock" in wanted or "toBlock" in wanted):
        raise errors.invalid_parameter(0, "Can't use both blockHash and toBlock/fromBlock")


def _check_range(chain: Chain, wanted: dict[str, Any]) -> None:
    last, first = wanted.get("toBlock", "latest"), wanted.get("fromBlock")
    latest = chain.blocks.latest().number
    if last not in LATEST and _number(last, latest) != latest and not first:
        raise errors.missing_from_block()
    low, high = _number(first or "latest", latest), _number(last, latest)
    if chain.blocks.by_number(low) is None or chain.blocks.by_number(high) is None:
        return  # blocks that are not there have no logs
    if low > high:
        raise errors.invalid_block_range()
    address = wanted.get("address")
    alone = isinstance(address, str) or (isinstance(address, list) and len(address) == 1)
    if not alone and high - low > MAX_RANGE:
        raise errors.range_too_large(MAX_RANGE)


def _number(which: str, latest: int) -> int:
    if which in LATEST:
        return latest
    return 0 if which == "earliest" else int(which, 16)
