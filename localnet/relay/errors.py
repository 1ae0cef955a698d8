"""The relay's errors, with the codes and messages of JsonRpcError.ts and RpcError.ts."""

from __future__ import annotations


class RpcError(Exception):
    """A request that is answered with an error object."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def http_status(self) -> int:
        """The HTTP status of an answer that consists of this error alone (httpErrorMapper.ts)."""
        return {-32603: 500, -32605: 429}.get(self.code, 400)


def parse_error() -> RpcError:
    """The body is not JSON."""
    return RpcError(-32700, "Parse error")


def invalid_request() -> RpcError:
    """It is JSON, but not a JSON-RPC 2.0 request with an id."""
    return RpcError(-32600, "Invalid Request")


def method_not_found(method: str) -> RpcError:
    """The method is unknown."""
    return RpcError(-32601, f"Method {method} not found")


def unsupported_method() -> RpcError:
    """Ethereum has this method, this network does not."""
    return RpcError(-32601, "Unsupported JSON-RPC method")


def not_yet_implemented() -> RpcError:
    """A method of the namespaces for debugging."""
    return RpcError(-32601, "Not yet implemented")


def invalid_parameters() -> RpcError:
    """There are too many parameters."""
    return RpcError(-32602, "Invalid params")


def missing_parameter(index: int) -> RpcError:
    """A required parameter is not there."""
    return RpcError(-32602, f"Missing value for required parameter {index}")


def invalid_parameter(index: int, message: str) -> RpcError:
    """A parameter is of the wrong form."""
    return RpcError(-32602, f"Invalid parameter {index}: {message}")


def internal_error() -> RpcError:
    """An internal error."""
    return RpcError(-32603, "Unknown error invoking RPC")


def rate_limited(method: str) -> RpcError:
    """The address has called this method too often."""
    return RpcError(-32605, f"IP Rate limit exceeded on {method}")


def batch_too_large(size: int, limit: int) -> RpcError:
    """A batch holds too many requests."""
    return RpcError(-32203, f"Batch request amount {size} exceeds max {limit}")


def not_in_batches(method: str) -> RpcError:
    """A method that is not answered as part of a batch."""
    return RpcError(-32007, f"Method {method} is not permitted as part of batch requests")


def unknown_historical_balance() -> RpcError:
    """A balance at a block whose transactions are not all remembered any more."""
    return RpcError(-32007, "Historical balance data is available only after 15 minutes.")
