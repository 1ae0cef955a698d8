"""The gRPC services of one consensus node."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from grpc_http2.server import Method, ResetStreamError, RpcError, StatusCode
from localnet import pb
from localnet.faults import Fault, FaultEngine
from localnet.node.request_handler import MalformedQueryError, RequestHandler
from localnet.node.structure import MAX_GOVERNANCE_BYTES, MAX_TRANSACTION_BYTES
from localnet.protocol.ids import format_entity

Process = Callable[[bytes, Fault | None], bytes]


class NodeService:
    """Every method of every service of a consensus node.

    As on the real network, the body of a transaction decides what it does, not the method it came through; so all
    methods that take a `Transaction` are one, and all that take a `Query` are another. Faults select calls by the
    method's name.

    Attributes:
        methods: The methods, by path.
    """

    def __init__(self, handler: RequestHandler, number: int, faults: FaultEngine) -> None:
        self._handler = handler
        self._number = number
        self._name = format_entity(number)
        self._faults = faults
        process: dict[str, Process] = {"Transaction": self._submit, "Query": self._query}
        self.methods: dict[str, Method] = {
            f"/{service.full_name}/{method.name}": self._method(method.name, process[method.input_type.name])
            for file in pb.NODE_SERVICE_FILES
            for service in file.DESCRIPTOR.services_by_name.values()
            for method in service.methods
            if method.input_type.name in process
        }

    def _method(self, name: str, process: Process) -> Method:
        faults = self._faults.at_node

        def handle(request: bytes) -> bytes | Awaitable[bytes]:
            return self._with_faults(name, process, request) if faults else process(request, None)

        return handle

    def _submit(self, request: bytes, fault: Fault | None) -> bytes:
        _require_length(request, MAX_GOVERNANCE_BYTES)
        return self._handler.submit(request, self._number, fault)

    def _query(self, request: bytes, fault: Fault | None) -> bytes:
        _require_length(request, MAX_TRANSACTION_BYTES)
        try:
            return self._handler.query(request, self._number, fault)
        except MalformedQueryError as error:
            raise RpcError(StatusCode.INVALID_ARGUMENT, str(error)) from error

    async def _with_faults(self, method: str, process: Process, request: bytes) -> bytes:
        """Handle one call while there are faults; the first that hits it decides."""
        fault = self._faults.hit(self._faults.at_node, self._name, method)
        if fault is None:
            return process(request, None)
        match fault.spec.kind:
            case "node-down":
                raise RpcError(StatusCode.UNAVAILABLE, "node is down")
            case "node-reset":
                raise ResetStreamError
            case "node-hang":
                await _hang(fault)
            case "node-slow":
                await asyncio.sleep(self._faults.delay_of(fault))
                return process(request, None)
        answer = process(request, fault)
        if fault.spec.kind == "ack-lost":
            if fault.spec.how == "hang":
                await _hang(fault)
            raise RpcError(StatusCode.UNAVAILABLE, "Socket closed")
        return answer


def _require_length(request: bytes, longest: int) -> None:
    """Refuse requests that are too long for precheck (hiero-consensus-node, MethodBase, GrpcServiceBuilder).

    Transactions may have the size allowed to governance accounts (HIP-1300), because the payer is read later; then
    those of other payers above 6,144 bytes get TRANSACTION_OVERSIZE (TransactionChecker). Queries may have 6,144.

    Raises:
        RpcError: it is too long; without a message, as on the real network.
    """
    if len(request) > longest:
        raise RpcError(StatusCode.UNKNOWN, "")


async def _hang(fault: Fault) -> None:
    """Answer nothing until the fault is over or the client gives up."""
    await fault.over.wait()
    raise RpcError(StatusCode.UNAVAILABLE, "Socket closed")
