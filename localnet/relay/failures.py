"""Injected faults of the relay: `relay-limit` and `relay-error`."""

from __future__ import annotations

from http import HTTPStatus

from localnet.faults import FaultEngine
from localnet.relay.errors import rate_limited

_PHRASES = {status.value: status.phrase for status in HTTPStatus}


class GatewayError(Exception):
    """The HTTP request fails as a whole, whatever it asked for, with this status and no JSON."""

    def __init__(self, status: int) -> None:
        super().__init__(_PHRASES.get(status, "Server Error"))
        self.status = status


def strike(faults: FaultEngine, method: str) -> None:
    """Apply the active faults to this call.

    Raises:
        RpcError: a fault says that the limit is exceeded (-32605, HTTP 429).
        GatewayError: a fault says that the relay answers with an HTTP error.
    """
    fault = faults.hit(faults.at_relay, "", method)
    if fault is None:
        return
    if fault.spec.kind == "relay-limit":
        raise rate_limited(method)
    raise GatewayError(fault.spec.code)
