"""Faults at the client's own edge: what a connection through `hedera_users.forwarder` goes through, and when."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Iterator
from typing import Any

import gevent
import gevent.server
import gevent.socket
import pytest

from config.networks import KNOWN, Network
from config.run import Run
from config.settings import RunSettings
from hedera_users.edge_faults import EdgeFaults
from hedera_users.edge_schedule import EdgeFault, makeable
from hedera_users.forwarder import Forwarder
from reports.collect.collector import Sender
from reports.judge.edge_faults import edge_faults

LOCAL = Network(
    name="custom",
    nodes={"127.0.0.1:1": "0.0.3", "127.0.0.1:2": "0.0.4"},
    mirror_rest="http://127.0.0.1:3",
    mirror_grpc="127.0.0.1:4",
)
DOWN = {"kind": "node-down", "name": "dead", "nodes": ["0.0.3"], "start": 5.0, "duration": 8.0}


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that answers each piece with itself; a real one, with gevent's sockets."""
    server = gevent.server.StreamServer(("127.0.0.1", 0), _answer)
    server.start()
    yield server.server_port
    server.stop(timeout=0)


def _answer(connection: Any, _: object) -> None:
    while data := connection.recv(100):
        connection.sendall(data)


class Caller:
    """A connection through a forwarder."""

    def __init__(self, forwarder: Forwarder) -> None:
        host, _, port = forwarder.address.rpartition(":")
        self._socket = gevent.socket.create_connection((host, int(port)), timeout=2)

    def ask(self, timeout: float = 1.0) -> str:
        """What comes of a call: an answer, `broken`, or `silent`."""
        self._socket.settimeout(timeout)
        try:
            self._socket.sendall(b"call")
            return self._socket.recv(100).decode() or "broken"
        except TimeoutError:
            return "silent"
        except OSError:
            return "broken"


def through(port: int, **fault: Any) -> tuple[Forwarder, EdgeFault]:
    """A forwarder that one fault concerns."""
    one = EdgeFault(start=0.0, duration=1.0, **fault)
    return Forwarder("127.0.0.1", port, [one], random.Random(1)), one


def test_a_dead_node_breaks_and_refuses_and_comes_back(echo: int) -> None:
    forwarder, fault = through(echo, kind="node-down")
    before = Caller(forwarder)
    assert before.ask() == "call"
    forwarder.begin(fault)
    assert (before.ask(), Caller(forwarder).ask(), fault.hits) == ("broken", "broken", 2)
    forwarder.end(fault)
    assert Caller(forwarder).ask() == "call"
    forwarder.close()


def test_a_slow_node_holds_answers_up_and_keeps_their_order(echo: int) -> None:
    forwarder, fault = through(echo, kind="node-slow", delay=0.2)
    caller = Caller(forwarder)
    assert caller.ask() == "call"
    forwarder.begin(fault)
    assert (caller.ask(0.05), caller.ask(0.5), fault.hits) == ("silent", "call", 2)
    forwarder.close()


@pytest.mark.parametrize(("how", "seen"), [("hang", "silent"), ("reset", "broken")])
def test_an_answer_is_lost(echo: int, how: str, seen: str) -> None:
    """The connection is of no use afterwards, also where it only was silent."""
    forwarder, fault = through(echo, kind="ack-lost", how=how)
    caller = Caller(forwarder)
    assert caller.ask() == "call"
    forwarder.begin(fault)
    assert (caller.ask(0.1), fault.hits) == (seen, 1)
    forwarder.end(fault)
    assert caller.ask() == "broken"
    assert Caller(forwarder).ask() == "call"
    forwarder.close()


def test_a_silent_stream_stays_silent_and_a_new_one_is_as_always(echo: int) -> None:
    forwarder, fault = through(echo, kind="mirror-silent")
    caller = Caller(forwarder)
    assert caller.ask() == "call"
    forwarder.begin(fault)
    assert Caller(forwarder).ask() == "call"
    forwarder.end(fault)
    assert (caller.ask(0.1), fault.hits) == ("silent", 1)
    forwarder.close()


