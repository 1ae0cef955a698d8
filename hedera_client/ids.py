"""Identifiers of the network: entity ids, transaction ids, and where new transaction ids come from."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

from hiero_sdk_python.hapi.services import basic_types_pb2, timestamp_pb2

from grpc_http2.client.greenlets import make_lock
from hedera_client.errors import ClockError, Fate

LANES: Final = 1_000
"""How many processes can share a payer and a scatter and never issue the same transaction id."""

WIDEST_SLOT_NS: Final = 10_000_000
NARROWEST_SLOT_NS: Final = 1_000
"""Widths of the slots of time in which a generator issues one id each; powers of ten, and never less than LANES."""

AHEAD_NS: Final = 500_000_000
"""How far ids may be ahead of the clock before their slots become narrower: a burst of 50 passes in the widest."""

BACKDATE_NS: Final = 5_000_000_000
"""How far valid starts lie in the past: a node whose clock is behind by less still finds them started. (A node refuses
a start ahead of its own clock, without tolerance: hiero-consensus-node, `TransactionChecker`.)"""

NS_PER_S: Final = 1_000_000_000

_ENTITY = re.compile(r"(\d{1,19})\.(\d{1,19})\.(\d{1,19})", re.ASCII)
_TRANSACTION = re.compile(r"(\d{1,19}\.\d{1,19}\.\d{1,19})[@-](\d{1,12})[.-](\d{1,9})", re.ASCII)
_TIMESTAMP = re.compile(r"(\d{1,12})(?:\.(\d{1,9}))?", re.ASCII)


def parse_entity(text: str) -> tuple[int, int, int]:
    """Return shard, realm and number of an id like `0.0.1234`.

    Raises:
        ValueError: it has another form, or a number does not fit into 63 bits.
    """
    match = _ENTITY.fullmatch(text)
    numbers = tuple(int(part) for part in match.groups()) if match else ()
    if len(numbers) != 3 or max(numbers) >= 2**63:
        raise ValueError(f"{text!r} is not an id of the form shard.realm.number, e.g. '0.0.1234'")
    return numbers[0], numbers[1], numbers[2]


@lru_cache(maxsize=4_096)
def account_proto(account_id: str) -> basic_types_pb2.AccountID:
    """Protobuf of an account id. Shared and cached: embed it, never change it."""
    shard, realm, number = parse_entity(account_id)
    return basic_types_pb2.AccountID(shardNum=shard, realmNum=realm, accountNum=number)


@lru_cache(maxsize=4_096)
def topic_proto(topic_id: str) -> basic_types_pb2.TopicID:
    """Protobuf of a topic id. Shared and cached: embed it, never change it."""
    shard, realm, number = parse_entity(topic_id)
    return basic_types_pb2.TopicID(shardNum=shard, realmNum=realm, topicNum=number)


@lru_cache(maxsize=4_096)
def file_proto(file_id: str) -> basic_types_pb2.FileID:
    """Protobuf of a file id. Shared and cached: embed it, never change it."""
    shard, realm, number = parse_entity(file_id)
    return basic_types_pb2.FileID(shardNum=shard, realmNum=realm, fileNum=number)


def account_text(proto: basic_types_pb2.AccountID) -> str:
    """`0.0.N` of a protobuf account id."""
    return f"{proto.shardNum}.{proto.realmNum}.{proto.accountNum}"


def topic_text(proto: basic_types_pb2.TopicID) -> str:
    """`0.0.N` of a protobuf topic id."""
    return f"{proto.shardNum}.{proto.realmNum}.{proto.topicNum}"


def file_text(proto: basic_types_pb2.FileID) -> str:
    """`0.0.N` of a protobuf file id."""
    return f"{proto.shardNum}.{proto.realmNum}.{proto.fileNum}"


def timestamp_ns(proto: timestamp_pb2.Timestamp) -> int:
    """Nanoseconds since 1970 of a protobuf timestamp, exact."""
    return int(proto.seconds) * NS_PER_S + int(proto.nanos)


def parse_timestamp(text: str) -> int:
    """Nanoseconds since 1970 of the mirror's `seconds.nanoseconds`, exact.

    Raises:
        ValueError: it has another form.
    """
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a timestamp, e.g. '1700000000.000000001'")
    return int(match[1]) * NS_PER_S + int((match[2] or "0").ljust(9, "0"))


def timestamp_proto(ns: int) -> timestamp_pb2.Timestamp:
    """Protobuf of nanoseconds since 1970."""
    return timestamp_pb2.Timestamp(seconds=ns // NS_PER_S, nanos=ns % NS_PER_S)


class TransactionId(NamedTuple):
    """Payer and valid start: they identify a transaction over all attempts and nodes.

    Attributes:
        payer: Account id that pays, e.g. `0.0.2`.
        valid_start_ns: Start of its validity, nanoseconds since 1970.
    """

    payer: str
    valid_start_ns: int

    @classmethod
    def parse(cls, text: str) -> TransactionId:
        """Read the form of `str()` or the form of the mirror's REST API.

        Raises:
            ValueError: it is neither.
        """
        match = _TRANSACTION.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not a transaction id, e.g. '0.0.2@1700000000.000000001'")
        parse_entity(match[1])
        return cls(match[1], int(match[2]) * NS_PER_S + int(match[3]))

    @classmethod
    def from_proto(cls, proto: basic_types_pb2.TransactionID) -> TransactionId:
        """Read a protobuf transaction id (its payer and start)."""
        return cls(account_text(proto.accountID), timestamp_ns(proto.transactionValidStart))

    def to_proto(self) -> basic_types_pb2.TransactionID:
        """The protobuf of this id."""
        return basic_types_pb2.TransactionID(
            transactionValidStart=timestamp_proto(self.valid_start_ns), accountID=account_proto(self.payer)
        )

    def __str__(self) -> str:
        seconds, nanos = divmod(self.valid_start_ns, NS_PER_S)
        return f"{self.payer}@{seconds}.{nanos:09d}"

    @property
    def rest(self) -> str:
        """The form in paths of the mirror's REST API, e.g. `0.0.2-1700000000-000000001`."""
        seconds, nanos = divmod(self.valid_start_ns, NS_PER_S)
        return f"{self.payer}-{seconds}-{nanos:09d}"


