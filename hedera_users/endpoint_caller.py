"""A user that calls each endpoint of the network in turn, each time over a connection of its own."""

from __future__ import annotations

from locust import task

import itertools

from hedera_client import Fate, HederaError
from hedera_client.findings import UnhealthyError
from hedera_client.health import Endpoint, endpoints
from hedera_users.base import HederaUser

CONNECT = "connect"


def operation_name(endpoint: Endpoint) -> str:
    """What a call of it is called in the report: `connect.node 0.0.3`, `connect.mirror-rest`."""
    return f"{CONNECT}.{endpoint.kind} {endpoint.name}".rstrip()


class EndpointCaller(HederaUser):
    """Calls every address of every node, the mirror's REST and gRPC, and the relay, one after another; pays nothing.

    A node is asked as `python -m hedera_client check` does it. There is no retry: an attempt is an operation. It takes
    part only where it is named.
    """

    looks_at = frozenset()

    by_name_only = True

    def on_start(self) -> None:
        """Join the session; users begin with different endpoints, so that a short run has its share of each."""
        super().on_start()
        run = self.session.run
        found = endpoints(
            run.network, self.session.operator, timeout=run.settings.rpc_timeout, transport=run.settings.transport
        )
        self._endpoints = itertools.cycle(found)
        for _ in range(self.number % len(found)):
            next(self._endpoints)

    @task
    def call(self) -> None:
        """Call the next endpoint once."""
        endpoint = next(self._endpoints)
        name = operation_name(endpoint)
        turn = self.turn(name)
        with self.session.operation(name, turn=turn) as operation, operation.reading(), operation.phase("ack"):
            try:
                endpoint.look()
            except UnhealthyError as error:
                status = error.wrong.upper() or "UNHEALTHY"
                raise HederaError(str(error), status=status, fate=Fate.FINAL) from error
