"""How each node of an address book is called: at which addresses, in which order, and by which certificate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from config.address_book import Endpoint, Entry, read_hash, shown

PLAIN_PORT: Final = 50211
TLS_PORT: Final = 50212
WEB_PORT: Final = 443
"""Where consensus nodes listen: in plain text, over TLS, and over TLS behind a web front
(@hiero-ledger/sdk 2.87.0, src/ManagedNodeAddress.js; hiero-sdk-python 0.3.0, managed_node_address.py)."""

_WELL_KNOWN: Final = (PLAIN_PORT, TLS_PORT, WEB_PORT)


@dataclass(frozen=True, slots=True)
class Route:
    """How one node of an address book is called, or why it is not.

    Attributes:
        entry: The node as listed.
        addresses: `host:port`, in the order in which they are tried; empty where the node is left out.
        certificate_hash: SHA-384 of its certificate, 96 hex digits; "" accepts any.
        left_out: Why the node is not called, in one line; "" where it is.
        remarks: Further notes, one line each: endpoints that are not called, and why.
    """

    entry: Entry
    addresses: tuple[str, ...]
    certificate_hash: str
    left_out: str
    remarks: tuple[str, ...]

    @property
    def name(self) -> str:
        """The node's name in messages."""
        return f"node {self.entry.account_id or '?'}"

    def lines(self) -> list[str]:
        """Its faults, one line each, with the node's name."""
        said = ([f"left out: {self.left_out}"] if self.left_out else []) + list(self.remarks)
        return [f"{self.name}: {one}" for one in said]


def routes(entries: Iterable[Entry], *, tls: bool) -> list[Route]:
    """Decide for each node how it is called.

    Over TLS a node whose hash is not a SHA-384 in hex is left out: calling it unchecked would trust any server because
    of a typing error. A node without a hash is called unchecked, as the SDKs do. In plain text hashes are not used. An
    address belongs to the first node that lists it.

    Args:
        entries: An address book.
        tls: Whether nodes are called over TLS.
    """
    owners: dict[str, str] = {}
    return [_route(entry, tls, owners) for entry in _merged(entries)]


def counted(ways: Sequence[Route]) -> str:
    """How many nodes and addresses there are, in words."""
    usable = [way for way in ways if way.addresses]
    addresses = sum(len(way.addresses) for way in usable)
    left_out = len(ways) - len(usable)
    words = f"{_many(len(usable), 'node')} at {_many(addresses, 'address', 'es')}"
    return f"{words}, {left_out} left out" if left_out else words


def _many(count: int, thing: str, plural: str = "s") -> str:
    return f"{count} {thing}{'' if count == 1 else plural}"


def _route(entry: Entry, tls: bool, owners: dict[str, str]) -> Route:
    """Decide for one entry; `owners` maps each address to its account, and is extended."""
    if entry.fault:
        return Route(entry, (), "", entry.fault, ())
    certificate_hash = read_hash(entry.certificate_hash) if tls else ""
    if certificate_hash is None:
        why = f"its certificate hash {shown(entry.certificate_hash)} is not a SHA-384 in hex"
        return Route(entry, (), "", why, ())
    found, remarks = _addresses(entry.endpoints, tls)
    addresses = []
    for address in found:
        owner = owners.setdefault(address, entry.account_id)
        if owner == entry.account_id:
            addresses.append(address)
        else:
            remarks.append(f"{address} is listed for {owner} too, and called as that")
    left_out = "" if addresses else "it has no endpoint that can be called"
    return Route(entry, tuple(addresses), certificate_hash, left_out, tuple(remarks))


def _addresses(endpoints: Sequence[Endpoint], tls: bool) -> tuple[list[str], list[str]]:
    """The addresses that are called, each once, hosts in the book's order; and remarks on the others."""
    ports_of: dict[str, list[int]] = {}
    remarks: list[str] = []
    for place, endpoint in enumerate(endpoints, 1):
        fault = endpoint.fault()
        if fault or endpoint.port is None:
            remarks.append(f"endpoint {place} is not called: {fault}")
            continue
        ports = ports_of.setdefault(endpoint.host, [])
        if endpoint.port not in ports:
            ports.append(endpoint.port)
    addresses: list[str] = []
    for host, ports in ports_of.items():
        chosen, remark = _ports(ports, tls)
        addresses += [f"{host}:{port}" for port in chosen]
        if remark:
            remarks.append(f"{host} {remark}")
    return addresses, remarks


def _ports(ports: list[int], tls: bool) -> tuple[list[int], str]:
    """Which of a host's ports are called, and remarks on them.

    A well-known port of the wanted kind is called. A pair of other ports is the plain one and the one for TLS, as the
    embedded network lists them; any others are used as they are, as SDKs do. Where a host has
    only the well-known port of the other kind, its counterpart is called: both SDKs swap 50211 and 50212 (_to_secure,
    _to_insecure of their managed node address).
    """
    listed = [port for port in ports if port in ((TLS_PORT, WEB_PORT) if tls else (PLAIN_PORT,))]
    own = [port for port in ports if port not in _WELL_KNOWN]
    if listed:
        return listed, ""
    if own:
        return ([own[1 if tls else 0]] if len(own) == 2 else own), ""
    here, other = (TLS_PORT, PLAIN_PORT) if tls else (PLAIN_PORT, TLS_PORT)
    if other in ports:
        kind = "over TLS" if tls else "in plain text"
        return [here], f"is listed with port {other} only; {kind} it is called at {here}, as SDKs do"
    return [], f"is not called: it is listed with port {WEB_PORT} only, which is TLS"


def _merged(entries: Iterable[Entry]) -> list[Entry]:
    """One entry per account: a second entry of the same node is merged into the first, or reported as a fault.

    Old books have an entry for each of a node's addresses (MN:importer AddressBookServiceImpl,
    retrieveNodeAddressesFromAddressBook).
    """
    merged: dict[str, Entry] = {}
    rest: list[Entry] = []
    for place, entry in enumerate(entries, 1):
        first = merged.get(entry.account_id)
        if first is None:
            merged[entry.account_id or f"entry {place}"] = entry
        elif _alike(first, entry):
            merged[entry.account_id] = replace(first, endpoints=(*first.endpoints, *entry.endpoints))
        else:
            rest.append(replace(entry, fault="it is listed a second time, differently; the first entry counts"))
    return [*merged.values(), *rest]


def _alike(one: Entry, other: Entry) -> bool:
    """Whether two entries may be of the same node: neither is broken, and both name the same certificate."""
    return not (one.fault or other.fault) and read_hash(one.certificate_hash) == read_hash(other.certificate_hash)
