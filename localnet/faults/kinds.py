"""The kinds of faults: where each strikes, its parameters, and what a client sees.

To add one: a line here, and the code that checks for it. The control API, the command line, its help and
docs/faults.md follow from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Point(StrEnum):
    """Where a fault strikes."""

    NODE = "node"
    """A call on a consensus node."""
    CLOCK = "clock"
    """A node's clock."""
    CONSENSUS = "consensus"
    """The network as a whole."""
    MIRROR = "mirror"
    """The mirror as a whole."""
    MESSAGE = "message"
    """One message on its way into the mirror."""
    RELAY = "relay"
    """A call on the JSON-RPC relay."""


_SCOPE: Final = frozenset({"share", "count"})
_CALL: Final = _SCOPE | {"nodes", "operations"}
_MESSAGE: Final = _SCOPE | {"topics", "sequence_numbers"}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault.

    Attributes:
        point: Where it strikes.
        takes: Its parameters, beside `start` and `duration`.
        does: What it does.
        seen: What a client sees.
        example: Example arguments of `python -m localnet fault add`.
        needs: A parameter that must be given; "" for none.
    """

    point: Point
    takes: frozenset[str]
    does: str
    seen: str
    example: str
    needs: str = ""


KINDS: Final[dict[str, Kind]] = {
    "node-down": Kind(
        Point.NODE,
        _CALL,
        "refuses calls before they are read",
        "gRPC UNAVAILABLE at once",
        "node-down --nodes 0.0.3 --duration 30",
    ),
    "node-hang": Kind(
        Point.NODE,
        _CALL,
        "takes calls and answers none until it is over; nothing is processed",
        "its own deadline: DEADLINE_EXCEEDED",
        "node-hang --nodes 0.0.3,0.0.4 --share 0.5 --duration 20",
    ),
    "node-slow": Kind(
        Point.NODE,
        _CALL | {"delay", "jitter"},
        "waits `delay` seconds, give or take up to `jitter`, before it processes a call",
        "slow answers",
        "node-slow --delay 0.5 --jitter 0.2 --operations submitMessage",
        needs="delay",
    ),
    "node-reset": Kind(
        Point.NODE,
        _CALL,
        "breaks the stream after the request was read; nothing is processed",
        "gRPC INTERNAL with RST_STREAM: the outcome is unknown to the client",
        "node-reset --share 0.1",
    ),
    "status": Kind(
        Point.NODE,
        _CALL | {"status"},
        "answers with a status at precheck (transactions) or in the header (queries)",
        "that status, e.g. BUSY",
        "status --status BUSY --share 0.2 --duration 60",
        needs="status",
    ),
    "not-created": Kind(
        Point.NODE,
        _CALL,
        "the platform takes no transaction: PLATFORM_TRANSACTION_NOT_CREATED at the end of precheck",
        "precheck PLATFORM_TRANSACTION_NOT_CREATED",
        "not-created --nodes 0.0.5",
    ),
    "lost": Kind(
        Point.NODE,
        _CALL,
        "accepts a transaction that never reaches consensus",
        "precheck OK; receipt UNKNOWN, and RECEIPT_NOT_FOUND after 180 s",
        "lost --operations submitMessage --count 1",
    ),
    "ack-lost": Kind(
        Point.NODE,
        _CALL | {"how"},
        "processes a call and loses the answer: `how` hang (until it is over) or reset",
        "DEADLINE_EXCEEDED or UNAVAILABLE, although it reaches consensus",
        "ack-lost --how reset --share 0.1",
    ),
    "clock-skew": Kind(
        Point.CLOCK,
        frozenset({"nodes", "delay"}),
        "sets nodes' clocks `delay` seconds ahead (below 0: behind)",
        "INVALID_TRANSACTION_START or TRANSACTION_EXPIRED",
        "clock-skew --nodes 0.0.3 --delay -30",
        needs="delay",
    ),
    "stall": Kind(
        Point.CONSENSUS,
        frozenset(),
        "nothing reaches consensus; what waits reaches it, and gets its timestamp, when the stall is over",
        "receipts stay UNKNOWN",
        "stall --duration 0.5",
    ),
    "mirror-lag": Kind(
        Point.MIRROR,
        frozenset({"delay"}),
        "the mirror shows everything `delay` seconds later",
        "404, rows that are missing and silent streams for so long; its newest block is as old",
        "mirror-lag --delay 10",
        needs="delay",
    ),
    "mirror-outage": Kind(
        Point.MIRROR,
        frozenset(),
        "the mirror answers nothing and breaks its streams; it goes on importing",
        "HTTP 503, gRPC UNAVAILABLE",
        "mirror-outage --duration 15",
    ),
    "mirror-silent": Kind(
        Point.MIRROR,
        frozenset(),
        "streams that are open when it begins bring nothing any more, and do not end; new ones are as always",
        "a stream without messages, while REST shows them",
        "mirror-silent --duration 1",
    ),
    "mirror-drop": Kind(
        Point.MESSAGE,
        _MESSAGE,
        "the mirror leaves a message out",
        "a gap in the sequence numbers",
        "mirror-drop --topics 0.0.1002 --sequence-numbers 7",
    ),
    "mirror-repeat": Kind(
        Point.MESSAGE,
        _MESSAGE,
        "the mirror shows a message twice",
        "a sequence number twice",
        "mirror-repeat --count 1",
    ),
    "mirror-swap": Kind(
        Point.MESSAGE,
        _MESSAGE,
        "the mirror exchanges the contents of a message and the next one on its topic",
        "messages out of order, hash chain broken",
        "mirror-swap --sequence-numbers 5",
    ),
    "mirror-corrupt": Kind(
        Point.MESSAGE,
        _MESSAGE,
        "the mirror shows a message with one bit changed",
        "other bytes than were sent, hash chain broken",
        "mirror-corrupt --share 0.001",
    ),
    "mirror-late": Kind(
        Point.MESSAGE,
        _MESSAGE | {"delay"},
        "the mirror shows a message `delay` seconds later than its neighbours",
        "a gap that closes later",
        "mirror-late --delay 5 --sequence-numbers 9",
        needs="delay",
    ),
    "relay-limit": Kind(
        Point.RELAY,
        _SCOPE | {"operations"},
        "the relay says that its rate limit is exceeded",
        "HTTP 429, JSON-RPC error -32605",
        "relay-limit --operations eth_blockNumber --share 0.5",
    ),
    "relay-error": Kind(
        Point.RELAY,
        _SCOPE | {"operations", "code"},
        "the relay answers with an HTTP error, 503 unless `code` says another",
        "HTTP 5xx",
        "relay-error --code 502 --duration 10",
    ),
}
