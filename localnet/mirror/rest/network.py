"""`/api/v1/network`: nodes, exchange rate, supply and stake (MN:rest-java, NetworkController.java). Fees: fees.py."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from localnet.clock import NANOS, Clock, format_timestamp
from localnet.mirror.rest.entity import parse_entity_id
from localnet.mirror.rest.errors import java_error
from localnet.mirror.rest.filters import parse_number
from localnet.mirror.rest.java_parameters import check_timestamps, word
from localnet.mirror.rest.links import next_link
from localnet.mirror.rest.query import QueryString
from localnet.mirror.store import MirrorStore
from localnet.protocol.ids import format_entity
from localnet.state.fees import ExchangeRate
from localnet.state.genesis import ADDRESS_BOOK_FILE, NODE_DETAILS_FILE, TINYBARS, TOTAL_HBAR, NodeEntry

DEFAULT_NODES: Final = 10
MAX_NODES: Final = 25
"""Rows of a page of nodes; fewer than elsewhere, because each is long (NetworkNodeRequest.java)."""

UNRELEASED: Final = frozenset(
    {2, 42, *range(44, 72), *range(73, 88), *range(99, 101), *range(200, 351), *range(400, 751)}
)
"""Accounts whose hbar is not released (NetworkProperties.java); fee and node accounts are not among them."""


class NetworkPages:
    """The handlers of the network paths."""

    def __init__(self, nodes: list[NodeEntry], store: MirrorStore, rate: ExchangeRate, clock: Clock) -> None:
        self._nodes = nodes
        self._store = store
        self._rate = rate
        self._clock = clock
        self._started_ns = clock.now_ns()

    def routes(self) -> list[web.RouteDef]:
        """What to serve where."""
        return [
            web.get("/api/v1/network/nodes", self.nodes),
            web.get("/api/v1/network/exchangerate", self.exchange_rate),
            web.get("/api/v1/network/supply", self.supply),
            web.get("/api/v1/network/stake", self.stake),
        ]

    async def nodes(self, request: web.Request) -> web.Response:
        """A page of nodes, by node id."""
        query = QueryString(request, ("file.id", "limit", "node.id", "order"))
        for name in ("file.id", "limit", "order"):
            if len(query.every(name)) > 1:
                raise java_error(400, f"Only a single instance is supported for {name}")
        limit, descending = query.limit_up_to(MAX_NODES, DEFAULT_NODES), query.descending("asc")
        ids = query.choice("node.id", parse_number)
        known = _file(query) in (ADDRESS_BOOK_FILE, NODE_DETAILS_FILE)
        nodes = [node for node in self._nodes if known and node.node_id in ids]
        nodes.sort(key=lambda node: node.node_id, reverse=descending)
        page, link = nodes[:limit], None
        if len(page) == limit:
            last = page[-1].node_id
            link = next_link(query, "node.id", str(last), ids, last, descending=descending)
        return web.json_response({"nodes": [self._node_row(node) for node in page], "links": {"next": link}})

    async def exchange_rate(self, request: web.Request) -> web.Response:
        """The rate in force; it never changes here."""
        check_timestamps(request)
        rate = {
            "cent_equivalent": self._rate.cent_equivalent,
            "expiration_time": self._rate.expiration_s,
            "hbar_equivalent": self._rate.hbar_equivalent,
        }
        body = {"current_rate": rate, "next_rate": rate, "timestamp": format_timestamp(self._clock.now_ns())}
        return web.json_response(body)

    async def supply(self, request: web.Request) -> web.Response:
        """All hbar there is, and how much of it is not held by the treasury and other system accounts.

        `q=totalcoins` and `q=circulating` give one of the two as plain text, in hbar.
        """
        check_timestamps(request)
        only = word(request, "q", ("totalcoins", "circulating"))
        total = TOTAL_HBAR * TINYBARS
        released = total - sum(
            account.balance for number, account in self._store.accounts.items() if number in UNRELEASED
        )
        if only is not None:
            hbars, tinybars = divmod(total if only == "totalcoins" else released, TINYBARS)
            return web.Response(text=f"{hbars}.{tinybars:08d}")
        body = {
            "released_supply": str(released),
            "timestamp": format_timestamp(self._clock.now_ns()),
            "total_supply": str(total),
        }
        return web.json_response(body)

    async def stake(self, request: web.Request) -> web.Response:  # noqa: ARG002 (it takes no parameters)
        """Staking totals of today; nobody stakes here."""
        day_ns = 86_400 * NANOS
        begin_ns = self._clock.now_ns() // day_ns * day_ns
        body = {
            "max_stake_rewarded": 0,
            "max_staking_reward_rate_per_hbar": 0,
            "max_total_reward": 0,
            "node_reward_fee_fraction": 0.0,
            "reserved_staking_rewards": 0,
            "reward_balance_threshold": 0,
            "stake_total": 0,
            "staking_period": {
                "from": format_timestamp(begin_ns),
                "to": format_timestamp(begin_ns + day_ns - 1),
            },
            "staking_period_duration": 1_440,
            "staking_periods_stored": 365,
            "staking_reward_fee_fraction": 0.0,
            "staking_reward_rate": 0,
            "staking_start_threshold": 0,
            "unreserved_staking_reward_balance": 0,
        }
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


def _file(query: QueryString) -> int | bytes:
    """The address book that is asked for."""
    text = query.last("file.id")
    return NODE_DETAILS_FILE if text is None else parse_entity_id(text)
