"""A mirror's gRPC port that passes a real mirror's stream on, and breaks it as it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from hiero_sdk_python.hapi.mirror import consensus_service_pb2 as mirror

from hedera_client.topic_subscription import SUBSCRIBE

Submit = Callable[[], int]
"""Writes a message to the topic, and returns its sequence number."""


class MirrorFront(grpc.GenericRpcHandler):
    """Passes subscriptions on to the mirror at `address`.

    Attributes:
        leave_out: Sequence numbers that streams do not show.
        freeze_after: Streams that exist show nothing after this number; those opened later do. None for no freeze.
        end_after: A stream ends behind this number, once. None for no end.
        subscriptions: How many there were, each with its peer, which names the connection.
    """

    def __init__(self, address: str) -> None:
        self.leave_out: set[int] = set()
        self.freeze_after: int | None = None
        self.end_after: int | None = None
        self.subscriptions: list[str] = []
        self._over = threading.Event()
        self._upstream = grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
        self._server = grpc.server(ThreadPoolExecutor(32), handlers=[self], options=[("grpc.so_reuseport", 0)])
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def service(self, details: Any) -> Any:
        return grpc.unary_stream_rpc_method_handler(self._subscribe) if details.method == SUBSCRIBE else None

    def _subscribe(self, request: bytes, context: Any) -> Iterator[bytes]:
        self.subscriptions.append(context.peer())
        first = len(self.subscriptions) == 1
        call = self._upstream.unary_stream(SUBSCRIBE)(request)
        context.add_callback(call.cancel)
        try:
            for response in call:
                number = mirror.ConsensusTopicResponse.FromString(response).sequenceNumber
                if first and self.freeze_after is not None and number > self.freeze_after:
                    gone = threading.Event()
                    context.add_callback(gone.set)
                    while not (gone.is_set() or self._over.is_set()):
                        gone.wait(0.1)
                    return
                if number not in self.leave_out:
                    yield response
                if first and number == self.end_after:
                    return
        except grpc.RpcError:
            return

    def stop(self) -> None:
        self._over.set()
        self._upstream.close()
        self._server.stop(None).wait()
