"""A front that cuts: it hands a call to the node, and then lets the client hear something else than the answer.

What it does is what proxies and networks do. Which of it can be told apart by a client, and which cannot, is the point:
a reset with REFUSED_STREAM looks the same whether the node has the request or not.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import grpc
import grpc.aio

from tests.fronts.h2_server import CANCEL, INTERNAL_ERROR, REFUSED_STREAM, Call, Connection

When = Literal["before", "under way", "after"]
"""Before: the node never gets it. Under way: it has been sent to the node. After: the node has answered."""

SUBMIT: Final = "/proto.ConsensusService/submitMessage"
BACKEND_TIMEOUT_S: Final = 30.0

RESETS: Final[Mapping[str, int]] = {"refused": REFUSED_STREAM, "cancelled": CANCEL, "internal": INTERNAL_ERROR}
PROXY_PAGE: Final = {":status": "502", "content-type": "text/html"}

HOWS: Final = (*RESETS, "close", "abort", "goaway", "502", "silence", "late")
"""refused, cancelled, internal: RST_STREAM with that code (HAProxy in HTTP mode: mux_h2.c h2_do_shutr, h2_do_shutw).
close, abort: the whole connection ends, by FIN or RST. goaway: GOAWAY that names the highest call that was handed on as
possibly processed, and then the end. 502: what nginx says when the node has gone. silence: nothing, ever. late: the
answer, after `LATE_S`."""

LATE_S: Final = 0.7


@dataclass(frozen=True)
class Cut:
    """What becomes of some calls.

    Attributes:
        how: One of HOWS.
        when: At which moment.
        share: Of the calls, 0 to 1.
        paths: Which methods; none means all.
        spare: As many calls go well before the first that is cut.
        count: At most so many are cut.
    """

    how: str
    when: When = "after"
    share: float = 1.0
    paths: tuple[str, ...] = (SUBMIT,)
    spare: int = 0
    count: int = 1_000_000


class CuttingFront:
    """One front before each of some nodes, in a thread of its own.

    Args:
        backends: `host:port` of the nodes.

    Attributes:
        addresses: Where each is reached, by its backend.
        handed_on: How often each request was handed to a node, by its bytes.
        cut: How often each kind of cut was made, by `how` and `when`.
    """

    def __init__(self, backends: list[str], seed: int = 1) -> None:
        self.addresses: dict[str, str] = {}
        self.handed_on: Counter[bytes] = Counter()
        self.cut: Counter[tuple[str, str]] = Counter()
        self._random = random.Random(seed)
        self._cuts: list[Cut] = []
        self._seen: Counter[Cut] = Counter()
        self._made: Counter[Cut] = Counter()
        self._connections: set[Connection] = set()
        self._channels: list[grpc.aio.Channel] = []
        self._servers: list[asyncio.Server] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        for backend in backends:
            self.addresses[backend] = self._do(self._listen(backend))

    def cutting(self, *cuts: Cut) -> None:
        """From now on make these cuts, the first that applies; without any, make none. Counts begin anew."""
        self._cuts = list(cuts)
        for counter in (self._seen, self._made, self.handed_on, self.cut):
            counter.clear()

    def rest(self) -> None:
        """From now on make no cuts; the counts stay."""
        self._cuts = []

    def abort_all(self) -> None:
        """Reset every connection that there is."""
        self._do(self._abort_all())

    def stop(self) -> None:
        """End it; may be called again."""
        if self._loop.is_running():
            self._do(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)
            self._loop.close()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _listen(self, backend: str) -> str:
        channel = grpc.aio.insecure_channel(backend)
        self._channels.append(channel)

        async def on_call(call: Call) -> None:
            await self._take(channel, call)

        async def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = Connection(reader, writer, on_call)
            self._connections.add(connection)
            try:
                await connection.serve()
            finally:
                self._connections.discard(connection)

        server = await asyncio.start_server(on_connection, "127.0.0.1", 0)
        self._servers.append(server)
        host, port = server.sockets[0].getsockname()
        return f"{host}:{port}"

    async def _take(self, channel: grpc.aio.Channel, call: Call) -> None:
        """Let one call come to its end, whatever that is."""
        cut = self._chosen(call)
        if cut is not None and cut.when == "before":
            await self._make(cut, call)
            return
        if not call.connection.handing_on(call.stream):
            return
        self.handed_on[call.request] += 1
        answer = asyncio.ensure_future(channel.unary_unary(call.path)(call.request, timeout=BACKEND_TIMEOUT_S))
        if cut is not None and cut.when == "under way":
            await asyncio.sleep(0)
            await self._make(cut, call)
        try:
            message = await answer
        except grpc.aio.AioRpcError as error:
            number = error.code().value[0]
            call.fail({":status": "200", "content-type": "application/grpc", "grpc-status": str(number)})
            return
        if cut is None:
            call.answer(message)
        elif cut.when == "after":
            if cut.how == "late":
                await asyncio.sleep(LATE_S)
                call.answer(message)
            else:
                await self._make(cut, call)

    def _chosen(self, call: Call) -> Cut | None:
        for cut in self._cuts:
            if cut.paths and call.path not in cut.paths:
                continue
            self._seen[cut] += 1
            if self._seen[cut] <= cut.spare or self._made[cut] >= cut.count or self._random.random() >= cut.share:
                continue
            self._made[cut] += 1
            self.cut[cut.how, cut.when] += 1
            return cut
        return None

    async def _make(self, cut: Cut, call: Call) -> None:
        """Let the client hear what it is to hear."""
        if cut.how in RESETS:
            call.reset(RESETS[cut.how])
        elif cut.how == "close":
            call.connection.close()
        elif cut.how == "abort":
            call.connection.abort()
        elif cut.how == "goaway":
            call.connection.goaway()
            await asyncio.sleep(0.01)
            call.connection.close()
        elif cut.how == "502":
            call.fail(PROXY_PAGE)

    async def _abort_all(self) -> None:
        for connection in list(self._connections):
            connection.abort()

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        await self._abort_all()
        for channel in self._channels:
            await channel.close()
        await asyncio.sleep(0.05)  # what waited for connections ends
