"""The parameters of a fault, read from JSON and checked. Each error is one line: field, value, and what is valid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from localnet.faults.kinds import KINDS
from localnet.protocol.ids import parse_entity
from localnet.protocol.status import codes

_ALWAYS = frozenset({"kind", "name", "start", "duration"})
_HOWS = ("hang", "reset")
_STATUSES = frozenset(codes.ResponseCodeEnum.keys())


class FaultError(ValueError):
    """A fault's parameters are invalid; the message is one line."""


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """One fault as requested. Times are in seconds.

    Attributes:
        kind: One of `kinds.KINDS`.
        name: What reports call it; "" for its kind.
        start: Time until it begins; 0 is at once.
        duration: Its length; None until it is removed.
        nodes: Account ids of the nodes it affects; empty for all.
        operations: gRPC methods (`submitMessage`, `getTransactionReceipts`, …) or JSON-RPC methods; empty for all.
        topics: Topic ids it affects; empty for all.
        sequence_numbers: Sequence numbers of messages it affects; empty for all.
        share: Probability, above 0 to 1, with which it hits a call or message in its scope, drawn from the seed.
        count: It ends after so many hits; None for no limit.
        delay: See the kind; below 0 only for `clock-skew`.
        jitter: Largest deviation from `delay`.
        status: Name of a status code.
        how: `hang` or `reset`.
        code: An HTTP status from 500 to 599.
    """

    kind: str
    name: str = ""
    start: float = 0.0
    duration: float | None = None
    nodes: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    sequence_numbers: tuple[int, ...] = ()
    share: float = 1.0
    count: int | None = None
    delay: float = 0.0
    jitter: float = 0.0
    status: str = ""
    how: str = "hang"
    code: int = 503

    def told(self) -> dict[str, Any]:
        """The parameters that its kind takes, as JSON."""
        takes = KINDS[self.kind].takes | _ALWAYS - (frozenset() if self.name else {"name"})
        return {name: value for name, value in asdict(self).items() if name in takes}


def parse_faults(data: Any, node_ids: list[str]) -> list[FaultSpec]:
    """Read one fault or a list of faults.

    Raises:
        FaultError: one of them is invalid; then none must be used.
    """
    faults = data if isinstance(data, list) else [data]
    if not faults:
        raise FaultError('no fault given; a fault is an object like {"kind": "node-down", "duration": 30}')
    return [parse_fault(fault, node_ids) for fault in faults]


def parse_fault(data: Any, node_ids: list[str]) -> FaultSpec:
    """Read one fault.

    Args:
        data: The decoded JSON object.
        node_ids: Account ids of the network's nodes.

    Raises:
        FaultError: it is invalid.
    """
    if not isinstance(data, dict):
        raise FaultError(f'{data!r} is not a fault; a fault is an object like {{"kind": "node-down"}}')
    name = data.get("kind")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise FaultError(f"kind {name!r}: choose one of {', '.join(KINDS)}")
    assert isinstance(name, str)
    for field in data:
        if field not in kind.takes | _ALWAYS:
            raise FaultError(f"{field} {data[field]!r}: {name} takes {', '.join(sorted(kind.takes | _ALWAYS))}")
    if kind.needs and kind.needs not in data:
        raise FaultError(f"{kind.needs}: {name} needs it, e.g. {kind.example}")
    return FaultSpec(**{field: _value(name, field, value, node_ids) for field, value in data.items()})


def _value(name: str, field: str, value: Any, node_ids: list[str]) -> Any:
    """The checked value of one field."""
    if value is None and field in ("duration", "count"):
        return None
    if field == "nodes":
        return _chosen(field, value, node_ids)
    if field == "delay" and name != "clock-skew":
        return _number(field, value, 0.0, 86_400.0)
    return _CHECKS[field](field, value)


def _list(field: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise FaultError(f"{field} {value!r}: give a list")
    return value


def _chosen(field: str, value: Any, choices: list[str]) -> tuple[str, ...]:
    for item in _list(field, value):
        if item not in choices:
            raise FaultError(f"{field} {item!r}: choose of {', '.join(choices)}")
    return tuple(value)


def _entity(field: str, value: Any) -> str:
    number = parse_entity(value) if isinstance(value, str) else None
    if number is None:
        raise FaultError(f"{field} {value!r}: give ids like 0.0.1002")
    return f"0.0.{number}"


def _number(field: str, value: Any, low: float, high: float, *, open_low: bool = False) -> float:
    right = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    if not right or (open_low and value == low):
        raise FaultError(f"{field} {value!r}: give a number {'above' if open_low else 'from'} {low:g} to {high:g}")
    return float(value)


def _whole(field: str, value: Any, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise FaultError(f"{field} {value!r}: give a whole number from {low} to {high}")
    return value


def _status(field: str, value: Any) -> str:
    if not isinstance(value, str) or value not in _STATUSES:
        raise FaultError(f"{field} {value!r}: name a status code of the network, e.g. BUSY")
    return value


def _text(field: str, value: Any) -> str:
    if not isinstance(value, str):
        raise FaultError(f"{field} {value!r}: give a text")
    return value


_CHECKS: Final[dict[str, Callable[[str, Any], Any]]] = {
    "kind": _text,
    "name": _text,
    "start": lambda field, value: _number(field, value, 0.0, 86_400.0),
    "duration": lambda field, value: _number(field, value, 0.0, 86_400.0, open_low=True),
    "delay": lambda field, value: _number(field, value, -86_400.0, 86_400.0),
    "jitter": lambda field, value: _number(field, value, 0.0, 86_400.0),
    "share": lambda field, value: _number(field, value, 0.0, 1.0, open_low=True),
    "count": lambda field, value: _whole(field, value, 1, 10**9),
    "code": lambda field, value: _whole(field, value, 500, 599),
    "status": _status,
    "how": lambda field, value: _chosen(field, [value], list(_HOWS))[0],
    "operations": lambda field, value: tuple(_text(field, item) for item in _list(field, value)),
    "topics": lambda field, value: tuple(_entity(field, item) for item in _list(field, value)),
    "sequence_numbers": lambda field, value: tuple(_whole(field, item, 1, 10**15) for item in _list(field, value)),
}

PARAMETERS = tuple(field.name for field in fields(FaultSpec) if field.name != "kind")
"""All parameters, in the order of the command line's help."""
