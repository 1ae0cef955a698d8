"""The throttle buckets of the public networks; each node has an equal share of them."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from localnet.throttles.bucket import Bucket, Group

# In no bucket of the profiles, and so always refused: CryptoGetAccountBalance, which testnet throttles to zero since
# August and mainnet since September 2026 (docs.hedera.com, get-balance).
PROFILES: Final = ("mainnet", "testnet", "off")
LAST_EXEMPT_PAYER: Final = 100
"""Accounts up to this number are not throttled (`accounts.lastThrottleExempt`, AccountsConfig.java)."""


class ThrottleError(ValueError):
    """A file of throttles is invalid; the message is one line."""


@dataclass(frozen=True, slots=True)
class BucketDefinition:
    """One bucket as system file 0.0.123 defines it."""

    name: str
    burst_ms: int
    groups: tuple[Group, ...]


def load_throttles(profile: str) -> tuple[BucketDefinition, ...] | None:
    """Read a profile of PROFILES, a JSON file in the shape of theirs, or single rates; None where nothing is throttled.

    Single rates, such as `ConsensusSubmitMessage=50,FileCreate=2,burst=3`, are mainnet's throttles and besides a bucket
    of its own for each operation that is named, with its rate per second and a burst in seconds (1, where none is
    given).

    Raises:
        ThrottleError: the file cannot be read or does not have that shape, or a rate is wrong.
    """
    if profile == "off":
        return None
    if "=" in profile:
        return _with_rates(profile)
    path = Path(__file__).with_name(f"{profile}.json") if profile in PROFILES else Path(profile)
    try:
        data = json.loads(path.read_text())
        return tuple(_definition(bucket) for bucket in data["buckets"])
    except OSError as error:
        raise ThrottleError(
            f"--throttles {profile!r}: {error.strerror}; choose {', '.join(PROFILES)} or a JSON file"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ThrottleError(
            f"--throttles {profile!r}: not in the shape of localnet/throttles/mainnet.json "
            f"({type(error).__name__}: {error})"
        ) from error


def _with_rates(text: str) -> tuple[BucketDefinition, ...]:
    """Mainnet's throttles, and a bucket for each of `OPERATION=RATE,...`."""
    mainnet = load_throttles("mainnet") or ()
    known = {name for bucket in mainnet for group in bucket.groups for name in group.operations}
    rates: dict[str, float] = {}
    for piece in text.split(","):
        name, _, number = piece.partition("=")
        try:
            rates[name] = float(number)
        except ValueError:
            rates[name] = math.nan
        if name not in known | {"burst"} or not 0.001 <= rates[name] <= 1_000_000:
            raise ThrottleError(
                f"--throttles {text!r}: {piece!r} is no operation with a rate per second; such as "
                "ConsensusSubmitMessage=50, and burst=SECONDS; the operations are those of "
                "localnet/throttles/mainnet.json"
            )
    burst_ms = round(1_000 * rates.pop("burst", 1.0))
    return mainnet + tuple(
        BucketDefinition(f"{name}Limit", burst_ms, (Group(round(1_000 * rate), (name,)),))
        for name, rate in rates.items()
    )


def _definition(data: dict[str, Any]) -> BucketDefinition:
    groups = tuple(
        Group(int(group.get("milliOpsPerSec", group.get("opsPerSec", 0) * 1_000)), tuple(group["operations"]))
        for group in data["throttleGroups"]
    )
    burst_ms = int(data["burstPeriodMs"])
    if not groups or burst_ms <= 0 or any(group.milli_ops_per_s <= 0 for group in groups):
        raise ValueError(f"bucket {data['name']!r} needs groups, and rates and a burst period above 0")
    return BucketDefinition(str(data["name"]), burst_ms, groups)


class Throttle:
    """The share of one node.

    Args:
        definitions: The network's buckets; None lets everything through.
        nodes: Nodes among which they are split.
    """

    def __init__(self, definitions: tuple[BucketDefinition, ...] | None, nodes: int) -> None:
        self._off = definitions is None
        buckets = [Bucket(each.name, each.groups, each.burst_ms, nodes) for each in definitions or ()]
        self._costs: dict[str, tuple[tuple[Bucket, int], ...]] = {}
        for operation in {name for bucket in buckets for name in bucket.costs}:
            costs = ((bucket, bucket.cost(operation)) for bucket in buckets)
            self._costs[operation] = tuple((bucket, cost) for bucket, cost in costs if cost)

    def take(self, operation: str, payer: int, now_ns: int, count: int = 1) -> bool:
        """Take capacity for so many of an operation in all of its buckets, or in none.

        Args:
            operation: E.g. `ConsensusSubmitMessage`. One that is in no bucket is always refused.
            payer: Account number of the payer; 0 without one.
            now_ns: Time in nanoseconds; must not go back.
            count: How many; all fit, or none is taken.

        Returns:
            Whether they fit.
        """
        if self._off or 0 < payer <= LAST_EXEMPT_PAYER:
            return True
        costs = self._costs.get(operation, ())
        if not costs or not all(bucket.fits(cost * count, now_ns) for bucket, cost in costs):
            return False
        for bucket, cost in costs:
            bucket.take(cost * count)
        return True

    def give_back(self, operation: str, payer: int, count: int = 1) -> None:
        """Give back the capacity of a request that was refused later."""
        if self._off or 0 < payer <= LAST_EXEMPT_PAYER:
            return
        for bucket, cost in self._costs.get(operation, ()):
            bucket.give_back(cost * count)
