"""Fixtures of the embedded network's tests: networks, and clients of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import uvloop
from hiero_sdk_python import Client

from localnet.node.limits import REAL
from localnet.process.network import LocalNetwork
from localnet.process.options import parse_options
from localnet_launcher import Localnet, start_localnet
from tests.localnet.clients import WAIT_S, Rest, Wire, sdk_client


@pytest.fixture
def client(localnet: Localnet) -> Iterator[Client]:
    """An SDK client of the shared network."""
    client = sdk_client(localnet)
    yield client
    client.close()


@pytest.fixture
def open_client() -> Iterator[Callable[[Localnet], Client]]:
    """Opens SDK clients of other networks and closes them after the test."""
    opened: list[Client] = []

    def open_one(running: Localnet) -> Client:
        opened.append(sdk_client(running))
        return opened[-1]

    yield open_one
    for client in opened:
        client.close()


@pytest.fixture
def start() -> Iterator[Callable[..., Localnet]]:
    """Starts networks with options of their own and stops them after the test."""
    running: list[Localnet] = []

    def start_one(*arguments: str) -> Localnet:
        running.append(start_localnet(*arguments))
        return running[-1]

    yield start_one
    for network in running:
        network.stop()


@pytest.fixture(scope="session")
def hurried() -> Iterator[dict[str, Any]]:
    """The ready line of a network whose nodes have the real limits, but for the age: each connection is asked to leave
    after half a second. It runs in a thread of this process, because no command line offers that."""
    options = parse_options(["--latency", "instant", "--throttles", "off"])
    ready: Future[dict[str, Any]] = Future()
    over: Future[None] = Future()

    async def main() -> None:
        network = LocalNetwork(options, replace(REAL, age_s=0.5))
        await network.start()
        ready.set_result(network.ready_line)
        await asyncio.wrap_future(over)
        await network.stop()

    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(uvloop.run, main())
        yield ready.result(WAIT_S)
        over.set_result(None)
        running.result(WAIT_S)


@pytest.fixture
def rest(localnet: Localnet) -> Rest:
    """The shared network's mirror REST API."""
    return Rest(localnet.network.mirror_rest)


@pytest.fixture
def control(localnet: Localnet) -> Rest:
    """The shared network's control API, with its token."""
    assert localnet.network.control is not None
    return Rest(localnet.network.control, {"Authorization": f"Bearer {localnet.token}"})


@pytest.fixture
def open_rest() -> Callable[[Localnet], Rest]:
    """The mirror REST API of another network."""
    return lambda running: Rest(running.network.mirror_rest)


@pytest.fixture
def open_control() -> Callable[[Localnet], Rest]:
    """The control API of another network, with its token."""
    return lambda running: Rest(running.network.control, {"Authorization": f"Bearer {running.token}"})


@pytest.fixture
def wire(localnet: Localnet) -> Iterator[Wire]:
    """A raw client of the shared network."""
    wire = Wire(localnet)
    yield wire
    wire.close()


@pytest.fixture
def open_wire() -> Iterator[Callable[[Localnet], Wire]]:
    """Opens raw clients of other networks and closes them after the test."""
    opened: list[Wire] = []

    def open_one(running: Localnet) -> Wire:
        opened.append(Wire(running))
        return opened[-1]

    yield open_one
    for wire in opened:
        wire.close()
