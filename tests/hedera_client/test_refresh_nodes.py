"""`python -m hedera_client addresses`: the built-in lists are written anew, and only with what is one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config.address_book import Endpoint
from config.built_in_nodes import FOLDER, built_in_list
from hedera_client.__main__ import main
from hedera_client.refresh_nodes import changes
from localnet_launcher import Localnet

MAINNET = Path(__file__).resolve().parents[1] / "data" / "address-book-mainnet.json"


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """A copy of the lists."""
    return Path(shutil.copytree(FOLDER, tmp_path / "lists"))


@pytest.fixture
def run(lists: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command on the copy; returns exit code, output and errors."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(["addresses", "--folder", str(lists), *arguments], {})
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def rows() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(MAINNET.read_text())["nodes"]
    return found


def test_a_recorded_book_becomes_the_list(run: Any, lists: Path, tmp_path: Path) -> None:
    """What was added, gone, moved and changed is told, one line each; the order of addresses is no change."""
    book = rows()
    gone = book.pop(0)
    book[0]["service_endpoints"].reverse()
    added = {**gone, "node_account_id": "0.0.99", "node_cert_hash": "0x" + "cd" * 48}
    file = tmp_path / "book.json"
    file.write_text(json.dumps({"nodes": [*book, added]}))
    code, said, _ = run("--network", "mainnet", "--address-book-file", str(file), "--date", "2026-11-27")
    assert code == 0
    assert "29 nodes at 60 addresses, as of 2026-11-27 (before: 2026-" in said
    assert "  added    0.0.99 at 43.202.249.148:50212, 34.64.136.190:50212  (Hosted by LG | Singapore)\n" in said
    assert "  gone     0.0.3, which was at 43.202.249.148:50212, 34.64.136.190:50212" in said
    assert (
        "  moved    0.0.8: +grpc-1.node5.example.com:50212 +grpc-2.node5.example.com:50212 -16.170.54.28:50212" in said
    )
    assert "  changed  0.0.41: its certificate's hash is '0x'" in said
    assert "  note     node 0.0.33: 13.200.238.211 is listed with port 50211 only" in said
    assert "0.0.4 " not in said
    assert len(said.splitlines()) == 7
    listed = built_in_list("mainnet", lists)
    assert (listed.date, len(listed.entries)) == ("2026-11-27", 29)
    again = run("--network", "mainnet", "--address-book-file", str(lists / "mainnet.json"))
    assert again[0] == 0
    assert built_in_list("mainnet", lists) == listed


def test_a_mirror_becomes_the_list(run: Any, lists: Path, localnet: Localnet) -> None:
    """From the network's own mirror or another; the day is today."""
    code, said, _ = run("--network", "testnet", "--mirror", localnet.network.mirror_rest)
    assert code == 0
    assert "  gone     0.0.9" in said
    listed = built_in_list("testnet", lists)
    assert [entry.account_id for entry in listed.entries] == ["0.0.3", "0.0.4", "0.0.5", "0.0.6"]
    assert listed.source == f"the address book of the mirror {localnet.network.mirror_rest}"


@pytest.mark.parametrize(
    ("contents", "says"),
    [
        ("{}", "no address book"),
        ('{"nodes": [7]}', "none of the 1 nodes can be called over TLS"),
        (FOLDER.joinpath("testnet.json").read_text(), "is the address book of 'testnet', not of mainnet"),
        (
            json.dumps({"nodes": json.loads(FOLDER.joinpath("testnet.json").read_text())["nodes"]}),
            "node 0.0.3 has the certificate of 0.0.3 of testnet: is it the address book of testnet?",
        ),
    ],
)
def test_a_wrong_file_changes_nothing(run: Any, lists: Path, tmp_path: Path, contents: str, says: str) -> None:
    """One line, exit code 2."""
    file = tmp_path / "book.json"
    file.write_text(contents)
    before = {path.name: path.read_bytes() for path in lists.iterdir()}
    code, said, errors = run("--network", "mainnet", "--address-book-file", str(file))
    assert (code, said, len(errors.splitlines())) == (2, "", 1)
    assert says in errors
    assert {path.name: path.read_bytes() for path in lists.iterdir()} == before


def test_a_silent_mirror_changes_nothing(run: Any, lists: Path) -> None:
    """One line, exit code 1."""
    before = (lists / "mainnet.json").read_bytes()
    code, said, _ = run("--network", "mainnet", "--mirror", "http://127.0.0.1:1", "--timeout", "1")
    assert code == 1
    assert said.startswith("FAILED  MIRROR_UNREACHABLE")
    assert len(said.splitlines()) == 1
    assert (lists / "mainnet.json").read_bytes() == before


def test_a_file_needs_to_be_said_whose_it_is(run: Any) -> None:
    """All three networks cannot have one book."""
    code, said, errors = run("--address-book-file", str(MAINNET))
    assert (code, said) == (2, "")
    assert "need --network" in errors


def test_a_list_is_no_change_of_itself() -> None:
    """In whatever order its addresses stand."""
    entries = built_in_list("mainnet").entries
    turned = [replace(one, endpoints=one.endpoints[::-1]) for one in entries]
    assert list(changes(entries, turned)) == []


def test_each_kind_of_change_is_one_line() -> None:
    """Who is new, who is gone, whose address, certificate or description is another."""
    first, second, third, *others = built_in_list("mainnet").entries
    elsewhere = replace(second, endpoints=(Endpoint("192.0.2.1", "", 50_212),))
    after = [replace(third, certificate_hash="ab" * 48, description="another"), elsewhere, *others]
    said = list(changes([first, second, third, *others], after))
    assert [line.split()[:2] for line in said] == [
        ["changed", f"{third.account_id}:"],
        ["changed", f"{third.account_id}:"],
        ["moved", f"{second.account_id}:"],
        ["gone", f"{first.account_id},"],
    ]
    assert "+192.0.2.1:50212 -" in said[2]
    assert [line.split()[:2] for line in changes(after, [first, *after])] == [["added", first.account_id]]
