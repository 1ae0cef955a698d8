"""`/api/v1/blocks` (MN:rest/controllers/blockController.js)."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any, Final

from aiohttp import web

from localnet.clock import format_timestamp
from localnet.mirror.blocks import Block, Blocks
from localnet.mirror.rest.errors import invalid, not_found
from localnet.mirror.rest.filters import parse_block_number, parse_number, parse_timestamp
from localnet.mirror.rest.links import next_link
from localnet.mirror.rest.query import QueryString
from localnet.protocol.version import VERSION

_LIST_PARAMETERS: Final = ("block.number", "limit", "order", "timestamp")
_HASH: Final = re.compile(r"(0x)?([0-9a-fA-F]{96}|[0-9a-fA-F]{64})")


class BlockPages:
    """The handlers of the block paths."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks

    def routes(self) -> list[web.RouteDef]:
        """What to serve where."""
        return [
            web.get("/api/v1/blocks", self.blocks),
            web.get("/api/v1/blocks/{hashOrNumber}", self.block),
        ]

    async def blocks(self, request: web.Request) -> web.Response:
        """A page of blocks, newest first by default; a block's timestamp is that of its end."""
        query = QueryString(request, _LIST_PARAMETERS)
        limit, descending = query.limit, query.descending("desc")
        numbers = query.interval("block.number", parse_block_number)
        timestamps = query.interval("timestamp", parse_timestamp)
        matching = (
            block
            for block in self._blocks.between(numbers.low, numbers.high, descending=descending)
            if block.to_ns in timestamps
        )
        page = list(islice(matching, limit))
        link = None
        if len(page) == limit:
            last = page[-1].number
            link = next_link(query, "block.number", str(last), numbers, last, descending=descending)
        return web.json_response({"blocks": [self._row(block) for block in page], "links": {"next": link}})

    async def block(self, request: web.Request) -> web.Response:
        """One block by its number or its hash."""
        QueryString(request, (), in_order=True)
        text = request.match_info["hashOrNumber"]
        number = parse_number(text)
        if _HASH.fullmatch(text):
            block = self._blocks.by_hash(bytes.fromhex(text.removeprefix("0x")))
        elif number is not None:
            block = self._blocks.by_number(number)
        else:
            raise invalid("hashOrNumber")
        if block is None:
            raise not_found()
        return web.json_response(self._row(block))

    def _row(self, block: Block) -> dict[str, Any]:
        return {
            "count": block.count,
            "gas_used": 0,
            "hapi_version": f"{VERSION.major}.{VERSION.minor}.{VERSION.patch}",
            "hash": "0x" + block.hash.hex(),
            "logs_bloom": "0x",
            "name": block.name,
            "number": block.number,
            "previous_hash": "0x" + block.previous_hash.hex(),
            "receipts_root": None,
            "size": sum(row.size for row in self._blocks.transactions(block)),
            "timestamp": {"from": format_timestamp(block.from_ns), "to": format_timestamp(block.to_ns)},
        }
