"""The whole network: puts its parts together, opens its ports, and closes them again."""

from __future__ import annotations

import asyncio
import secrets
import time
from random import Random
from typing import Any

import grpc.aio
from aiohttp import web

from localnet import genesis
from localnet.clock import Clock
from localnet.consensus import Consensus, ConsensusDelay
from localnet.control import create_control_app
from localnet.fees import ExchangeRate, FeeSchedule
from localnet.gateway import Gateway
from localnet.ids import format_entity
from localnet.ingest import Ingest
from localnet.ledger import Ledger
from localnet.mirror.blocks import Blocks
from localnet.mirror.importer import Importer
from localnet.mirror.rest import create_app
from localnet.mirror.rest.accounts import Accounts
from localnet.mirror.rest.blocks import BlockPages
from localnet.mirror.rest.fees import FeePages
from localnet.mirror.rest.limit import RateLimit, limited
from localnet.mirror.rest.network import NetworkPages
from localnet.mirror.rest.topics import Topics
from localnet.mirror.rest.transactions import Transactions
from localnet.mirror.store import MirrorStore
from localnet.mirror.stream import MirrorService
from localnet.node import NodeService
from localnet.options import NODE_NUMBERS, PORTS, Options
from localnet.queries import View
from localnet.record_cache import RecordCache
from localnet.relay.chain import Chain
from localnet.relay.limits import RateLimits
from localnet.relay.rpc import Rpc
from localnet.relay.server import create_relay_app
from localnet.sockets import open_grpc, open_http
from localnet.state import State
from localnet.submission import Submission
from localnet.tls import create_certificate

_GRACE_S = 0.2
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
        importer = Importer(self._store, self._clock, asyncio.get_running_loop(), self._options.mirror_lag)
        blocks = Blocks(self._store, self._clock.now_ns(), importer.complete_ns)
        gateway = self._create_gateway(state, importer)
        ports = PORTS[self._options.ports]
        for node_id, (number, port, tls_port) in enumerate(
            zip(NODE_NUMBERS, ports.nodes, ports.nodes_tls, strict=True)
        ):
            self._nodes.append(await self._serve_node(NodeService(gateway, number), node_id, number, port, tls_port))
        genesis.add_system_files(state, self._nodes, self._rate)
        stream = MirrorService(self._store, self._clock, self._nodes, self._options.mirror_lag)
        (mirror_grpc,) = await self._serve_grpc(stream, (ports.mirror_grpc, None))
        mirror_rest = await self._serve_http(self._create_rest(blocks), ports.mirror_rest)
        relay = await self._serve_http(self._create_relay(blocks), ports.relay)
        control = await self._serve_http(create_control_app(self._ledger, self._token), ports.control)
        host = self._public_host
        self.ready_line = {
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

    @property
    def _public_host(self) -> str:
        """Where clients on this machine reach it; "every address" is no address to connect to."""
        return "127.0.0.1" if self._options.host == "0.0.0.0" else self._options.host  # noqa: S104 (compared only)

    def _create_gateway(self, state: State, importer: Importer) -> Gateway:
        options = self._options
        loop = asyncio.get_running_loop()
        fees = FeeSchedule(self._rate)
        cache = RecordCache(self._clock)

        def settled(submission: Submission) -> None:
            self._ledger.settled(submission)
            importer.settled(submission)

        delay = ConsensusDelay(options.consensus_delay, options.consensus_jitter, Random(options.seed))
        consensus = Consensus(state, self._clock, cache, delay, loop, settled)
        ingest = Ingest(state, self._clock, cache, fees)
        return Gateway(ingest, consensus, self._ledger, View(state, self._clock, cache, fees))

    def _create_rest(self, blocks: Blocks) -> web.Application:
        rate_limit = self._options.mirror_rate_limit
        pages = (
            Topics(self._store),
            Transactions(self._store),
            Accounts(self._store, self._clock),
            BlockPages(blocks),
            FeePages(self._rate, self._clock),
            NetworkPages(self._nodes, self._store, self._rate, self._clock),
        )
        return create_app(pages, [limited(RateLimit(rate_limit, time.monotonic))] if rate_limit else [])

    def _create_relay(self, blocks: Blocks) -> web.Application:
        limits = RateLimits(time.monotonic) if self._options.relay_rate_limit == "on" else None
        return create_relay_app(Rpc(Chain(self._store, blocks, self._rate), limits))

    async def _serve_node(
        self, service: NodeService, node_id: int, number: int, port: int, tls_port: int
    ) -> genesis.NodeEntry:
        """Serve one node, in plain text and, unless it is switched off, by TLS."""
        host = self._public_host
        if self._options.tls == "off":
            (plain,) = await self._serve_grpc(service, (port, None))
            return genesis.NodeEntry(number, node_id, host, plain)
        certificate = create_certificate(f"node{number}", host, self._clock.now())
        plain, secure = await self._serve_grpc(service, (port, None), (tls_port, certificate.credentials()))
        return genesis.NodeEntry(number, node_id, host, plain, secure, certificate.hash)

    async def _serve_grpc(
        self, service: grpc.GenericRpcHandler, *ports: tuple[int, grpc.ServerCredentials | None]
    ) -> list[int]:
        """Serve on each of the ports, in plain text where there are no credentials; returns the ports opened."""
        server = grpc.aio.server(options=_GRPC_OPTIONS)
        server.add_generic_rpc_handlers((service,))
        host, option = self._options.host, self._options.ports
        opened = [open_grpc(server, host, port, option, credentials) for port, credentials in ports]
        await server.start()
        self._grpc_servers.append(server)
        return opened

    async def _serve_http(self, app: web.Application, port: int) -> int:
        runner, opened = await open_http(app, self._options.host, port, self._options.ports)
        self._http_runners.append(runner)
        return opened
