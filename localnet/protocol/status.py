"""Status codes of the network and the one exception that carries them.

`codes` is the SDK's generated enum module: `codes.INVALID_SIGNATURE` is the number that travels.
"""

from __future__ import annotations

from functools import lru_cache

from hiero_sdk_python.hapi.services import response_code_pb2 as codes

__all__ = ["RefusedError", "codes", "status_name", "status_number"]


class RefusedError(Exception):
    """The network refuses a request.

    Attributes:
        status: Number of the status code.
        cost: The sufficient amount, in tinybars, where the answer contains it; else 0.
    """

    def __init__(self, status: int, cost: int = 0) -> None:
        super().__init__(status_name(status))
        self.status = status
        self.cost = cost


def status_number(name: str) -> int:
    """The number of a status code.

    Raises:
        ValueError: no code has this name.
    """
    return int(codes.ResponseCodeEnum.Value(name))


@lru_cache(maxsize=1_024)  # the ledger counts every transaction twice by it
def status_name(status: int) -> str:
    """The name of a status code, e.g. `INVALID_SIGNATURE`; the bare number when this SDK does not know it."""
    try:
        return str(codes.ResponseCodeEnum.Name(status))
    except ValueError:
        return str(status)
