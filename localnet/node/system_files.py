"""The system files, from which clients read the network's own configuration.

| file | holds |
|---|---|
| 0.0.101, 0.0.102 | the address book (`NodeAddressBook`) |
| 0.0.111 | the fee schedule of old (`CurrentAndNextFeeSchedule`): base prices only, because it knows no others |
| 0.0.112 | the exchange rate (`ExchangeRateSet`) |
| 0.0.113 | the simple fee schedule, JSON in the shape of simpleFeesSchedules.json (release 0.78, hiero-ledger/solo) |
| 0.0.123 | the throttles (`ThrottleDefinitions`); none where nothing is throttled |

Prices and throttles come from the code that charges and throttles, so the files always agree with it.
"""

from __future__ import annotations

import json
from typing import Any, Final

from localnet import pb
from localnet.mirror.fee_estimate import base_price
from localnet.queries import QUERIES
from localnet.queries.record import RECORD
from localnet.state.fees import (
    INCLUDED_TRANSACTION_BYTES,
    KEY,
    NETWORK_MULTIPLIER,
    NODE_BASE,
    QUERY_BASE,
    SIGNATURE,
    TRANSACTION_BYTE,
)
from localnet.throttles import BucketDefinition
from localnet.transactions import HANDLERS
from localnet.transactions.handler import TransactionHandler

FEES_FILE: Final = 111
SIMPLE_FEES_FILE: Final = 113
THROTTLES_FILE: Final = 123

_FRACTION: Final = 1_000  # the schedule of old counts in thousandths of a tinycent
_NEVER_S: Final = 4_102_444_800
_SERVICES: Final = ("Crypto", "Consensus", "File")
_RENAMED: Final = {"TokenAssociate": "TokenAssociateToAccount"}  # throttles.json has a name that the enum has not


def simple_fees() -> bytes:
    """The contents of 0.0.113."""
    prices = {"SIGNATURES": SIGNATURE, "PROCESSING_BYTES": TRANSACTION_BYTE, "KEYS": KEY, "RECORDS": RECORD}
    services: dict[str, list[dict[str, Any]]] = {name: [] for name in _SERVICES}
    for handler in HANDLERS.values():
        base, extras = base_price(handler)
        prices |= {extra.name: extra.fee_per_unit for extra in extras}
        listed = [{"name": extra.name, "includedCount": extra.included} for extra in extras]
        _service_of(handler.functionality, services).append(
            {"name": handler.functionality, "baseFee": base, "extras": listed}
        )
    for query in QUERIES.values():
        group = _service_of(query.functionality, services)
        if query.paid:
            group.append({"name": query.functionality, "baseFee": QUERY_BASE, "extras": []})
        else:
            group.append({"name": query.functionality, "baseFee": 0, "extras": [], "free": True})
    schedule = {
        "node": {
            "baseFee": NODE_BASE,
            "extras": [
                {"name": "PROCESSING_BYTES", "includedCount": INCLUDED_TRANSACTION_BYTES},
                {"name": "SIGNATURES", "includedCount": 1},
            ],
        },
        "network": {"multiplier": NETWORK_MULTIPLIER},
        "extras": [{"name": name, "fee": fee} for name, fee in sorted(prices.items())],
        "services": [{"name": name, "schedule": group} for name, group in services.items()],
    }
    return json.dumps(schedule, indent=2).encode()


def fees_of_old() -> bytes:
    """The contents of 0.0.111."""
    schedule = pb.FeeSchedule(expiryTime=pb.TimestampSeconds(seconds=_NEVER_S))
    for handler in HANDLERS.values():
        schedule.transactionFeeSchedule.append(_fee_of_old(handler))
    return bytes(
        pb.CurrentAndNextFeeSchedule(currentFeeSchedule=schedule, nextFeeSchedule=schedule).SerializeToString()
    )


def throttles(definitions: tuple[BucketDefinition, ...] | None) -> bytes:
    """The contents of 0.0.123."""
    made = pb.ThrottleDefinitions()
    for definition in definitions or ():
        bucket = made.throttleBuckets.add(name=definition.name, burstPeriodMs=definition.burst_ms)
        for group in definition.groups:
            names = [_RENAMED.get(name, name) for name in group.operations]
            known = [name for name in names if name in pb.HederaFunctionality.keys()]  # noqa: SIM118 (no mapping)
            bucket.throttleGroups.add(operations=known, milliOpsPerSec=group.milli_ops_per_s)
    return bytes(made.SerializeToString())


def _service_of(functionality: str, services: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The group that a functionality is listed in; one that belongs to no service is a group by itself."""
    for name, group in services.items():
        if functionality.startswith(name):
            return group
    return services.setdefault("Other", [])


def _fee_of_old(handler: TransactionHandler) -> Any:
    base, _ = base_price(handler)
    data = pb.FeeData(
        nodedata=pb.FeeComponents(constant=NODE_BASE * _FRACTION),
        networkdata=pb.FeeComponents(constant=NODE_BASE * NETWORK_MULTIPLIER * _FRACTION),
        servicedata=pb.FeeComponents(constant=base * _FRACTION),
    )
    number = pb.HederaFunctionality.Value(handler.functionality)
    return pb.TransactionFeeSchedule(hederaFunctionality=number, fees=[data])
