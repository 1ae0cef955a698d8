"""The gRPC face of one consensus node."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from localnet import pb
from localnet.faults import Fault, FaultEngine
from localnet.gateway import Gateway, MalformedQueryError
from localnet.ids import format_entity

Process = Callable[[bytes, int, Fault | None], bytes]
Handle = Callable[[bytes, Any], Awaitable[bytes]]


class NodeService(grpc.GenericRpcHandler):
    """Every method of every service of a consensus node.

    As on the real network, what a transaction does is told by its body, not by the method it came through; so all
    methods that take a `Transaction` are one, and all that take a `Query` are the other. Bytes go through as they are.
    The method's name is what faults go by.
    """

    def __init__(self, gateway: Gateway, number: int, faults: FaultEngine) -> None:
        self._gateway = gateway
        self._number = number
        self._name = format_entity(number)
        self._faults = faults
        process: dict[str, Process] = {"Transaction": gateway.submit, "Query": gateway.query}
        self._methods = {
            f"/{service.full_name}/{method.name}": grpc.unary_unary_rpc_method_handler(
                self._handler(method.name, process[method.input_type.name])
            )
            for file in pb.NODE_SERVICE_FILES
            for service in file.DESCRIPTOR.services_by_name.values()
            for method in service.methods
            if method.input_type.name in process
        }

    def service(self, handler_call_details: Any) -> Any:
        """The handler of a method, or None for UNIMPLEMENTED."""
        return self._methods.get(handler_call_details.method)

    def _handler(self, method: str, process: Process) -> Handle:
        async def handle(request: bytes, context: Any) -> bytes:
            try:
                if self._faults.at_node:
                    return await self._with_faults(method, process, request, context)
                return process(request, self._number, None)
            except MalformedQueryError as error:
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
                raise

        return handle

    async def _with_faults(self, method: str, process: Process, request: bytes, context: Any) -> bytes:
        """Handle one call while there are faults; the first that hits it decides."""
        fault = self._faults.hit(self._faults.at_node, self._name, method)
        if fault is None:
            return process(request, self._number, None)
        match fault.spec.kind:
            case "node-down":
                await context.abort(grpc.StatusCode.UNAVAILABLE, "node is down")
            case "node-reset":
                await context.abort(grpc.StatusCode.INTERNAL, "Received RST_STREAM with error code 2")
            case "node-hang":
                await _hang(fault, context)
            case "node-slow":
                await asyncio.sleep(self._faults.delay_of(fault))
                return process(request, self._number, None)
        answer = process(request, self._number, fault)
        if fault.spec.kind == "ack-lost":
            if fault.spec.how == "hang":
                await _hang(fault, context)
            await context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
        return answer


async def _hang(fault: Fault, context: Any) -> None:
    """Answer nothing until the fault is over or the client gives up."""
    await fault.over.wait()
    await context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
