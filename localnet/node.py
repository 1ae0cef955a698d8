"""The gRPC face of one consensus node."""

from __future__ import annotations

from typing import Any

import grpc

from localnet import pb
from localnet.gateway import Gateway, MalformedQueryError


class NodeService(grpc.GenericRpcHandler):
    """Every method of every service of a consensus node.

    As on the real network, what a transaction does is told by its body, not by the method it came through; so all
    methods that take a `Transaction` are one, and all that take a `Query` are the other. Bytes go through as they are.
    """

    def __init__(self, gateway: Gateway, number: int) -> None:
        self._gateway = gateway
        self._number = number
        submit = grpc.unary_unary_rpc_method_handler(self._submit)
        query = grpc.unary_unary_rpc_method_handler(self._query)
        handlers = {"Transaction": submit, "Query": query}
        self._methods = {
            f"/{service.full_name}/{method.name}": handlers[method.input_type.name]
            for file in pb.NODE_SERVICE_FILES
            for service in file.DESCRIPTOR.services_by_name.values()
            for method in service.methods
            if method.input_type.name in handlers
        }

    def service(self, handler_call_details: Any) -> Any:
        """The handler of a method, or None for UNIMPLEMENTED."""
        return self._methods.get(handler_call_details.method)

    async def _submit(self, request: bytes, context: Any) -> bytes:  # noqa: ARG002 (gRPC's signature)
        return self._gateway.submit(request, self._number)

    async def _query(self, request: bytes, context: Any) -> bytes:
        try:
            return self._gateway.query(request, self._number)
        except MalformedQueryError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
            raise
