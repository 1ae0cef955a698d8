"""`/api/v1/network/fees`: the price of gas, and fee estimates.

MN:rest-java, NetworkController.java and FeeEstimationService.java; errors by its NetworkControllerTest.java.
"""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from localnet.clock import Clock, format_timestamp
from localnet.mirror.fee_estimate import Extra, NotATransactionError, estimate_fee
from localnet.mirror.rest.errors import ApiError, java_error
from localnet.mirror.rest.filters import parse_number
from localnet.mirror.rest.java_parameters import check_timestamps, unreadable, word
from localnet.mirror.store import MirrorStore
from localnet.state.fees import NETWORK_MULTIPLIER, ExchangeRate, gas_price

MAX_THROTTLE: Final = 10_000
"""Utilisation of a throttle is told in hundredths of a percent."""

_TYPES: Final = ("ContractCall", "ContractCreate", "EthereumTransaction")
_BODIES: Final = ("application/protobuf", "application/x-protobuf")
_MODES: Final = ("INTRINSIC", "STATE")


class FeePages:
    """The handlers of the fee paths."""

    def __init__(self, rate: ExchangeRate, clock: Clock, store: MirrorStore) -> None:
        self._rate = rate
        self._store = store
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """What to serve where."""
        return [web.get("/api/v1/network/fees", self.fees), web.post("/api/v1/network/fees", self.estimate)]

    async def fees(self, request: web.Request) -> web.Response:
        """The price of gas in tinybars for each type of transaction that uses some; only contracts do."""
        check_timestamps(request)
        types = sorted(_TYPES, reverse=word(request, "order", ("asc", "desc")) == "desc")
        fees = [{"gas": gas_price(self._rate), "transaction_type": name} for name in types]
        return web.json_response({"fees": fees, "timestamp": format_timestamp(self._clock.now_ns())})

    async def estimate(self, request: web.Request) -> web.Response:
        """The fee of the transaction in the body, in tinycents.

        By mode STATE a message on a topic with custom fees is estimated with what the network takes more for it, as
        far as the mirror knows the topic. Payments to the collectors are not fees of the network, and not included.
        """
        mode = word(request, "mode", _MODES)
        throttle = parse_number(request.query.get("high_volume_throttle") or "0")
        if throttle is None:
            raise unreadable("high_volume_throttle")
        if throttle > MAX_THROTTLE:
            raise ApiError(400, f"highVolumeThrottle must be less than or equal to {MAX_THROTTLE}")
        if request.content_type not in _BODIES:
            raise java_error(415, f"Content-Type '{request.content_type}' is not supported")
        raw = await request.read()
        if not raw:
            raise java_error(400, "Failed to read request")
        try:
            estimate = estimate_fee(raw, self._has_custom_fees) if mode == "STATE" else estimate_fee(raw)
        except NotATransactionError as error:
            raise java_error(400, str(error)) from error
        return web.json_response(
            {
                # High-volume transactions (HIP-1313) have no separate throttles here, and so no higher price.
                "high_volume_multiplier": 1,
                "network": {"multiplier": NETWORK_MULTIPLIER, "subtotal": estimate.network},
                "node": {"base": estimate.node_base, "extras": [_extra(item) for item in estimate.node_extras]},
                "notes": [],
                "service": {
                    "base": estimate.service_base,
                    "extras": [_extra(item) for item in estimate.service_extras],
                },
                "total": estimate.total,
            }
        )

    def _has_custom_fees(self, topic: int) -> bool:
        known = self._store.topics.get(topic)
        return known is not None and bool(known.topic.custom_fees)


def _extra(item: Extra) -> dict[str, Any]:
    return {
        "charged": item.charged,
        "count": item.count,
        "fee_per_unit": item.fee_per_unit,
        "included": item.included,
        "name": item.name,
        "subtotal": item.subtotal,
    }
