"""What a run's transactions cost and how much is offered for them."""

from __future__ import annotations

from locust import User

from collections.abc import Iterable, Mapping
from typing import Final

from config.settings import RunSettings
from hedera_client import Body, Operator, bodies, prices
from hedera_client.client import MAX_QUERY_PAYMENT
from hedera_client.prices import HBAR, LOWEST_RATE, FeeCaps

_A_TOPIC: Final = "creating a topic"


def fee_caps(settings: RunSettings, rate: tuple[int, int] | None) -> FeeCaps:
    """How much a run offers.

    Args:
        settings: With the bound.
        rate: Hbars and the cents that they are worth; None where it is not known.
    """
    return FeeCaps(*(rate or LOWEST_RATE), most=max_fee(settings))


def max_fee(settings: RunSettings) -> int:
    """Tinybars of `--max-fee`; 0 for no bound."""
    return round(settings.max_fee * HBAR)


def max_query_payment(settings: RunSettings, caps: FeeCaps) -> int:
    """Tinybars that one query may cost at most: reading a model back is the dearest."""
    return max(MAX_QUERY_PAYMENT, caps.of(prices.file_contents(settings.model_bytes)))


def dearest_bodies(user_classes: Iterable[type[User]], settings: RunSettings, operator: Operator) -> Mapping[str, Body]:
    """The dearest transaction of each kind that a run of these user classes sends, by what it does."""
    key = operator.public_key
    found = {_A_TOPIC: bodies.create_topic(memo="x" * 100, admin_key=key, submit_key=key)}
    looked_at = {name for one in user_classes for name in getattr(one, "looks_at", None) or ()}
    if "message_bytes" in looked_at:
        size = min(settings.message_bytes, bodies.MESSAGE_LIMIT_BYTES)
        found[f"a message of {size:,} bytes"] = bodies.submit_message("0.0.1", bytes(size))
    if "chunk_bytes" in looked_at:
        size = min(settings.model_bytes, settings.chunk_bytes)
        found[f"storing {size:,} bytes of a file"] = bodies.create_file(bytes(size), keys=[key])
    return found


def price_of_beginning(found: Mapping[str, Body], topics: int) -> int:
    """Tinycents of what a run pays before its first operation, by its `dearest_bodies`, for so many topics."""
    return topics * found[_A_TOPIC].price
