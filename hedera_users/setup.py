"""Creates what a run needs on the network before its first user starts, and deletes it afterwards: its topics."""

from __future__ import annotations

from locust.env import Environment

from collections.abc import Callable, Collection
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
    network: Network,
    operator: Operator,
    run_id: str,
    settings: RunSettings,
    caps: FeeCaps = WITHOUT_RATE,
    have: Collection[str] = (),
) -> dict[str, str]:
    """Create the run's topics, and return their ids by purpose.

    It is done like every operation, but not counted: it is not part of the load.

    Args:
        network: Where.
        operator: Who pays, and may write to them and delete them.
        run_id: The run; its topics' memos name it.
        settings: The run's.
        caps: What is offered for a transaction at most.
        have: Purposes for which there is a topic already.

    Raises:
        HederaError: the network refused, or could not be reached in the configured attempts.
        RejectedError: its circuit opened on the way.
    """
    purposes = [purpose for purpose in purposes_of(settings) if purpose not in have]

    def make(service: HederaService, purpose: str) -> str:
        memo = f"hedera-load {run_id} {purpose}"
        return service.create_topic(uncounted("setup"), memo, anybody=purpose == APPLICATION)

    made = _for_each(purposes, make, network, operator, settings, caps)
    for one in made.values():
        if isinstance(one, Exception):
            raise one
    return {purpose: str(topic) for purpose, topic in made.items()}


def delete_topics(
    network: Network, operator: Operator, settings: RunSettings, topics: Collection[str], caps: FeeCaps = WITHOUT_RATE
) -> dict[str, str]:
    """Delete topics, and return why some were not, in one line each, by their ids."""

    def delete(service: HederaService, topic: str) -> str:
        service.delete_topic(uncounted("cleanup"), topic)
        return topic

    done = _for_each(topics, delete, network, operator, settings, caps)
    return {topic: str(one) for topic, one in done.items() if isinstance(one, Exception)}


def _for_each(
    items: Collection[str],
    do: Callable[[HederaService, str], str],
    network: Network,
    operator: Operator,
    settings: RunSettings,
    caps: FeeCaps,
) -> dict[str, str | HederaError | RejectedError]:
    """What came of each, all at once, with a client of their own."""
    prepare_process(len(items))
    client = HederaClient(
        network, operator, lane=SETUP_LANE, rpc_timeout=settings.rpc_timeout, transport=settings.transport, caps=caps
    )
    guards = make_guards(settings.model_copy(update=_NO_WAITING), client.nodes, GuardStats(), Place())
    service = HederaService(client, guards, None, Background(Environment(), "setup", 0), settings)

    def attempt(item: str) -> str | HederaError | RejectedError:
        try:
            return do(service, item)
        except (HederaError, RejectedError) as error:
            return error  # gevent prints a traceback for what leaves a greenlet

    try:
        doing = {item: gevent.spawn(attempt, item) for item in items}
        gevent.joinall(doing.values(), raise_error=True)
    finally:
        client.close()
    return {item: one.value for item, one in doing.items()}
