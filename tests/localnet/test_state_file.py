"""`--state FILE`: what was handled is there again after kill -9, and the network goes on from there."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from localnet import pb
from localnet_launcher import LocalnetError
from tests.localnet.ecdsa import EcdsaKey

if TYPE_CHECKING:
    from localnet_launcher import Localnet
    from tests.localnet.clients import Rest, Wire

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
    last = [wire.carry_out(wire.message(topic, b"m%d" % number)) for number in range(20)][-1]
    assert wire.status(wire.message(999_999)) == "INVALID_TOPIC_ID"
    lifetime = {"seconds": wire.new_start_ns() // 10**9 + 7_776_000}
    stored = wire.carry_out(wire.body(fileCreate={"contents": b"kept", "expirationTime": lifetime})).fileID
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
    following = wire.carry_out(wire.message(topic, b"next"))
    assert following.topicSequenceNumber == last.topicSequenceNumber + 1
    assert wire.create_topic() > stored.fileNum


def test_accounts_come_again_as_they_were(
    start: Callable[..., Localnet],
    open_wire: Callable[[Localnet], Wire],
    open_rest: Callable[[Localnet], Rest],
    tmp_path: Path,
) -> None:
    """Aliases, hollow accounts and their keys, stakes, expiry, and the records of what the network did by itself."""
    file = str(tmp_path / "network.sqlite")
    first = start(*OPTIONS, "--state", file)
    wire, rest = open_wire(first), open_rest(first)
    paid, hollow, staker = EcdsaKey(), EcdsaKey(), EcdsaKey()

    def give(key: EcdsaKey) -> Any:
        amounts = [({"alias": key.address}, 10**8), ({"accountNum": wire.operator}, -(10**8))]
        entries = [{"accountID": to, "amount": amount} for to, amount in amounts]
        return wire.body(cryptoTransfer={"transfers": {"accountAmounts": entries}})

    for key in (paid, hollow):
        assert wire.status(give(key)) == "SUCCESS"
    number = wire.info({"alias": paid.address}).accountInfo.accountID.accountNum
    body = wire.body(consensusCreateTopic={"autoRenewPeriod": {"seconds": 7_776_000}})
    body.transactionID.accountID.accountNum = number
    assert wire.status(body, paid) == "SUCCESS"
    data = {"key": staker.public, "alias": staker.address, "autoRenewPeriod": {"seconds": 7_776_000}}
    account = wire.carry_out(
        wire.body(cryptoCreateAccount={**data, "staked_node_id": 1, "decline_reward": True})
    ).accountID
    later_s = wire.new_start_ns() // 10**9 + 7_900_000
    later = {"expirationTime": {"seconds": later_s}, "accountIDToUpdate": account}
    assert wire.status(wire.body(cryptoUpdateAccount=later), wire.key, staker) == "SUCCESS"
    keys = (paid, hollow, staker)
    infos = [wire.info({"alias": key.address}).accountInfo for key in keys]
    paths = [f"/api/v1/accounts/0x{key.address.hex()}" for key in keys] + ["/api/v1/transactions?limit=100"]
    before = [_without_clock(rest(path)) for path in paths]
    first.process.kill()
    first.process.wait()

    second = start(*OPTIONS, "--state", file)
    wire, rest = open_wire(second), open_rest(second)
    assert [_without_clock(rest(path)) for path in paths] == before
    assert [wire.info({"alias": key.address}).accountInfo for key in keys] == infos
    assert [infos[0].key, infos[1].key] == [paid.public, pb.Key(keyList={})]
    assert (infos[2].staking_info.staked_node_id, infos[2].expirationTime.seconds) == (1, later_s)


def _without_clock(answer: tuple[int, Any]) -> tuple[int, Any]:
    """An answer of the mirror without what depends on the time at which it was asked."""
    answer[1].get("balance", {}).pop("timestamp", None)
    answer[1].pop("links", None)
    return answer


def test_the_file_of_an_older_version_is_refused(
    start: Callable[..., Localnet], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """In one line that says so: what was handled by older rules cannot be played again by newer ones."""
    file = tmp_path / "network.sqlite"
    start(*OPTIONS, "--state", str(file)).stop()
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE network SET version = 1")
    capfd.readouterr()
    with pytest.raises(LocalnetError):
        start("--state", str(file))
    (line,) = capfd.readouterr().err.splitlines()
    assert "made by another version (1, not 2); name a new file" in line


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
