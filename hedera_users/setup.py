"""Creates what a run needs on the network before its first user starts: its topics."""

from __future__ import annotations

from locust.env import Environment

from typing import Final

import gevent

from config.networks import Network
from config.settings import RunSettings
from hedera_client import HederaClient, HederaError, Operator
from hedera_client.greenlets import prepare_process
from hedera_client.prices import WITHOUT_RATE, FeeCaps
from hedera_users.background import Background
from hedera_users.guards import Place, make_guards
from hedera_users.hedera_service import HederaService
from hedera_users.operation import uncounted
from resilience import GuardStats, RejectedError

SETUP_LANE = 999
"""Lane of transaction ids that no worker uses."""

PURPOSES: Final = ("events", "models")
"""Topics that only the operator may write to."""

APPLICATION: Final = "application"
"""Topic of the user's own application, which pays and signs with an account of its own: anybody may write to it."""

_NO_WAITING: Final = {"queue": 0, "breaker_storage": "", "rate_limit": "off", "concurrency": "off"}
"""With a circuit open, waiting in a queue would only hide that the network cannot be reached."""


def purposes_of(settings: RunSettings) -> tuple[str, ...]:
    """What a run needs topics for."""
    return (*PURPOSES, APPLICATION) if settings.with_hedera else PURPOSES


def create_topics(
    network: Network, operator: Operator, run_id: str, settings: RunSettings, caps: FeeCaps = WITHOUT_RATE
) -> dict[str, str]:
    """Create the run's topics, and return their ids by purpose.

    It is done like every operation, but not counted: it is not part of the load.

    Raises:
        HederaError: the network refused, or could not be reached in the configured attempts.
        RejectedError: its circuit opened on the way.
    """
    purposes = purposes_of(settings)
    prepare_process(len(purposes))
    client = HederaClient(
        network, operator, lane=SETUP_LANE, rpc_timeout=settings.rpc_timeout, transport=settings.transport, caps=caps
    )
    guards = make_guards(settings.model_copy(update=_NO_WAITING), client.nodes, GuardStats(), Place())
    service = HederaService(client, guards, None, Background(Environment(), "setup", 0), settings)

    def make(purpose: str) -> str | HederaError | RejectedError:
        try:
            memo = f"hedera-load {run_id} {purpose}"
            return service.create_topic(uncounted("setup"), memo, anybody=purpose == APPLICATION)
        except (HederaError, RejectedError) as error:
            return error  # gevent prints a traceback for what leaves a greenlet

    try:
        making = {purpose: gevent.spawn(make, purpose) for purpose in purposes}
        gevent.joinall(making.values(), raise_error=True)
    finally:
        client.close()
    for one in making.values():
        if isinstance(one.value, Exception):
            raise one.value
    return {purpose: one.value for purpose, one in making.items()}