def test_a_fault_of_another_address_changes_nothing(echo: int) -> None:
    forwarder, _ = through(echo, kind="node-down")
    forwarder.begin(EdgeFault("node-down", 0.0, 1.0))
    assert Caller(forwarder).ask() == "call"
    forwarder.close()


def test_where_nobody_listens_the_connection_breaks() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    forwarder, _ = through(port, kind="node-down")
    assert Caller(forwarder).ask() == "broken"
    forwarder.close()


def of_run(network: Network, *faults: dict[str, Any], started_at: float) -> Run:
    """A run with faults at its edge."""
    settings = RunSettings(network="testnet", edge_faults=True, seed=1)
    return Run(
        run_id="r",
        started_at=started_at,
        settings=settings,
        network=network,
        operator_id="0.0.2",
        topics={},
        edge_faults=faults,
    )


def test_only_the_node_of_a_fault_has_it_and_only_in_its_time(echo: int) -> None:
    """The network keeps its accounts; its addresses are the forwarders'."""
    network = LOCAL.model_copy(update={"nodes": {f"127.0.0.1:{echo}": "0.0.3", f"localhost:{echo}": "0.0.4"}})
    run = of_run(network, {**DOWN, "start": 0.1, "duration": 0.2}, started_at=time.time())
    edge = EdgeFaults(run, 0)
    assert [*edge.network.nodes.values()] == ["0.0.3", "0.0.4"]
    assert not set(edge.network.nodes) & set(network.nodes)
    seen = []
    for wait in (0.0, 0.2, 0.2):
        gevent.sleep(wait)
        seen.append([Caller(forwarder).ask() for forwarder in edge._forwarders[:2]])
    assert seen == [["call", "call"], ["broken", "call"], ["call", "call"]]
    assert edge.snapshot()["hits"][0] >= 1
    edge.close()


def test_who_joins_late_leaves_out_what_is_over(echo: int) -> None:
    network = LOCAL.model_copy(update={"nodes": {f"127.0.0.1:{echo}": "0.0.3"}})
    edge = EdgeFaults(of_run(network, DOWN, started_at=time.time() - 60), 0)
    gevent.sleep(0.05)
    assert Caller(edge._forwarders[0]).ask() == "call"
    edge.close()


@pytest.mark.parametrize(
    ("network", "faults", "made"),
    [
        (LOCAL, [DOWN], 1),
        (LOCAL, [DOWN, {"kind": "status", "name": "dead"}], 0),
        (LOCAL, [{"kind": "clock-skew", "name": "clock"}, DOWN], 1),
        (LOCAL, [{**DOWN, "nodes": ["0.0.9"]}], 0),
        (LOCAL.model_copy(update={"nodes": {"h:1": "0.0.3"}}), [DOWN], 0),
        (LOCAL, [{"kind": "mirror-outage", "name": "gone"}, {"kind": "node-down", "name": "gone"}], 2),
        (KNOWN["testnet"], [{"kind": "mirror-outage", "name": "gone"}, {"kind": "node-down", "name": "gone"}], 0),
        (KNOWN["testnet"], [DOWN], 1),
    ],
)
def test_of_one_drill_all_faults_are_made_or_none(network: Network, faults: list[dict[str, Any]], made: int) -> None:
    assert len(makeable(faults, network)) == made


def test_the_report_adds_up_what_all_processes_were_hit_by() -> None:
    """A fault that the run did not last for is none of its."""
    run = of_run(LOCAL, DOWN, {**DOWN, "start": 50.0}, started_at=1000.0)
    senders = [Sender(name, sources={"edge_faults": {"hits": [hits, 0]}}) for name, hits in (("a", 2), ("b", 3))]
    assert edge_faults(run, [*senders, Sender("without")], 1001.0, 1010.0) == [
        {"name": "dead", "from_s": 4.0, "to_s": 9.0, "kind": "node-down", "hits": 5, "edge": True}
    ]
