"""Reads an address book from a file: a mirror's JSON, or the contents of the network's files 0.0.101 and 0.0.102."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from google.protobuf.message import DecodeError
from hiero_sdk_python.hapi.services import basic_types_pb2

from config.address_book import Entry, entries_from_rows, harmless, shown

LARGEST_FILE_BYTES: Final = 16 * 1024 * 1024
"""Mainnet's 29 nodes take 30 kB; what is larger than this is not an address book."""

_SHA384_BYTES: Final = 48

_BLANK: Final = re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class Book:
    """An address book from a file.

    Attributes:
        entries: Its nodes as listed.
        network: The network that the file names; "" without one.
        source: The source that the file names, in words; "" without one.
        date: The date in the file, `YYYY-MM-DD`; "" without one.
    """

    entries: tuple[Entry, ...]
    network: str = ""
    source: str = ""
    date: str = ""


def read_book(path: Path) -> Book:
    """Read a file of an address book's form.

    Three forms are known: pages of a mirror's `/api/v1/network/nodes` (one object, a list of them, or one after the
    other), a list of this project's own (`config/addresses/`, a run folder's `address-book.json`), which looks the
    same, and a serialised `NodeAddressBook`, as nodes serve it from files 0.0.101 and 0.0.102.

    Raises:
        ValueError: the file cannot be read, is of no such form, is not a whole book or has no nodes; the message is one
            line.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE_BYTES + 1)
    except OSError as error:
        raise ValueError(f"cannot read {shown(str(path))}: {error.strerror or error}") from error
    if len(data) > LARGEST_FILE_BYTES:
        raise ValueError(f"{shown(str(path))} is larger than {LARGEST_FILE_BYTES >> 20} MiB: it is not an address book")
    try:
        pages = _json_values(data)
        book = _from_protobuf(data) if pages is None else _from_pages(pages)
    except ValueError as error:
        raise ValueError(f"{shown(str(path))}: {error}") from error
    if not book.entries:
        raise ValueError(f"{shown(str(path))}: the address book has no nodes")
    return book


def _json_values(data: bytes) -> list[Any] | None:
    """The JSON values that a file holds one after the other; None where it is not JSON, or empty."""
    decoder, values, place = json.JSONDecoder(), [], 0
    try:
        text = data.decode("utf-8-sig").strip()
        while place < len(text):
            value, end = decoder.raw_decode(text, place)
            values.append(value)
            blank = _BLANK.match(text, end)
            place = end if blank is None else blank.end()
    except (ValueError, RecursionError):
        return None
    return values or None


def _from_pages(values: list[Any]) -> Book:
    """The book that a mirror's pages make up.

    Raises:
        ValueError: they are no pages, or the last one names another.
    """
    pages = [page for value in values for page in (value if isinstance(value, list) else [value])]
    if not pages or not all(isinstance(page, dict) and isinstance(page.get("nodes"), list) for page in pages):
        raise ValueError("it is JSON, and no address book: a mirror's has nodes, a list")
    following = _mapping(pages[-1].get("links")).get("next")
    if following is not None:
        raise ValueError(
            f"its last page names {shown(following)} as the next: save that one too, behind it, and so on to the last"
        )
    head = pages[0]
    return Book(
        tuple(entries_from_rows(row for page in pages for row in page["nodes"])),
        network=head["network"] if isinstance(head.get("network"), str) else "",
        source=harmless(head["source"]) if isinstance(head.get("source"), str) else "",
        date=_day(head.get("date")),
    )


def _from_protobuf(data: bytes) -> Book:
    """The book that nodes serve.

    Raises:
        ValueError: the bytes are not a `NodeAddressBook`.
    """
    try:
        book = basic_types_pb2.NodeAddressBook.FromString(data)
    except (DecodeError, UnicodeDecodeError) as error:
        raise ValueError("it is neither JSON nor a serialised NodeAddressBook") from error
    return Book(tuple(entries_from_rows(_row(node) for node in book.nodeAddress)))


def _row(node: Any) -> dict[str, Any]:
    """A `NodeAddress` as a mirror shows it.

    What the fields before HIP-21 say counts too: an account id in `memo`, an address as text in `ipAddress`
    (MN:importer AddressBookServiceImpl, getNodeIds and getAddressBookServiceEndpoint).
    """
    points = [
        {"ip_address_v4": _dotted(point.ipAddressV4), "domain_name": point.domain_name, "port": point.port}
        for point in node.serviceEndpoint
    ]
    if node.ipAddress:
        points.insert(0, {"ip_address_v4": _text(node.ipAddress), "domain_name": "", "port": node.portno})
    account = node.nodeAccountId
    return {
        "node_account_id": f"{account.shardNum}.{account.realmNum}.{account.accountNum}"
        if account.HasField("accountNum")
        else _text(node.memo),
        "node_id": node.nodeId,
        "description": node.description,
        "node_cert_hash": _hash(node.nodeCertHash),
        "service_endpoints": points,
    }


def _hash(listed: bytes) -> str:
    """A certificate's hash as text: hex digits as nodes write them, or the 48 bytes themselves in hex."""
    text = _text(listed)
    return listed.hex() if len(listed) == _SHA384_BYTES and not text.isalnum() else text


def _dotted(ip: bytes) -> str:
    """An IPv4 address as text; what has not four bytes is shown as it is, for the reader to refuse."""
    return ".".join(str(byte) for byte in ip) if len(ip) == 4 else ip.hex()


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _day(value: Any) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        return ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
