"""The status page, at `/` of the control API: the network's present activity. It shows no token and no key."""

from __future__ import annotations

import time
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader

from localnet.clock import Clock
from localnet.faults import FaultEngine
from localnet.faults.spec import PARAMETERS
from localnet.ledger.entries import Ledger, entry_json
from localnet.mirror.store import MirrorStore
from localnet.protocol.ids import format_entity
from localnet.state.entities import FIRST_USER_ENTITY, State

SHOWN = 15
"""Rows of each table; the newest."""
RATE_S = 10.0
_TEXT = 120


class Page:
    """Renders the page from the network's state; has no state of its own."""

    def __init__(
        self, state: State, store: MirrorStore, ledger: Ledger, faults: FaultEngine, clock: Clock, ready: dict[str, Any]
    ) -> None:
        self._state = state
        self._store = store
        self._ledger = ledger
        self._faults = faults
        self._clock = clock
        self._ready = ready
        loader = FileSystemLoader(Path(__file__).with_name("templates"))
        self._template = Environment(loader=loader, autoescape=True).get_template("page.html")

    async def show(self, request: web.Request) -> web.Response:  # noqa: ARG002 (aiohttp's signature)
        """The page."""
        entries = self._ledger.entries
        text = self._template.render(
            arrived=f"{entries.end:,}",
            rate=f"{self._rate():,.1f}",
            operator=self._ready["operator_id"],
            ready=self._ready,
            nodes=self._nodes(),
            faults=[_fault(one.to_json()) for one in reversed(self._faults.all()[-SHOWN:])],
            transactions=[
                {**entry_json(one), "time": time.strftime("%H:%M:%S", time.localtime(one.arrival))}
                for one in islice(entries.span(0, entries.end, descending=True), SHOWN)
            ],
            topics=self._topics(),
            files=self._files(),
        )
        return web.Response(text=text, content_type="text/html")

    def _rate(self) -> float:
        """Transactions a second over the last ten seconds."""
        entries, since = self._ledger.entries, self._clock.now() - RATE_S
        count = 0
        for one in entries.span(0, entries.end, descending=True):
            if one.arrival < since:
                break
            count += 1
        return count / RATE_S

    def _nodes(self) -> list[dict[str, Any]]:
        entries = self._ledger.entries
        newest = islice(entries.span(0, entries.end, descending=True), 10_000)
        counts = Counter(format_entity(one.node) for one in newest)
        tls = {account: address for address, account in self._ready["nodes_tls"].items()}
        active = [*self._faults.at_node, *self._faults.at_clock]
        return [
            {
                "account": account,
                "address": address,
                "tls": tls.get(account, "off"),
                "transactions": counts[account],
                "faults": [one.spec.kind for one in active if one.concerns(account, "") or one.spec.operations],
            }
            for address, account in self._ready["nodes"].items()
        ]

    def _topics(self) -> list[dict[str, Any]]:
        rows = []
        for number, topic in islice(reversed(self._store.topics.items()), SHOWN):
            messages = topic.messages
            last = messages[messages.end - 1].contents if len(messages) else b""
            rows.append(
                {
                    "id": format_entity(number),
                    "memo": topic.topic.memo,
                    "messages": f"{messages.end:,}",
                    "last": last.decode(errors="replace")[:_TEXT],
                }
            )
        return rows

    def _files(self) -> list[dict[str, Any]]:
        files = (file for file in reversed(self._state.files.values()) if file.number >= FIRST_USER_ENTITY)
        return [
            {
                "id": format_entity(file.number),
                "memo": file.memo,
                "bytes": f"{len(file.contents):,}",
                "state": "deleted" if file.deleted else "immutable" if file.keys is None else "",
            }
            for file in islice(files, SHOWN)
        ]


def _fault(fault: dict[str, Any]) -> dict[str, Any]:
    told = {name: fault[name] for name in PARAMETERS if fault.get(name) not in (None, (), "", 0.0, 1.0)}
    texts = (
        f"{name.replace('_', ' ')} {', '.join(map(str, value)) if isinstance(value, tuple) else value}"
        for name, value in told.items()
    )
    return {**fault, "told": "; ".join(texts)}
