"""Connections that end all the time, as the real nodes end them, are nothing that gRPC's own clients notice."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

import grpc

from localnet import pb

CALLERS = 200
LOAD_S = 4.0
WAIT_S = 20.0


def test_grpcio_under_load(hurried: dict[str, Any]) -> None:
    """200 calls at once on one channel, ten per connection, and connections that are asked to leave after half a
    second: no call fails (NettyConfig prod.maxConcurrentCalls, prod.maxConnectionAge)."""
    outcomes: Counter[str] = Counter()
    query = pb.Query(cryptogetAccountBalance={"accountID": {"accountNum": 3}}).SerializeToString()

    async def caller(channel: grpc.aio.Channel, until: float) -> None:
        while time.monotonic() < until:
            try:
                await channel.unary_unary("/proto.CryptoService/cryptoGetBalance")(query, timeout=WAIT_S)
                outcomes["ok"] += 1
            except grpc.aio.AioRpcError as error:
                outcomes[f"{error.code()} {error.details()}"] += 1

    async def main() -> None:
        until = time.monotonic() + LOAD_S
        async with grpc.aio.insecure_channel(next(iter(hurried["nodes"]))) as channel:
            await asyncio.gather(*(caller(channel, until) for _ in range(CALLERS)))

    asyncio.run(main())
    assert list(outcomes) == ["ok"], outcomes
    assert outcomes["ok"] >= CALLERS
