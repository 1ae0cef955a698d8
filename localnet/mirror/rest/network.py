"""`/api/v1/network`: nodes and exchange rate."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from localnet.clock import Clock, format_timestamp
from localnet.fees import ExchangeRate
from localnet.genesis import NODE_DETAILS_FILE, NodeEntry
from localnet.ids import format_entity
from localnet.mirror.rest.query import QueryString, parse_number


class NetworkPages:
    """The handlers of the network paths."""

    def __init__(self, nodes: list[NodeEntry], rate: ExchangeRate, clock: Clock) -> None:
        self._nodes = nodes
        self._rate = rate
        self._clock = clock
        self._started_ns = clock.now_ns()

    def routes(self) -> list[web.RouteDef]:
        """What to serve where."""
        return [
            web.get("/api/v1/network/nodes", self.nodes),
            web.get("/api/v1/network/exchangerate", self.exchange_rate),
        ]

    async def nodes(self, request: web.Request) -> web.Response:
        """A page of nodes, by node id."""
        query = QueryString(request, {"file.id", "node.id", "limit", "order"})
        limit, descending = query.limit, query.descending("asc")
        ids = query.interval("node.id", parse_number)
        nodes = [node for node in self._nodes if node.node_id in ids]
        nodes.sort(key=lambda node: node.node_id, reverse=descending)
        link = None
        if len(nodes) > limit:
            link = query.next_link(str(nodes[limit - 1].node_id), name="node.id", descending=descending)
        rows = [self._node_row(node) for node in nodes[:limit]]
        return web.json_response({"nodes": rows, "links": {"next": link}})

    async def exchange_rate(self, request: web.Request) -> web.Response:
        """The rate in force; it never changes here."""
        QueryString(request, {"timestamp"})
        rate = {
            "cent_equivalent": self._rate.cent_equivalent,
            "expiration_time": self._rate.expiration_s,
            "hbar_equivalent": self._rate.hbar_equivalent,
        }
        body = {"current_rate": rate, "next_rate": rate, "timestamp": format_timestamp(self._clock.now_ns())}
        return web.json_response(body)

    def _node_row(self, node: NodeEntry) -> dict[str, Any]:
        """A node. Its public key is empty: these nodes do not gossip."""
        return {
            "admin_key": None,
            "associated_registered_nodes": [],
            "decline_reward": False,
            "description": f"Embedded node {node.node_id}",
            "file_id": format_entity(NODE_DETAILS_FILE),
            "grpc_proxy_endpoint": None,
            "max_stake": None,
            "memo": format_entity(node.number),
            "min_stake": None,
            "node_account_id": format_entity(node.number),
            "node_cert_hash": "0x" + node.certificate_hash,
            "node_id": node.node_id,
            "public_key": "0x",
            "reward_rate_start": None,
            "service_endpoints": [
                {
                    "domain_name": "" if node.ip_address else node.host,
                    "ip_address_v4": node.ip_address,
                    "port": port,
                }
                for port in node.ports
            ],
            "stake": 0,
            "stake_not_rewarded": 0,
            "stake_rewarded": 0,
            "staking_period": None,
            "timestamp": {"from": format_timestamp(self._started_ns), "to": None},
        }
