"""`--state FILE`: what was settled is there again after kill -9, and the network goes on from there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from config.launcher import LocalnetError

if TYPE_CHECKING:
    from config.launcher import Localnet
    from tests.localnet.conftest import Rest, Wire

OPTIONS = ("--latency", "instant", "--throttles", "off")


def test_it_survives_kill_9(
    start: Callable[..., Localnet],
    open_wire: Callable[[Localnet], Wire],
    open_rest: Callable[[Localnet], Rest],
    tmp_path: Path,
) -> None:
    """Topics, messages with their timestamps and hashes, files, balances, failures: all as before; then it goes on."""
    file = str(tmp_path / "network.sqlite")
    first = start(*OPTIONS, "--state", file)
    wire, rest = open_wire(first), open_rest(first)
    topic = wire.create_topic(memo="kept")
    last = [wire.settle(wire.message(topic, b"m%d" % number)) for number in range(20)][-1]
    assert wire.status(wire.message(999_999)) == "INVALID_TOPIC_ID"
    lifetime = {"seconds": wire.new_start_ns() // 10**9 + 7_776_000}
    stored = wire.settle(wire.body(fileCreate={"contents": b"kept", "expirationTime": lifetime})).fileID
    paths = [f"/api/v1/topics/0.0.{topic}", f"/api/v1/topics/0.0.{topic}/messages"]
    before = [rest(path) for path in paths]
    transactions = rest("/api/v1/transactions?limit=100")[1]["transactions"]
    balances = rest("/api/v1/balances?limit=100")[1]["balances"]
    first.process.kill()
    first.process.wait()

    second = start(*OPTIONS, "--state", file)
    wire, rest = open_wire(second), open_rest(second)
    assert [rest(path) for path in paths] == before
    assert rest("/api/v1/transactions?limit=100")[1]["transactions"] == transactions
    assert rest("/api/v1/balances?limit=100")[1]["balances"] == balances
    query = {"header": {"payment": wire.payment(10_000_000)}, "fileID": stored}
    assert wire.query(fileGetContents=query).fileGetContents.fileContents.contents == b"kept"
    following = wire.settle(wire.message(topic, b"next"))
    assert following.topicSequenceNumber == last.topicSequenceNumber + 1
    assert wire.create_topic() > stored.fileNum


def test_a_file_that_is_no_state_is_refused(start: Callable[..., Localnet], tmp_path: Path) -> None:
    """One line, before anything listens; and the file is left as it was."""
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but long enough to look like one " * 40)
    with pytest.raises(LocalnetError):
        start("--state", str(file))
    assert file.read_text().startswith("not a database")


def test_two_networks_cannot_share_a_file(start: Callable[..., Localnet], tmp_path: Path) -> None:
    """The second one is refused."""
    file = str(tmp_path / "network.sqlite")
    start("--state", file)
    with pytest.raises(LocalnetError):
        start("--state", file)
