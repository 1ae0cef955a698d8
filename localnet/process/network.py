"""The whole network: puts its parts together, opens its ports, and closes them again."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import grpc.aio
from aiohttp import web

from grpc_http2.server import Http2Server, Limits, RequestMemory
from localnet.clock import Clock
from localnet.consensus.latency import Latency, latency_of
from localnet.consensus.ordering import Consensus
from localnet.consensus.record_cache import RecordCache
from localnet.control.api import create_control_app
from localnet.control.status_page import Page
from localnet.faults import Fault, FaultEngine, FaultError, FaultSpec, parse_faults
from localnet.ledger.entries import Ledger
from localnet.ledger.pipeline import Pipeline
from localnet.ledger.state_file import StateFile
from localnet.mirror.blocks import Blocks
from localnet.mirror.importer import Importer
from localnet.mirror.rest import create_app, outage
from localnet.mirror.rest.accounts import Accounts
from localnet.mirror.rest.blocks import BlockPages
from localnet.mirror.rest.fees import FeePages
from localnet.mirror.rest.network import NetworkPages
from localnet.mirror.rest.rate_limit import RateLimit, limited
from localnet.mirror.rest.snapshots import Snapshots
from localnet.mirror.rest.times import HISTORY_NS, Window
from localnet.mirror.rest.topics import Topics
from localnet.mirror.rest.transactions import Transactions
from localnet.mirror.rest.unsupported import Absent
from localnet.mirror.store import MirrorStore
from localnet.mirror.stream import MIRROR_OPTIONS, MirrorService
from localnet.node import system_files
from localnet.node.limits import OFF, REAL
from localnet.node.precheck import Precheck
from localnet.node.request_handler import RequestHandler
from localnet.node.service import NodeService
from localnet.process.certificate import create_certificate
from localnet.process.listening import open_grpc, open_http, open_http2
from localnet.process.options import NODE_NUMBERS, PORTS, Options, Ports
from localnet.protocol.ids import format_entity
from localnet.queries import View
from localnet.relay.chain import Chain
from localnet.relay.limits import RateLimits
from localnet.relay.rpc import Rpc
from localnet.relay.sending import ETHEREUM_METHOD, Sender
from localnet.relay.server import create_relay_app
from localnet.state import genesis
from localnet.state.entities import State
from localnet.state.fees import ExchangeRate, FeeSchedule
from localnet.throttles import Throttle, load_throttles

_GRACE_S = 0.2
NODE_IDS = [format_entity(number) for number in NODE_NUMBERS]
_GRPC_OPTIONS = (
    ("grpc.so_reuseport", 0),  # a taken port must be an error, not a second listener
    ("grpc.max_receive_message_length", 4 * 1024 * 1024),
    ("grpc.max_send_message_length", 16 * 1024 * 1024),
)


class LocalNetwork:
    """An embedded network. `await start()`, read `ready_line`, and `await stop()` in the end.

    Args:
        options: The command line.
        limits: The limits of a connection to a node, in place of those of the options.
    """

    def __init__(self, options: Options, limits: Limits | None = None) -> None:
        self._options = options
        self._limits = limits or (REAL if options.limits == "real" else OFF)
        self._request_memory = RequestMemory()
        self._random_ages = Random(options.seed)
        self._clock = Clock()
        self._token = secrets.token_hex(24)  # an option value that never begins with "-"
        self._rate = ExchangeRate()
        self._random = Random(options.seed)
        self._throttle_definitions = load_throttles(options.throttles)
        self._ledger = Ledger(options.keep)
        self._store = MirrorStore(options.keep)
        self._nodes: list[genesis.NodeEntry] = []
        self._node_servers: list[Http2Server] = []
        self._grpc_servers: list[grpc.aio.Server] = []
        self._http_runners: list[web.AppRunner] = []
        self._state_file: StateFile | None = None
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
        """Close every port, after a short grace for calls in flight."""
        servers = (*self._node_servers, *self._grpc_servers)
        await asyncio.gather(*(server.stop(_GRACE_S) for server in servers))
        await asyncio.gather(*(runner.cleanup() for runner in self._http_runners))
        if self._state_file is not None:
            self._state_file.close()

    async def _start(self) -> None:
        if self._options.state is not None:
            self._state_file = StateFile(self._options.state, self._clock.now_ns())
        genesis_ns = self._state_file.genesis_ns if self._state_file else self._clock.now_ns()
        state = genesis.create_state(genesis_ns, NODE_NUMBERS, self._rate)
        self._store.load_genesis(state)
        faults = FaultEngine(self._clock.now, asyncio.get_running_loop(), Random(self._options.seed))
        planned = self._read_faults()
        latency = self._latency()
        loop = asyncio.get_running_loop()
        importer = Importer(self._store, self._clock, loop, latency.mirror, faults, self._ledger.shown)
        blocks = Blocks(self._store, genesis_ns, importer.complete_ns)
        cache = RecordCache(self._clock, latency.gossip_s)
        handler = self._create_request_handler(state, latency, importer, faults, cache)
        ports = PORTS[self._options.ports]
        services: list[NodeService] = []
        for node_id, number in enumerate(NODE_NUMBERS):
            service = NodeService(handler, number, faults)
            services.append(service)
            entry = await self._serve_node(service, node_id, ports)
            self._nodes.append(entry)
        others = {
            system_files.FEES_FILE: system_files.fees_of_old(),
            system_files.SIMPLE_FEES_FILE: system_files.simple_fees(),
            system_files.THROTTLES_FILE: system_files.throttles(self._throttle_definitions),
        }
        genesis.add_system_files(state, self._nodes, self._rate, others)
        for kept in self._state_file.handled() if self._state_file else ():
            handler.replay(kept)
        stream = MirrorService(self._store, self._clock, self._nodes, faults, importer.complete_ns)
        mirror_grpc = await self._serve_mirror(stream, ports.mirror_grpc)
        mirror_rest, *_ = [
            await self._serve_http(self._create_rest(blocks, importer, faults), port) for port in ports.mirror_rest
        ]
        relay = await self._serve_http(self._create_relay(blocks, faults, services, cache), ports.relay)
        page = Page(state, self._store, self._ledger, faults, self._clock, self.ready_line)
        control = await self._serve_http(
            create_control_app(self._ledger, faults, page.show, NODE_IDS, self._token), ports.control
        )
        host = self._public_host
        self.ready_line |= {
            "nodes": {node.address: format_entity(node.number) for node in self._nodes},
            "mirror_rest": f"http://{host}:{mirror_rest}",
            "mirror_grpc": f"{host}:{mirror_grpc}",
            "relay": f"http://{host}:{relay}",
            "control": f"http://{host}:{control}",
            "token": self._token,
            "operator_id": format_entity(genesis.OPERATOR_NUMBER),
            "operator_key": genesis.OPERATOR_KEY,
            "nodes_tls": {node.tls_address: format_entity(node.number) for node in self._nodes if node.tls_port},
        }
        faults.add(planned)

    @property
    def _public_host(self) -> str:
        """The address for clients on this machine: loopback where it listens on every address."""
        return "127.0.0.1" if self._options.host == "0.0.0.0" else self._options.host  # noqa: S104 (compared only)

    def _read_faults(self) -> list[FaultSpec]:
        """The faults of `--faults`.

        Raises:
            FaultError: the file is invalid; the message begins with the option.
        """
        path = self._options.faults
        if path is None:
            return []
        try:
            return parse_faults(json.loads(Path(path).read_text()), NODE_IDS)
        except (OSError, ValueError) as error:  # a FaultError is a ValueError
            raise FaultError(f"--faults {path!r}: {error}") from error

    def _latency(self) -> Latency:
        options = self._options
        return latency_of(
            options.latency, options.consensus_delay, options.consensus_jitter, options.mirror_lag, options.gossip
        )

    def _create_request_handler(
        self, state: State, latency: Latency, importer: Importer, faults: FaultEngine, cache: RecordCache
    ) -> RequestHandler:
        loop = asyncio.get_running_loop()
        throttles = {number: Throttle(self._throttle_definitions, len(NODE_NUMBERS)) for number in NODE_NUMBERS}
        fees = FeeSchedule(self._rate)
        pipeline = Pipeline(self._ledger, self._state_file, importer)
        consensus = Consensus(state, self._clock, cache, latency, self._random, loop, pipeline)
        importer.undecided_ns = consensus.undecided_ns
        faults.listen(lambda fault: self._on_fault(fault, faults, consensus))
        precheck = Precheck(state, self._clock, cache, fees, throttles, faults)
        return RequestHandler(
            precheck,
            consensus,
            self._ledger,
            View(state, self._clock, cache, fees, self._ledger),
            throttles,
        )

    def _on_fault(self, fault: Fault, faults: FaultEngine, consensus: Consensus) -> None:
        """A fault has begun or ended: wake whatever depends on it."""
        if fault.spec.kind == "stall":
            if faults.at_consensus:
                consensus.stall()
            else:
                consensus.resume()
        if fault.spec.kind in ("mirror-outage", "mirror-silent"):
            self._store.wake()

    def _create_rest(self, blocks: Blocks, importer: Importer, faults: FaultEngine) -> web.Application:
        first_ns = self._store.history.moment(0) - HISTORY_NS if self._options.limits == "real" else None
        window = Window(self._clock.now_ns, first_ns)
        pages = (
            Topics(self._store),
            Transactions(self._store, window),
            Accounts(self._store, window, Snapshots(self._store, importer.complete_ns)),
            Absent(self._store),
            BlockPages(blocks),
            FeePages(self._rate, self._clock, self._store),
            NetworkPages(self._nodes, self._store, self._rate, self._clock),
        )
        rate_limit = self._options.mirror_requests_per_second
        limits = [limited(RateLimit(rate_limit, time.monotonic))] if rate_limit else []
        return create_app(pages, [outage(faults), *limits])

    def _create_relay(
        self, blocks: Blocks, faults: FaultEngine, nodes: list[NodeService], cache: RecordCache
    ) -> web.Application:
        limits = RateLimits(time.monotonic) if self._options.relay_rate_limit == "on" else None
        chain = Chain(self._store, blocks, self._rate)
        calls = [(number, node.methods[ETHEREUM_METHOD]) for number, node in zip(NODE_NUMBERS, nodes, strict=True)]
        sender = Sender(chain, calls, cache.get, self._clock)
        return create_relay_app(Rpc(replace(chain, send=sender.send), faults, limits))

    async def _serve_node(self, service: NodeService, node_id: int, ports: Ports) -> genesis.NodeEntry:
        """Serve one node, in plain text and, unless it is switched off, by TLS."""
        number, host = NODE_NUMBERS[node_id], self._public_host
        server = Http2Server(service.methods, self._limits, self._request_memory, self._random_ages.random)
        self._node_servers.append(server)
        plain, *_ = [
            await open_http2(server, self._options.host, port, self._options.ports) for port in ports.nodes[node_id]
        ]
        if self._options.tls == "off":
            return genesis.NodeEntry(number, node_id, host, plain)
        certificate = create_certificate(f"node{number}", host, self._clock.now())
        tls_port = ports.nodes_tls[node_id]
        secure = await open_http2(server, self._options.host, tls_port, self._options.ports, certificate.context())
        return genesis.NodeEntry(number, node_id, host, plain, secure, certificate.hash)

    async def _serve_mirror(self, service: MirrorService, port: int) -> int:
        """Serve the mirror's gRPC; returns the port opened."""
        server = grpc.aio.server(options=(*_GRPC_OPTIONS, *MIRROR_OPTIONS))
        server.add_generic_rpc_handlers((service,))
        opened = open_grpc(server, self._options.host, port, self._options.ports)
        await server.start()
        self._grpc_servers.append(server)
        return opened

    async def _serve_http(self, app: web.Application, port: int) -> int:
        runner, opened = await open_http(app, self._options.host, port, self._options.ports)
        self._http_runners.append(runner)
        return opened
