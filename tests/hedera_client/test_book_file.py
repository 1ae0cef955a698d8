"""Address books in files: a mirror's JSON and the network's own protobuf, and what is neither."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hiero_sdk_python.hapi.services import basic_types_pb2 as pb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.address_book import Endpoint
from config.routes import routes
from hedera_client.book_file import LARGEST_FILE_BYTES, Book, read_book

MAINNET = Path(__file__).resolve().parents[1] / "data" / "address-book-mainnet.json"
HASH = "ab" * 48


def read(tmp_path: Path, contents: bytes | str) -> Book:
    file = tmp_path / "book"
    file.write_bytes(contents if isinstance(contents, bytes) else contents.encode())
    return read_book(file)


def node(number: int = 3, **fields: Any) -> pb.NodeAddress:
    return pb.NodeAddress(nodeAccountId=pb.AccountID(accountNum=number), **fields)


def book(*nodes: pb.NodeAddress) -> bytes:
    return bytes(pb.NodeAddressBook(nodeAddress=nodes).SerializeToString())


def test_mainnet_in_both_forms(tmp_path: Path) -> None:
    """The same nodes are called in the same way, whether a mirror or file 0.0.102 lists them."""
    listed = read_book(MAINNET)
    assert len(listed.entries) == 29
    nodes = [
        pb.NodeAddress(
            nodeAccountId=pb.AccountID(accountNum=int(entry.account_id.rpartition(".")[2])),
            nodeId=entry.node_id,
            description=entry.description,
            nodeCertHash=entry.certificate_hash.removeprefix("0x").encode(),
            serviceEndpoint=[
                pb.ServiceEndpoint(
                    ipAddressV4=bytes(map(int, point.ip.split("."))) if point.ip else b"",
                    domain_name=point.domain,
                    port=point.port,
                )
                for point in entry.endpoints
            ],
        )
        for entry in listed.entries
    ]
    ours = routes(read(tmp_path, book(*nodes)).entries, tls=True)
    theirs = routes(listed.entries, tls=True)
    assert [(way.addresses, way.certificate_hash) for way in ours] == [
        (way.addresses, way.certificate_hash) for way in theirs
    ]
    assert all(way.addresses for way in ours)


def test_pages_of_a_mirror(tmp_path: Path) -> None:
    """One object, a list of them, or one saved behind the other; a byte order mark and blank lines do no harm."""
    rows = json.loads(MAINNET.read_text())["nodes"]
    first = json.dumps({"nodes": rows[:25], "links": {"next": "/api/v1/network/nodes?node.id=gt:32"}})
    last = json.dumps({"nodes": rows[25:], "links": {"next": None}})
    whole = read_book(MAINNET).entries
    for text in (f"[{first},{last}]", first + last, f"\ufeff\n{first}\n\n {last}\n"):
        assert read(tmp_path, text).entries == whole


def test_a_first_page_alone_is_no_whole_book(tmp_path: Path) -> None:
    """Mirrors give 10 nodes a page, or 25 at most (MN:rest/controllers/networkController.js), and mainnet has 29."""
    page = json.dumps({"nodes": [], "links": {"next": "/api/v1/network/nodes?node.id=gt:32"}})
    with pytest.raises(ValueError, match=r"names '/api/v1/network/nodes.* as the next"):
        read(tmp_path, page)


def test_a_nodes_own_form(tmp_path: Path) -> None:
    """Addresses of four bytes, names, hashes as digits or as bytes; and what fields from before HIP-21 say."""
    (digits, raw, empty, old) = read(
        tmp_path,
        book(
            node(
                3,
                nodeCertHash=HASH.encode(),
                serviceEndpoint=[
                    pb.ServiceEndpoint(ipAddressV4=bytes([10, 0, 0, 1]), port=50211),
                    pb.ServiceEndpoint(domain_name="a.example", port=50212),
                    pb.ServiceEndpoint(ipAddressV4=bytes(16), port=50212),
                ],
            ),
            node(4, nodeCertHash=bytes.fromhex(HASH)),
            node(5),
            pb.NodeAddress(memo=b"0.0.6", ipAddress=b"10.0.0.2", portno=50211),
        ),
    ).entries
    assert digits.endpoints == (
        Endpoint("10.0.0.1", "", 50211),
        Endpoint("", "a.example", 50212),
        Endpoint("00" * 16, "", 50212),
    )
    assert digits.certificate_hash == raw.certificate_hash == HASH
    assert empty.certificate_hash == ""
    assert (old.account_id, old.endpoints) == ("0.0.6", (Endpoint("10.0.0.2", "", 50211),))


@pytest.mark.parametrize(
    ("contents", "says"),
    [
        (None, "cannot read"),
        (b"", "has no nodes"),
        (b"{}", "it is JSON, and no address book"),
        (b"[]", "it is JSON, and no address book"),
        (b"3", "it is JSON, and no address book"),
        (b'{"nodes": {}}', "it is JSON, and no address book"),
        (b'{"nodes": []}', "has no nodes"),
        (b'{"nodes": [', "neither JSON nor"),
        (b"[" * 100_000, "neither JSON nor"),
        (b"<html>", "neither JSON nor|has no nodes"),
        (b"\x0a\x05ab", "neither JSON nor"),
        (b" " * (LARGEST_FILE_BYTES + 1), "larger than 16 MiB"),
    ],
)
def test_what_is_no_address_book_is_told_in_one_line(tmp_path: Path, contents: bytes | None, says: str) -> None:
    """The line names the file."""
    file = tmp_path / "b\nook"
    if contents is not None:
        file.write_bytes(contents)
    with pytest.raises(ValueError, match=says) as caught:
        read_book(file)
    assert "ook'" in str(caught.value)
    assert str(caught.value).isprintable()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.text(max_size=60).map(lambda text: json.dumps({"nodes": [text]}).encode()))
def test_any_file_is_read_or_refused_in_one_line(tmp_path: Path, contents: bytes) -> None:
    """Never a traceback."""
    said = ""
    try:
        routes(read(tmp_path, contents).entries, tls=True)
    except ValueError as error:
        said = str(error)
    assert "\n" not in said
