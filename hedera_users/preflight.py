"""Checks of the network before a run begins and anything is paid; the same as `python -m hedera_client check`.

Folders, ports and code, which concern this machine alone, are checked by `local_checks`.
"""

from __future__ import annotations

from locust import User

import logging
import os
from collections.abc import Iterable
from typing import Final

from config.levels import MIRROR
from config.networks import Network
from config.parsing import SettingsError
from config.proxies import nodes_are_called_directly
from config.settings import RunSettings
from hedera_client import Operator
from hedera_client.credentials import of_other_type
from hedera_client.findings import judge
from hedera_client.greenlets import prepare_process
from hedera_client.health import Rate, Wants, examine
from hedera_users.fees import dearest_bodies, max_fee, price_of_beginning
from hedera_users.setup import purposes_of

logger = logging.getLogger(__name__)

LONGEST_CALL_S: Final = 5.0
"""Seconds that one call may take at most, whatever `--rpc-timeout` says: a run should not begin with a long silence."""

AT_ONCE: Final = 64
"""Checks at a time: all addresses of mainnet's nodes, so that those behind a firewall cost one time-out together."""


def look(
    network: Network, operator: Operator, settings: RunSettings, user_classes: Iterable[type[User]]
) -> tuple[int, int] | None:
    """Look at everything that a run needs of its network, side by side; returns the exchange rate.

    Of the embedded network, which this process has just started, only the fees are looked at.

    Args:
        network: With the nodes that will be called.
        operator: Who pays.
        settings: The run's.
        user_classes: Of the run.

    Raises:
        SettingsError: the run must not begin; with one line per fault.
    """
    classes = list(user_classes)
    foreign = settings.network != "localnet"
    priced = dearest_bodies(classes, settings, operator)
    wants = Wants(
        nodes=foreign,
        stream=foreign and MIRROR in settings.confirm,
        relay=foreign and any(getattr(one, "needs_relay", False) for one in classes),
        account=foreign,
        bodies=priced,
        begins_with=price_of_beginning(priced, len(purposes_of(settings))),
        max_fee=max_fee(settings),
        other_type=of_other_type(os.environ, operator) if foreign else None,
        transport=settings.transport,
    )
    if wants.stream or settings.transport == "grpc":
        prepare_process(len(network.nodes))
    rate = Rate()
    timeout = min(settings.rpc_timeout, LONGEST_CALL_S)
    judged = judge(list(examine(network, operator, wants, timeout=timeout, at_once=AT_ONCE, rate=rate)))
    if judged.faults:
        raise SettingsError([f"--network {settings.network!r}: {line}" for line in judged.faults])
    directly = nodes_are_called_directly(os.environ, network.nodes)
    for line in [*judged.warnings, *([directly] if directly else [])]:
        logger.warning(line)
    return rate.value
