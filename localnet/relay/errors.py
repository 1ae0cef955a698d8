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


def invalid_parameter(index: int | str, message: str) -> RpcError:
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


def invalid_arguments(message: str) -> RpcError:
    """What was sent cannot be read as a transaction."""
    return RpcError(-32000, f"Invalid arguments: {message}")


def unsupported_blobs() -> RpcError:
    """A transaction of type 3 (HIP-866)."""
    return RpcError(-32611, "Unsupported transaction type: txType=3")


def needs_evm(message: str) -> RpcError:
    """What would need an EVM."""
    return RpcError(-32610, f"Unsupported operation. {message}")


def transaction_too_large(size: int, limit: int) -> RpcError:
    """A transaction has too many bytes."""
    return RpcError(-32201, f"Oversized data: transaction size {size}, transaction limit {limit}")


def data_too_large(size: int, limit: int) -> RpcError:
    """Its data have too many bytes."""
    return RpcError(-32201, f"Oversized data: call data size {size}, call data size limit {limit}")


def gas_limit_too_high(limit: int, most: int) -> RpcError:
    """More gas than any transaction may have."""
    return RpcError(-32005, f"Transaction gas limit '{limit}' exceeds max gas per sec limit '{most}'")


def gas_limit_too_low(limit: int, needed: int) -> RpcError:
    """Less gas than it takes before anything is done."""
    told = f"Transaction gas limit provided '{limit}' is insufficient of intrinsic gas required '{needed}'"
    return RpcError(-32003, told)


def gas_price_too_low(offered: int, least: int) -> RpcError:
    """Less than the network's gas price."""
    return RpcError(-32009, f"Gas price '{offered}' is below configured minimum gas price '{least}'")


def unsupported_chain(asked: str, current: str) -> RpcError:
    """It is for another chain."""
    return RpcError(-32000, f"ChainId ({asked}) not supported. The correct chainId is {current}")


def value_too_low() -> RpcError:
    """A part of a tinybar."""
    return RpcError(-32602, "Value can't be non-zero and less than 10_000_000_000 wei which is 1 tinybar")


def nonce_too_low(given: int, current: int) -> RpcError:
    """The nonce was used, or is on its way."""
    return RpcError(-32000, f"Nonce too low. Provided nonce: {given}, current nonce: {current}")


def nonce_too_high(given: int, current: int) -> RpcError:
    """The nonces before it were not used."""
    return RpcError(-32000, f"Nonce too high. Provided nonce: {given}, current nonce: {current}")


def not_found(message: str) -> RpcError:
    """There is no such account."""
    return RpcError(-32001, f"Requested resource not found. {message}")


def insufficient_balance() -> RpcError:
    """The sender cannot pay value and gas."""
    return RpcError(-32000, "Insufficient funds for transfer")


def receiver_signature() -> RpcError:
    """The recipient has to sign what it receives."""
    return RpcError(-32000, "Operation is not supported when receiver's signature is enabled.")


def rejected(status: str, message: str) -> RpcError:
    """The network refused it, and nothing has happened."""
    return RpcError(-32003, f"Transaction rejected: {status} - {message}")


def consensus_node_error(status: str, number: int, message: str) -> RpcError:
    """No node could be reached."""
    return RpcError(-32000, f"Consensus node error: {status} ({number}): {message}")


def request_timeout() -> RpcError:
    """No answer of the network in time; what was sent may still be carried out."""
    return RpcError(-32010, "Request timeout. Please try again.")


def unknown_block() -> RpcError:
    """There is no such block."""
    return RpcError(-39012, "Unknown block")


def beyond_head(asked: int, latest: int) -> RpcError:
    """A block that is not there yet."""
    return RpcError(-32000, f"Request beyond head block: requested {asked}, head {latest}")


def missing_from_block() -> RpcError:
    """A range of blocks with an end and no beginning."""
    return RpcError(-32011, "Provided toBlock parameter without specifying fromBlock")


def invalid_block_range() -> RpcError:
    """A range of blocks that ends before it begins."""
    return RpcError(-39013, "Invalid block range")


def range_too_large(limit: int) -> RpcError:
    """A range of too many blocks."""
    return RpcError(-32000, f"Exceeded maximum block range: {limit}")
