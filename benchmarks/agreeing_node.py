"""A node that agrees to everything, in a process of its own: what the client's benchmarks send to."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

RECEIPT_AFTER_S: Final = 1.1


@contextmanager
def server() -> Iterator[str]:
    """Such a server; its address."""
    command = [sys.executable, "-m", "benchmarks.agreeing_node"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 (itself)
    assert process.stdout is not None
    try:
        yield f"127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


def serve() -> None:
    """Answer OK to every transaction, and every receipt query RECEIPT_AFTER_S after it was first asked for it."""
    import grpc
    import grpc.aio
    from hiero_sdk_python.hapi.services import query_pb2, response_code_pb2, response_pb2

    asked: dict[bytes, float] = {}

    def receipt(request: bytes) -> bytes:
        wanted = query_pb2.Query.FromString(request).transactionGetReceipt.transactionID.SerializeToString()
        first = asked.setdefault(wanted, time.monotonic())
        response = response_pb2.Response()
        there = time.monotonic() - first >= RECEIPT_AFTER_S
        response.transactionGetReceipt.receipt.status = (
            response_code_pb2.SUCCESS if there else response_code_pb2.UNKNOWN
        )
        return bytes(response.SerializeToString())

    class Node(grpc.GenericRpcHandler):
        def service(self, details: Any) -> Any:
            is_receipt = details.method.endswith("getTransactionReceipts")

            async def answer(request: bytes, _: Any) -> bytes:
                return receipt(request) if is_receipt else b""

            return grpc.unary_unary_rpc_method_handler(answer)

    async def run() -> None:
        server = grpc.aio.server(handlers=[Node()])
        print(server.add_insecure_port("127.0.0.1:0"), flush=True)
        await server.start()
        await asyncio.to_thread(sys.stdin.read)  # until the parent is gone

    asyncio.run(run())


if __name__ == "__main__":
    serve()
