"""The whole network: puts its parts together, opens its ports, and closes them again."""

from __future__ import annotations

import asyncio
import json
import secrets
from pathlib import Path
from random import Random
from typing import Any

import grpc.aio
from aiohttp import web

from localnet import genesis
from localnet.clock import Clock
from localnet.consensus import Consensus
from localnet.control import create_control_app
from localnet.faults import Fault, FaultEngine, FaultError, FaultSpec, parse_faults
from localnet.fees import ExchangeRate, FeeSchedule
from localnet.gateway import Gateway
from localnet.ids import format_entity
from localnet.ingest import Ingest
from localnet.latency import latency_of
from localnet.ledger import Ledger
from localnet.mirror.importer import Importer
from localnet.mirror.rest import create_app
from localnet.mirror.rest.accounts import Accounts
from localnet.mirror.rest.network import NetworkPages
from localnet.mirror.rest.topics import Topics
from localnet.mirror.rest.transactions import Transactions
from localnet.mirror.store import MirrorStore
from localnet.mirror.stream import MirrorService
from localnet.node import NodeService
from localnet.options import NODE_NUMBERS, PORTS, Options
from localnet.queries import View
from localnet.record_cache import RecordCache
from localnet.sockets import open_grpc, open_http
from localnet.state import State
from localnet.submission import Submission
from localnet.throttles import Throttle, load_throttles

_GRACE_S = 0.2
NODE_IDS = [format_entity(number) for number in NODE_NUMBERS]
_GRPC_OPTIONS = (
    ("grpc.so_reuseport", 0),  # a taken port must be an error, not a second listener
    ("grpc.max_receive_message_length", 4 * 1024 * 1024),
    ("grpc.max_send_message_length", 16 * 1024 * 1024),
)


class LocalNetwork:
    """An embedded network. `await start()`, read `ready_line`, and `await stop()` in the end."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._clock = Clock()
        self._token = secrets.token_urlsafe(24)
        self._rate = ExchangeRate()
        self._random = Random(options.seed)
        self._throttle_definitions = load_throttles(options.throttles)
        self._ledger = Ledger(options.keep)
        self._store = MirrorStore(options.keep)
        self._nodes: list[genesis.NodeEntry] = []
        self._grpc_servers: list[grpc.aio.Server] = []
        self._http_runners: list[web.AppRunner] = []
        self.ready_line: dict[str, Any] = {}

    async def start(self) -> None:
        """Open every port.

        Raises:
            PortTakenError: one of them cannot be opened; nothing is left open.
        """
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close every port; calls that are under way are given a moment."""
        await asyncio.gather(*(server.stop(_GRACE_S) for server in self._grpc_servers))
        await asyncio.gather(*(runner.cleanup() for runner in self._http_runners))

    async def _start(self) -> None:
        state = genesis.create_state(self._clock.now_ns(), NODE_NUMBERS)
        self._store.load_genesis(state)
        faults = FaultEngine(self._clock.now, asyncio.get_running_loop(), Random(self._options.seed))
        planned = self._read_faults()
        gateway = self._create_gateway(state, faults)
        ports = PORTS[self._options.ports]
        for node_id, (number, port) in enumerate(zip(NODE_NUMBERS, ports.nodes, strict=True)):
            opened = await self._serve_grpc(NodeService(gateway, number, faults), port)
            self._nodes.append(genesis.NodeEntry(number, node_id, self._public_host, opened))
        genesis.add_system_files(state, self._nodes, self._rate)
        stream = MirrorService(self._store, self._clock, self._nodes, faults)
        mirror_grpc = await self._serve_grpc(stream, ports.mirror_grpc)
        mirror_rest = await self._serve_http(self._create_rest(faults), ports.mirror_rest)
        control = await self._serve_http(create_control_app(self._ledger, faults, NODE_IDS, self._token), ports.control)
        host = self._public_host
        self.ready_line = {
            "nodes": {node.address: format_entity(node.number) for node in self._nodes},
            "mirror_rest": f"http://{host}:{mirror_rest}",
            "mirror_grpc": f"{host}:{mirror_grpc}",
            "relay": None,
            "control": f"http://{host}:{control}",
            "token": self._token,
            "operator_id": format_entity(genesis.OPERATOR_NUMBER),
            "operator_key": genesis.OPERATOR_KEY,
        }
        faults.add(planned)

    @property
    def _public_host(self) -> str:
        """Where clients on this machine reach it; "every address" is no address to connect to."""
        return "127.0.0.1" if self._options.host == "0.0.0.0" else self._options.host  # noqa: S104 (compared only)

    def _read_faults(self) -> list[FaultSpec]:
        """The faults of `--faults`.

        Raises:
            FaultError: the file is wrong; the message begins with the option.
        """
        path = self._options.faults
        if path is None:
            return []
        try:
            return parse_faults(json.loads(Path(path).read_text()), NODE_IDS)
        except (OSError, ValueError) as error:  # a FaultError is a ValueError
            raise FaultError(f"--faults {path!r}: {error}") from error

    def _create_gateway(self, state: State, faults: FaultEngine) -> Gateway:
        options = self._options
        loop = asyncio.get_running_loop()
        latency = latency_of(options.latency, options.consensus_delay, options.consensus_jitter, options.mirror_lag)
        throttles = {number: Throttle(self._throttle_definitions, len(NODE_NUMBERS)) for number in NODE_NUMBERS}
        fees = FeeSchedule(self._rate)
        cache = RecordCache(self._clock)
        importer = Importer(self._store, self._clock, loop, lambda: latency.mirror(self._random), faults)

        def settled(submission: Submission) -> None:
            self._ledger.settled(submission)
            importer.settled(submission)

        consensus = Consensus(state, self._clock, cache, latency, self._random, loop, settled)
        faults.listen(lambda fault: self._on_fault(fault, faults, consensus))
        ingest = Ingest(state, self._clock, cache, fees, throttles, faults)
        return Gateway(ingest, consensus, self._ledger, View(state, self._clock, cache, fees), throttles)

    def _on_fault(self, fault: Fault, faults: FaultEngine, consensus: Consensus) -> None:
        """A fault has begun or is over: what waits has to know."""
        if fault.spec.kind == "stall":
            if faults.at_consensus:
                consensus.stall()
            else:
                consensus.resume()
        if fault.spec.kind == "mirror-outage":
            self._store.wake()

    def _create_rest(self, faults: FaultEngine) -> web.Application:
        return create_app(
            Topics(self._store),
            Transactions(self._store),
            Accounts(self._store, self._clock),
            NetworkPages(self._nodes, self._rate, self._clock),
            faults,
        )

    async def _serve_grpc(self, service: grpc.GenericRpcHandler, port: int) -> int:
        server = grpc.aio.server(options=_GRPC_OPTIONS)
        server.add_generic_rpc_handlers((service,))
        opened = open_grpc(server, self._options.host, port, self._options.ports)
        await server.start()
        self._grpc_servers.append(server)
        return opened

    async def _serve_http(self, app: web.Application, port: int) -> int:
        runner, opened = await open_http(app, self._options.host, port, self._options.ports)
        self._http_runners.append(runner)
        return opened
