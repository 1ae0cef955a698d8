"""The project's locustfile with shorter drills, and with one protection switched off that no option switches off.

WITHOUT says which, "" for none:

* `node-spread`: all calls go to one node.
* `same-id`: each attempt has a transaction id of its own.
* `resubscribe`: a mirror's stream that broke stays so.
* `second-opinion`: nobody notices that a mirror's stream has fallen silent.
* `graceful`: a node's announcement that it ends a connection breaks the calls on it.
* `memory`: each operation leaks 500 KB, from LEAKS_AFTER_S on.
"""

from __future__ import annotations

from locust import events

import os
import time
from dataclasses import replace
from typing import Any, Final

from grpc_http2.client.connection import Connection
from grpc_http2.client.connection_ages import ConnectionAges
from hedera_users import session
from hedera_users.transactions import Transactions
from locustfile import *  # noqa: F403
from scenarios.catalogue import reliability
from scenarios.drills import graceful
from scenarios.scenario import Drill

SHORT: Final = {
    "retry": (8.0, 2.0),
    "breaker": (4.0, 7.0),
    "dead-node": (5.0, 3.0),
    "slow-node": (6.0, 3.0),
    "clock": (3.0, 2.0),
    "lost-acks": (4.0, 4.0),
    "duplicate": (4.0, 5.0),
    "mirror-outage": (4.0, 6.0),
    "mirror-silent": (1.0, 9.0),
    "together": (1.0, 2.0),
    "queue": (9.0, 2.0),
    "network-gone": (5.0, 4.0),
    "busy-storm": (10.0, 4.0),
    "graceful": (20.0, 0.0),
    "memory": (16.0, 0.0),
}
"""Seconds of each drill, and until the next."""


IN_FLIGHT: Final = {
    "kind": "node-slow",
    "name": graceful.NAME,
    "operations": ["submitMessage"],
    "delay": 0.4,
    "duration": 20.0,
}
"""Lets calls be under way whenever a connection ends."""


def shorter(drill: Drill) -> Drill:
    """A drill of the length that SHORT says."""
    length, settle = SHORT[drill.key]
    faults = tuple({**fault, "duration": min(fault["duration"], length)} for fault in drill.faults)
    if drill.key == "graceful":
        faults = (IN_FLIGHT,)
    return replace(drill, faults=faults, length_s=length, settle_s=settle)


reliability.SCENARIO = replace(
    reliability.SCENARIO,
    lead_in_s=4.0,
    expectations=tuple(shorter(one) if isinstance(one, Drill) else one for one in reliability.SCENARIO.expectations),
)

LEAKS_AFTER_S: Final = 32.0
"""Seconds since the start of the process; the network and the preparation take some of them."""

WITHOUT: Final = os.environ.get("WITHOUT", "")

if WITHOUT == "node-spread":
    _make_guards = session.make_guards
    session.make_guards = lambda settings, nodes, *rest: _make_guards(settings, [nodes[0]], *rest)

if WITHOUT == "same-id":
    _known_id = Transactions._id

    def new_id(self: Transactions, transaction: Any, doubts: Any) -> Any:
        """An id that no attempt before had."""
        transaction.id = None
        return _known_id(self, transaction, doubts)

    Transactions._id = new_id  # type: ignore[method-assign]

if WITHOUT in ("resubscribe", "second-opinion"):
    _watcher = session.MirrorWatcher

    def blind(network: Any, topic: str, **_: Any) -> Any:
        """A watcher that asks nobody else, or does not come back within a test."""
        return _watcher(network, topic, resubscribe_interval=3600 if WITHOUT == "resubscribe" else 0.5)

    session.MirrorWatcher = blind  # type: ignore[misc,assignment]

if WITHOUT == "graceful":
    _follow_up = Connection._follow_up

    def break_off(self: Connection) -> None:
        """Take the announcement of an end for the end."""
        if self.opened_at and self.protocol.goaway and not self.closed:
            self.close("UNAVAILABLE", "the node announced its end", by_peer=True)
        else:
            _follow_up(self)

    Connection._follow_up = break_off  # type: ignore[method-assign]
    ConnectionAges.is_old = lambda *_: False  # type: ignore[method-assign]

if WITHOUT == "memory":
    leaked: list[bytearray] = []
    began = time.monotonic()

    @events.request.add_listener  # type: ignore[untyped-decorator]
    def leak(**_: Any) -> None:
        """Keep memory for nothing; it is written to, so that it is really there."""
        if time.monotonic() - began > LEAKS_AFTER_S:
            leaked.append(bytearray(b"x" * 500_000))
