"""What becomes of a handled transaction: ledger, state file, mirror, in this order; its children, and a second time."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from localnet.clock import NANOS, Clock
from localnet.faults import FaultEngine, parse_faults
from localnet.interning import Interned
from localnet.ledger.entries import Ledger, entry_json
from localnet.ledger.pipeline import Pipeline
from localnet.ledger.state_file import StateFile
from localnet.mirror.importer import Importer
from localnet.mirror.store import MirrorStore
from localnet.protocol.ids import TransactionKey
from localnet.transactions.stages import Handled, Received, TopicMessage
from tests.localnet.stages import handled

if TYPE_CHECKING:
    from collections.abc import Callable

NOW_S = 1_000
KEY = TransactionKey(1001, 900, 7)


class StandingTime:
    """An event loop whose time stands still."""

    def time(self) -> float:
        return float(NOW_S)

    def call_at(self, when: float, callback: Callable[[], None]) -> object:
        raise AssertionError("without lag nothing waits")

    def call_later(self, delay: float, callback: Callable[[object], None], argument: object) -> object:
        raise AssertionError("no fault ends")


class Parts:
    """A ledger of the last ten, a state file and a mirror without lag, with a pipeline to them."""

    def __init__(self, folder: Path) -> None:
        clock = Clock(lambda: NOW_S * NANOS)
        self.ledger = Ledger(10)
        self.state_file = StateFile(str(folder / "state"), 0)
        self.store = MirrorStore(100)
        self.faults = FaultEngine(clock.now, StandingTime(), Random(0))
        importer = Importer(self.store, clock, StandingTime(), lambda _: 0.0, self.faults, self.ledger.shown)
        self.pipeline = Pipeline(self.ledger, self.state_file, importer)

    def receive(self) -> Received:
        entry = self.ledger.open(3, 999.5, 4)
        return Received(entry.index, 3, 999.5, 4, b"\1\2\3\4")

    @property
    def shown(self) -> list[Handled]:
        return list(self.store.transactions.span(0, self.store.transactions.end))


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    return Parts(tmp_path)


def test_ledger_file_and_mirror_get_it(parts: Parts) -> None:
    """Each has what the others have; the entry tells the two moments."""
    received = parts.receive()
    one = handled(KEY, 998 * NANOS, position=received.position)
    parts.pipeline.handled(received, one, [])
    entry = parts.ledger.entries[0]
    assert entry.handled is one
    assert (entry.mirror_visible, entry_json(entry)["known"]) == (NOW_S, 998.0)
    assert parts.ledger.summary()["statuses"] == {"CRYPTOTRANSFER": {"SUCCESS": 1}}
    assert [(row.raw, row.node, row.consensus_ns) for row in parts.state_file.handled()] == [
        (received.raw, 3, 998 * NANOS)
    ]
    assert parts.shown == [one]


@pytest.mark.parametrize("again", [False, True])
def test_children_are_shown_before_their_parent_and_nowhere_else(parts: Parts, again: bool) -> None:
    """They arrived nowhere: the ledger does not count them, and the state file makes them again with their parent."""
    received = parts.receive()
    parent = handled(KEY, 998 * NANOS, position=received.position)
    child = parent._replace(nonce=1, consensus_ns=998 * NANOS - 1)
    if again:
        parts.pipeline.replayed(parent, [child])
    else:
        parts.pipeline.handled(received, parent, [child])
    assert parts.shown == [child, parent]
    assert parts.ledger.entries[0].handled is parent
    assert parts.ledger.summary()["statuses"] == {"CRYPTOTRANSFER": {"SUCCESS": 1}}
    assert len(list(parts.state_file.handled())) == (0 if again else 1)  # what is played again is in the file
    assert parts.ledger.entries[0].mirror_visible == (998.0 if again else NOW_S)


def test_what_the_ledger_has_forgotten_is_counted_all_the_same(parts: Parts) -> None:
    """A transaction can be handled, shown and served when its entry is gone; nothing of that goes to another entry."""
    received = parts.receive()
    for _ in range(11):
        parts.receive()
    assert parts.ledger.entries.get(received.position) is None
    one = handled(KEY, 998 * NANOS, position=received.position)
    parts.pipeline.handled(received, one, [])
    parts.ledger.receipt_served(one, 1_001.0)
    assert parts.ledger.summary()["statuses"] == {"CRYPTOTRANSFER": {"SUCCESS": 1}}
    left = list(parts.ledger.entries.span(0, parts.ledger.entries.end))
    assert len(left) == 10
    assert {(entry.handled, entry.mirror_visible, entry.receipt_served) for entry in left} == {(None, None, None)}


def test_the_first_receipt_counts_and_a_childs_does_not(parts: Parts) -> None:
    """`receipt_served` is when the first receipt with the final status was served."""
    received = parts.receive()
    one = handled(KEY, 998 * NANOS, position=received.position)
    parts.pipeline.handled(received, one, [])
    entry = parts.ledger.entries[received.position]
    parts.ledger.receipt_served(one._replace(nonce=1), 1_000.5)
    assert entry.receipt_served is None
    for moment in (1_001.0, 1_002.0):
        parts.ledger.receipt_served(one, moment)
    assert entry.receipt_served == 1_001.0


def test_a_message_that_the_mirror_drops_is_never_visible(parts: Parts) -> None:
    """The transaction has a row, the topic has no message, and the ledger says that it was not shown."""
    parts.faults.add(parse_faults([{"kind": "mirror-drop"}], ["0.0.3"]))
    received = parts.receive()
    message = TopicMessage(1002, KEY, 998 * NANOS, b"text", None, 1, b"hash")
    one = handled(KEY, 998 * NANOS, position=received.position)._replace(message=message)
    parts.pipeline.handled(received, one, [])
    assert parts.shown == [one]
    assert parts.ledger.entries[0].mirror_visible is None


def test_equal_values_are_one_object() -> None:
    """The first of them, until too many others have come."""
    interned: Interned[tuple[int, ...]] = Interned()
    first = tuple(range(2))
    assert interned[first] is first
    assert interned[tuple(range(2))] is first
    for number in range(5_000):
        assert interned[(number,)] == (number,)
    later = tuple(range(2))
    assert interned[later] is later
