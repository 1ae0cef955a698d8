"""What the tests of the mirror's REST API share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tests.localnet.clients import Rest, Wire

API: Final = "/api/v1"
RENEWAL: Final = {"seconds": 7_776_000}


def refusal(*messages: str, detail: str = "") -> tuple[int, Any]:
    """A 400 with these messages."""
    extra = {"detail": detail} if detail else {}
    return 400, {"_status": {"messages": [{"message": message, **extra} for message in messages]}}


def mirror_id(body: Any) -> str:
    """A transaction's id as the mirror writes it."""
    start = body.transactionID.transactionValidStart
    return f"0.0.{body.transactionID.accountID.accountNum}-{start.seconds}-{start.nanos:09d}"


def the_transaction(rest: Rest, body: Any) -> dict[str, Any]:
    """The mirror's row of a transaction."""
    (row,) = rest(f"{API}/transactions/{mirror_id(body)}")[1]["transactions"]
    assert isinstance(row, dict)
    return row


def topic_with_messages(wire: Wire, count: int = 3) -> str:
    """A new topic with messages; its id."""
    number = wire.create_topic()
    for n in range(count):
        wire.carry_out(wire.message(number, b"message %d" % n))
    return f"0.0.{number}"