class TransactionIds:
    """Issues transaction ids of one payer: strictly increasing, never twice, never in the future.

    A valid start is the clock minus BACKDATE_NS, cut down to a slot, plus a place within the slot that this generator
    keeps: `(scatter + lane) % slot` nanoseconds. Processes with the same scatter and different lanes have
    different places in slots of every width, so the processes of one run never meet. Independent runs and applications
    each draw a scatter at random; two of them share a place with a probability of one in `slot`.

    Slots are as wide as the rate allows: 10 ms at first, room for 100 ids/s; a tenth of that each time when ids have
    run ahead of the clock by AHEAD_NS, down to 1 µs (a million ids/s). So two independent generators meet with a
    probability of 1e-7 at up to 100 ids/s each, 1e-6 at 1,000/s and 1e-5 at 10,000/s, however long they run. An SDK
    that draws each valid start anew, at `r` ids/s beside ours at `q`, meets one of ours `q * r * 1e-9` times a second.
    Only a second paying account makes it impossible.

    Issued faster, starts run ahead of the clock and eat up the backdating (a sustained 2,000,000/s would, after 5 s);
    the same happens while a clock that was set back catches up. Only when the backdating is used up does `next` raise,
    rather than issue an id that nodes would refuse. Safe for threads and greenlets.

    Args:
        payer: Account id that pays.
        lane: 0 to 999; one per process that shares payer and scatter.
        clock: Nanoseconds since 1970.
        scatter: 0 or more; the same for all processes of a run. None draws one.

    Raises:
        ValueError: lane, scatter or payer are out of range or form.
    """

    def __init__(
        self, payer: str, lane: int, clock: Callable[[], int] = time.time_ns, *, scatter: int | None = None
    ) -> None:
        if not 0 <= lane < LANES:
            raise ValueError(f"lane {lane}: choose 0 to {LANES - 1}")
        if scatter is not None and scatter < 0:
            raise ValueError(f"scatter {scatter}: choose 0 or more")
        parse_entity(payer)
        self.payer = payer
        self.lane = lane
        self._clock = clock
        self._lock = make_lock()
        self._last = -1
        self._place = (secrets.randbelow(WIDEST_SLOT_NS) if scatter is None else scatter) + lane
        self._slot = WIDEST_SLOT_NS

    def next(self) -> TransactionId:
        """Issue an id.

        Raises:
            ClockError: the clock was set back by more than BACKDATE_NS; ids resume when it has caught up.
        """
        with self._lock:
            now = self._clock()
            slot = self._slot
            start = (now - BACKDATE_NS) // slot * slot + self._place % slot
            if start <= self._last:
                start = self._after_last(now)
            if start > now:
                raise ClockError(
                    f"CLOCK_SET_BACK: the clock is {(start - now) / NS_PER_S:.3f} s behind the last transaction id",
                    status="CLOCK_SET_BACK",
                    fate=Fate.FINAL,
                )
            self._last = start
        return TransactionId(self.payer, start)

    def _after_last(self, now: int) -> int:
        """The first start after the last one; in narrower slots, where those of today's width have run ahead."""
        if self._last - (now - BACKDATE_NS) > AHEAD_NS and self._slot > NARROWEST_SLOT_NS:
            self._slot //= 10
        slot = self._slot
        return (self._last // slot + 1) * slot + self._place % slot
