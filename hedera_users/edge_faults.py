"""Faults at the client's own edge: one process's forwarders to a network that cannot be broken, and their schedule."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import gevent

from config.networks import Network
from config.run import Run
from hedera_users.edge_schedule import MIRROR, EdgeFault, forwards_mirror
from hedera_users.forwarder import Forwarder


class EdgeFaults:
    """A process's part of a run's faults at the edge; every process carries out the same schedule.

    Args:
        run: Its network, its start, and its `edge_faults`.
        worker: This process's index among the workers.
        now: Unix seconds.

    Attributes:
        network: The run's, as it is reached through the forwarders.
    """

    def __init__(self, run: Run, worker: int, now: Callable[[], float] = time.time) -> None:
        self._faults = [EdgeFault.of(fault) for fault in run.edge_faults]
        self._chance = random.Random(f"{run.settings.seed}/edge/{worker}")
        self._forwarders: list[Forwarder] = []
        self.network = self._forwarded(run.network)
        self._began_at, self._now = run.started_at, now
        self._timers = [gevent.spawn(self._carry_out, fault) for fault in self._faults]

    def snapshot(self) -> dict[str, list[int]]:
        """How often each fault of the run's `edge_faults` has hit, in their order."""
        return {"hits": [fault.hits for fault in self._faults]}

    def close(self) -> None:
        """End the faults, and the connections through the forwarders."""
        gevent.killall(self._timers)
        for forwarder in self._forwarders:
            forwarder.close()

    def _carry_out(self, fault: EdgeFault) -> None:
        """Begin a fault when it is due, and end it; one that is over when this process joins is left out."""
        gevent.sleep(max(0.0, self._began_at + fault.start - self._now()))
        left = self._began_at + fault.start + fault.duration - self._now()
        if left <= 0:
            return
        for forwarder in self._forwarders:
            forwarder.begin(fault)
        gevent.sleep(left)
        for forwarder in self._forwarders:
            forwarder.end(fault)

    def _forwarded(self, network: Network) -> Network:
        nodes = {self._forward(address, account): account for address, account in network.nodes.items()}
        changed: dict[str, object] = {"nodes": nodes}
        if forwards_mirror(network):
            rest = urlsplit(network.mirror_rest)
            local = self._forward(f"{rest.hostname}:{rest.port or 80}", "", kinds=frozenset({"mirror-outage"}))
            changed["mirror_rest"] = rest._replace(netloc=local).geturl()
            changed["mirror_grpc"] = self._forward(network.mirror_grpc, "", kinds=MIRROR)
        return network.model_copy(update=changed)

    def _forward(self, address: str, account: str, kinds: frozenset[str] = frozenset()) -> str:
        """Forward an address, a node's by its account id, a mirror's by the kinds that concern it."""
        host, _, port = address.rpartition(":")
        faults = [
            fault
            for fault in self._faults
            if fault.kind in kinds or (account and fault.kind not in MIRROR and account in (fault.nodes or (account,)))
        ]
        forwarder = Forwarder(host.strip("[]"), int(port), faults, self._chance)
        self._forwarders.append(forwarder)
        return forwarder.address
