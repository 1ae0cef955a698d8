"""JSON-RPC 2.0 as the relay speaks it: single requests and batches, in text and out (koaJsonRpc/index.ts)."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import math
from dataclasses import dataclass
from typing import Any, Final

from localnet.faults import FaultEngine
from localnet.relay.chain import Chain
from localnet.relay.errors import (
    RpcError,
    batch_too_large,
    internal_error,
    invalid_request,
    method_not_found,
    not_in_batches,
    not_yet_implemented,
    parse_error,
    unsupported_method,
)
from localnet.relay.failures import GatewayError, strike
from localnet.relay.limits import DEFAULT_LIMIT, RateLimits
from localnet.relay.methods import METHODS
from localnet.relay.parameters import check_parameters

log = logging.getLogger(__name__)

MAX_BATCH: Final = 100
"""Requests in a batch."""

NAMESPACES: Final = ("eth", "debug", "net", "web3", "txpool", "trace", "admin")
"""The namespaces that are open (`RPC_HTTP_API`); `engine` is refused as unsupported, any other is unknown."""

SINGLE_ONLY: Final = frozenset(
    {
        "debug_traceBlockByNumber",
        "debug_traceTransaction",
        "eth_getFilterChanges",
        "eth_getFilterLogs",
        "eth_newBlockFilter",
        "eth_newFilter",
        "eth_newPendingTransactionFilter",
        "eth_uninstallFilter",
    }
)
"""Methods that are not answered in a batch (`BATCH_REQUESTS_DISALLOWED_METHODS`)."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller: the address to which limits apply, and the request id of the answer and its errors."""

    address: str
    request_id: str


class Rpc:
    """Answers JSON-RPC.

    Args:
        chain: The data of the methods.
        faults: The injected faults.
        limits: Limits per address; None for no limit.
    """

    def __init__(self, chain: Chain, faults: FaultEngine, limits: RateLimits | None = None) -> None:
        self._chain = chain
        self._faults = faults
        self._limits = limits

    async def answer(self, body: bytes, caller: Caller) -> tuple[int, Any]:
        """Answer the body of an HTTP request; returns the HTTP status and what to send as JSON.

        Raises:
            GatewayError: a fault makes the whole HTTP request fail.
        """
        try:
            message = json.loads(body or b"{}", parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            return self.unreadable(caller)
        if not isinstance(message, dict | list):  # nothing else counts as JSON there (co-body, strict)
            return self.unreadable(caller)
        if isinstance(message, list):
            return 200, await self._batch(message, caller)
        try:
            return 200, await self._single(message, caller)
        except _FailedError as failed:
            return _alone(_error(failed.id, failed.error, caller), failed.error)

    def unreadable(self, caller: Caller) -> tuple[int, Any]:
        """The answer to a body that cannot be read."""
        return _alone(_error(None, parse_error(), caller), parse_error())

    async def _batch(self, messages: list[Any], caller: Caller) -> list[Any]:
        """Answer each request of a batch in its place, all at once; the HTTP status is 200 whatever the answers are."""
        if len(messages) > MAX_BATCH:
            return [_error(None, batch_too_large(len(messages), MAX_BATCH), caller)] * len(messages)
        return list(await asyncio.gather(*(self._of_batch(message, caller) for message in messages)))

    async def _of_batch(self, message: Any, caller: Caller) -> dict[str, Any]:
        try:
            return await self._single(message, caller, in_batch=True)
        except _FailedError as failed:
            return _error(failed.id, failed.error, caller)

    async def _single(self, message: Any, caller: Caller, *, in_batch: bool = False) -> dict[str, Any]:
        if not isinstance(message, dict) or "id" not in message or not _is_id(message["id"]):
            raise _FailedError(None, invalid_request())
        number = message["id"]
        try:
            method = _method(message, in_batch=in_batch)
            result = await self._call(method, message.get("params"), caller)
        except RpcError as error:
            raise _FailedError(number, error) from error
        except GatewayError:
            raise
        except Exception as error:  # for every error the caller gets a JSON-RPC answer
            log.exception("%s failed", message.get("method"))
            raise _FailedError(number, internal_error()) from error
        return {"jsonrpc": "2.0", "id": number, "result": result}

    async def _call(self, name: str, params: Any, caller: Caller) -> Any:
        namespace = name.partition("_")[0]
        if namespace not in NAMESPACES:
            raise unsupported_method() if namespace == "engine" else method_not_found(name)
        if self._faults.at_relay:
            strike(self._faults, name)
        method = METHODS.get(name)
        if self._limits is not None:
            # Unknown names are counted together, so that they cannot fill the memory.
            self._limits.count(caller.address, name if method else "", method.limit if method else DEFAULT_LIMIT)
        if method is None:
            raise not_yet_implemented() if namespace in ("debug", "trace") else method_not_found(name)
        if method.expects is None:
            return await _complete(method.answer(self._chain))
        given = params if isinstance(params, list) else [] if params is None else [params]
        check_parameters(given, method.expects, optional=method.optional)
        return await _complete(method.answer(self._chain, *given))


async def _complete(result: Any) -> Any:
    """What a method has answered, which may have to be waited for."""
    return await result if inspect.isawaitable(result) else result


class _FailedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, number: Any, error: RpcError) -> None:
        super().__init__(error.message)
        self.id = number
        self.error = error


def _method(message: dict[str, Any], *, in_batch: bool) -> str:
    """The method that a request names.

    Raises:
        RpcError: it is not a request (-32600), or the method is not answered in a batch (-32007).
    """
    method = message.get("method")
    if message.get("jsonrpc") != "2.0" or not isinstance(method, str):
        raise invalid_request()
    if in_batch and method in SINGLE_ONLY:
        raise not_in_batches(method)
    return method


def _is_id(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or (isinstance(value, str | int) and not isinstance(value, bool))


def _refuse_constant(name: str) -> None:
    """NaN and Infinity are not JSON, though Python's parser accepts them."""
    raise ValueError(name)


def _error(number: Any, error: RpcError, caller: Caller) -> dict[str, Any]:
    message = f"[Request ID: {caller.request_id}] {error.message}"
    return {"jsonrpc": "2.0", "id": number, "error": {"code": error.code, "message": message}}


def _alone(answer: dict[str, Any], error: RpcError) -> tuple[int, dict[str, Any]]:
    return error.http_status, answer
