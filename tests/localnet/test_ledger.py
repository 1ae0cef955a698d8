"""The control API tells exactly what happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

if TYPE_CHECKING:
    from localnet_launcher import Localnet
    from tests.localnet.clients import Rest, Wire

STRANGER = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
TOPIC = {"autoRenewPeriod": {"seconds": 7_776_000}}


def test_the_ledger_is_what_was_sent(
    start: Callable[..., Localnet], open_wire: Callable[[Localnet], Wire], open_control: Callable[[Localnet], Rest]
) -> None:
    """Every transaction that was sent is there, in order, with its answer, its fate and its times."""
    running = start("--consensus-delay", "0", "--mirror-lag", "0")
    wire, control = open_wire(running), open_control(running)
    sent = []
    topic = wire.create_topic()
    for number in range(20):
        body = wire.message(topic)
        sent.append((body, wire.precheck(body, *([STRANGER] if number % 5 == 0 else []))))
    wire.send(b"\xff")
    served = sent[1][0]
    wire.receipt(served)

    status, page = control("/ledger")
    assert status == 200
    entries = page["entries"]
    assert [entry["index"] for entry in entries] == list(range(22))
    assert [entry["precheck"] for entry in entries[1:21]] == [answer for _, answer in sent]
    for (body, answer), entry in zip(sent, entries[1:21], strict=True):
        start_time = body.transactionID.transactionValidStart
        assert entry["transaction_id"] == f"0.0.1001@{start_time.seconds}.{start_time.nanos:09d}"
        assert (entry["type"], entry["node"], entry["payer"]) == ("CONSENSUSSUBMITMESSAGE", "0.0.3", "0.0.1001")
        assert entry["arrival"] <= entry["ack"]
        if answer == "OK":
            assert entry["status"] == "SUCCESS"
            assert entry["arrival"] <= entry["consensus"] <= entry["mirror_visible"]
            assert (entry["receipt_served"] is not None) == (body is served)
        else:
            assert {entry[name] for name in ("status", "consensus", "mirror_visible", "receipt_served")} == {None}
    assert entries[21]["type"] == "UNREADABLE"
    assert entries[21]["precheck"] == "INVALID_TRANSACTION"

    summary = control("/ledger/summary")[1]
    assert summary == {
        "arrived": 22,
        "forgotten": 0,
        "pending": 0,
        "prechecks": {
            "CONSENSUSCREATETOPIC": {"OK": 1},
            "CONSENSUSSUBMITMESSAGE": {"INVALID_SIGNATURE": 4, "OK": 16},
            "UNREADABLE": {"INVALID_TRANSACTION": 1},
        },
        "statuses": {"CONSENSUSCREATETOPIC": {"SUCCESS": 1}, "CONSENSUSSUBMITMESSAGE": {"SUCCESS": 16}},
    }


def test_the_ledger_comes_in_pages(
    start: Callable[..., Localnet], open_wire: Callable[[Localnet], Wire], open_control: Callable[[Localnet], Rest]
) -> None:
    """Following `next` gives every entry once; a type can be picked."""
    running = start("--consensus-delay", "0", "--mirror-lag", "0")
    wire, control = open_wire(running), open_control(running)
    topic = wire.create_topic()
    for _ in range(10):
        wire.carry_out(wire.message(topic))
    seen, after = [], -1
    while after is not None:
        page = control(f"/ledger?limit=4&after={after}")[1]
        seen += [entry["index"] for entry in page["entries"]]
        after = page["next"]
    assert seen == list(range(11))
    picked = control("/ledger?type=CONSENSUSCREATETOPIC")[1]["entries"]
    assert [entry["entity"] for entry in picked] == [f"0.0.{topic}"]


def test_old_entries_are_forgotten_but_counted(
    start: Callable[..., Localnet],
    open_wire: Callable[[Localnet], Wire],
    open_control: Callable[[Localnet], Rest],
    open_rest: Callable[[Localnet], Rest],
) -> None:
    """With --keep, mirror and ledger hold the newest only; numbers and totals go on."""
    running = start("--consensus-delay", "0", "--mirror-lag", "0", "--keep", "10")
    wire, control, rest = open_wire(running), open_control(running), open_rest(running)
    topic = wire.create_topic()
    for _ in range(30):
        last = wire.carry_out(wire.message(topic))
    assert last.topicSequenceNumber == 30
    page = control("/ledger")[1]
    kept = [entry["index"] for entry in page["entries"]]
    assert 10 <= len(kept) <= 11
    assert kept[-1] == 30
    assert page["forgotten"] + len(kept) == 31
    assert control("/ledger/summary")[1]["statuses"]["CONSENSUSSUBMITMESSAGE"] == {"SUCCESS": 30}
    numbers = [row["sequence_number"] for row in rest(f"/api/v1/topics/0.0.{topic}/messages")[1]["messages"]]
    assert numbers == list(range(31 - len(numbers), 31))
    assert 10 <= len(numbers) <= 11
    assert rest(f"/api/v1/topics/0.0.{topic}/messages/1")[0] == 404
    assert rest(f"/api/v1/topics/0.0.{topic}/messages/30")[0] == 200


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic x"])
def test_the_ledger_asks_for_the_token(localnet: Localnet, header: str | None) -> None:
    """Without the token of the ready line there is no answer."""
    headers = {} if header is None else {"Authorization": header}
    response = requests.get(f"{localnet.network.control}/ledger", headers=headers, timeout=10)
    assert response.status_code == 401
    assert "token" in response.json()["error"]


@pytest.mark.parametrize("query", ["limit=0", "limit=10001", "limit=x", "after=x"])
def test_a_wrong_page_is_named(control: Rest, query: str) -> None:
    """A page that cannot be given is a 400 that says what may be asked."""
    status, body = control(f"/ledger?{query}")
    assert status == 400
    assert "limit" in body["error"]
