"""What a run needs on the network before its first user starts: its topics."""

from __future__ import annotations

from locust.env import Environment

from config.networks import Network
from config.settings import RunSettings
from hedera_client import HederaClient, Operator
from hedera_client.greenlets import prepare_process
from hedera_users.guards import make_guard
from hedera_users.hedera_service import HederaService
from hedera_users.ledger import Ledger
from hedera_users.operation import Operation
from resilience import GuardStats

SETUP_LANE = 999
"""Lane of transaction ids that no worker uses."""

PURPOSES = ("events", "models")


def create_topics(network: Network, operator: Operator, run_id: str, settings: RunSettings) -> dict[str, str]:
    """Create the run's topics, which only the operator may write to, and return their ids by purpose.

    It goes the way of every operation, but nobody counts it: it is no part of the load.

    Raises:
        HederaError: the network refused, or could not be reached in the configured attempts.
        Rejected: its circuit opened on the way.
    """
    prepare_process(len(PURPOSES))
    client = HederaClient(network, operator, lane=SETUP_LANE, rpc_timeout=settings.rpc_timeout)
    guard = make_guard("setup", settings, GuardStats())
    service = HederaService(client, guard, guard, {}, settings)
    uncounted = Operation(Environment(), Ledger(), "setup")
    try:
        return {purpose: service.create_topic(uncounted, f"hedera-load {run_id} {purpose}") for purpose in PURPOSES}
    finally:
        client.close()
