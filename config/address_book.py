"""The entries of an address book: a network's list of its nodes.

A book comes from outside (a mirror, a file) and is not trusted: every entry can be read, and its faults are reported in
one line when `config.routes` decides how the node is called.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from typing import Any, Final

_ACCOUNT_ID: Final = re.compile(r"(0|[1-9][0-9]{0,9})\.(0|[1-9][0-9]{0,9})\.(0|[1-9][0-9]{0,18})")
_LABEL: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_HASH: Final = re.compile(r"[0-9a-fA-F]{96}")

_LONGEST_NAME: Final = 253
_LAST_PORT: Final = 65_535

_SHOWN_CHARACTERS: Final = 100
"""Longest piece of a book's text that is shown; a node's description has at most 100 bytes (HIP-869)."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a node serves, as listed.

    Attributes:
        ip: IPv4 address in dotted form, or "".
        domain: Domain name, or "" (HIP-869; an endpoint has one of the two).
        port: TCP port, or None where the listed value is not a whole number.
    """

    ip: str
    domain: str
    port: int | None

    @property
    def host(self) -> str:
        """The host to connect to: the address where there is one, else the name in lower case without its last dot."""
        return self.ip or self.domain.lower().removesuffix(".")

    def fault(self) -> str:
        """Why it cannot be called; "" where it can.

        Consensus nodes take no endpoint with port 0, with neither address nor name, or with an address that has not
        four bytes (CN:hedera-addressbook-service-impl/.../AddressBookValidator.validateEndpoint), but books from before
        that have such. So IPv6 is no form of an endpoint.
        """
        if not self.host:
            return "it has neither an address nor a name"
        if self.ip and not _is_ipv4(self.ip):
            return f"{shown(self.ip)} is not an IPv4 address"
        if not self.ip and not _is_name(self.host):
            return f"{shown(self.domain)} is not a domain name"
        if self.port is None or not 1 <= self.port <= _LAST_PORT:
            return f"{self.host} has port {self.port if self.port is not None else 'none'}"
        return ""

    def as_row(self) -> dict[str, Any]:
        """The form that mirrors give it."""
        return {"domain_name": self.domain, "ip_address_v4": self.ip, "port": self.port}


@dataclass(frozen=True, slots=True)
class Entry:
    """A node of an address book, as listed.

    Attributes:
        account_id: `shard.realm.number`; "" where it is missing or invalid, as `fault` says.
        node_id: Its number in the book, or None.
        description: Free text, safe to print.
        certificate_hash: As listed; `read_hash` reads it.
        endpoints: In the book's order.
        fault: Why no node can be called by this entry; "" where one can.
    """

    account_id: str
    node_id: int | None = None
    description: str = ""
    certificate_hash: str = ""
    endpoints: tuple[Endpoint, ...] = ()
    fault: str = ""

    def as_row(self) -> dict[str, Any]:
        """The form that mirrors give it, as far as it is of use here."""
        return {
            "node_account_id": self.account_id or None,
            "node_id": self.node_id,
            "description": self.description,
            "node_cert_hash": self.certificate_hash,
            "service_endpoints": [endpoint.as_row() for endpoint in self.endpoints],
        }


def is_account_id(text: str) -> bool:
    """Whether a text is an account id as nodes are paid under: `shard.realm.number`."""
    return bool(_ACCOUNT_ID.fullmatch(text))


def entries_from_rows(rows: Iterable[object]) -> list[Entry]:
    """Every row of a mirror's `/api/v1/network/nodes` as an entry, whatever is in it."""
    return [_entry(row, place) for place, row in enumerate(rows, 1)]


def read_hash(listed: str) -> str | None:
    """A certificate's hash as 96 lower-case hex digits; "" where none is listed; None where it is not a SHA-384.

    With or without `0x`: mirrors put it before the hash, and show an empty one as `0x` (MN:rest networkNodeViewModel,
    addHexPrefix); file 0.0.102 has the bare digits (CN:V0490FileSchema.nodeStoreNodeDetails).
    """
    text = listed.strip()
    text = text[2:] if text[:2] in ("0x", "0X") else text
    if not text:
        return ""
    return text.lower() if _HASH.fullmatch(text) else None


def shown(value: object) -> str:
    """A value of a book as a short piece of one line, in quotes where it is text."""
    text = repr(value) if isinstance(value, str) else str(value)
    return harmless(text)


def harmless(text: str, most: int = _SHOWN_CHARACTERS) -> str:
    """Text from outside without control characters and line ends, cut to a maximal length."""
    clean = "".join(character if character.isprintable() else "?" for character in text)
    return clean if len(clean) <= most else clean[:most] + "…"


def _entry(row: object, place: int) -> Entry:
    if not isinstance(row, Mapping):
        return Entry("", fault=f"entry {place} of the address book is not an object")
    account, listed, points = row.get("node_account_id"), row.get("node_cert_hash"), row.get("service_endpoints")
    node_id, description = row.get("node_id"), row.get("description")
    known = isinstance(account, str) and is_account_id(account)
    fault = ""
    if not known:
        fault = f"entry {place} of the address book has the account id {shown(account)}"
    elif not isinstance(points, list):
        fault = f"its service endpoints are {shown(points)}"
    return Entry(
        account_id=str(account) if known else "",
        node_id=node_id if isinstance(node_id, int) else None,
        description=harmless(description) if isinstance(description, str) else "",
        certificate_hash="" if listed is None else listed if isinstance(listed, str) else shown(listed),
        endpoints=tuple(_endpoint(point) for point in points) if isinstance(points, list) else (),
        fault=fault,
    )


def _endpoint(point: object) -> Endpoint:
    if not isinstance(point, Mapping):
        return Endpoint("", "", None)
    ip, domain, port = point.get("ip_address_v4"), point.get("domain_name"), point.get("port")
    return Endpoint(
        ip="" if ip is None else str(ip).strip(),
        domain="" if domain is None else str(domain).strip(),
        port=port if isinstance(port, int) and not isinstance(port, bool) else None,
    )


def _is_ipv4(text: str) -> bool:
    try:
        return not IPv4Address(text).is_unspecified
    except AddressValueError:
        return False


def _is_name(text: str) -> bool:
    """Whether it is a host name: labels of letters, digits, hyphens and underscores; not only digits at the end."""
    labels = text.split(".")
    well_formed = len(text) <= _LONGEST_NAME and all(_LABEL.fullmatch(label) for label in labels)
    return well_formed and not labels[-1].isdigit()
