"""Reads a custom network from its file, and reports its faults in one line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import ValidationError

from config.address_book import Endpoint, is_account_id, shown
from config.networks import Network
from config.secrets import fault_of_url, without_secrets

_NO_HASH: Final = (
    "is not a SHA-384 in hex, which has 96 digits (no 0x before them); without one any certificate is accepted"
)
_EXAMPLES: Final = {"nodes": "127.0.0.1:50211", "mirror_grpc": "mainnet.mirrornode.hedera.com:443"}


def load_custom(path: Path) -> Network:
    """Read a custom network from a JSON file with the fields of `Network` (without `name`).

    Raises:
        ValueError: the file is missing, is not JSON, lacks a field or has an invalid value; the message is one line
            that says which, and what would be valid.
    """
    try:
        fields = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_each_name_once)
    except OSError as error:
        raise ValueError(f"cannot read {str(path)!r}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{str(path)!r} is not JSON: {' '.join(str(error).split())}") from error
    if not isinstance(fields, dict):
        raise ValueError(f"{str(path)!r} must hold one JSON object with nodes, mirror_rest and mirror_grpc")  # noqa: TRY004
    try:
        network = Network(**{**fields, "name": "custom"})
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, e['loc']))}: {_plain(dict(e))}" for e in error.errors()]
    else:
        faults = list(_faults(network))
    if faults:
        raise ValueError(f"{str(path)!r}: {'; '.join(faults)}")
    return network


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object's fields, without duplicates: of two with one name the JSON parser would silently drop the first."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} is there twice")
    return fields


def _plain(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return f"there is no such field; the fields are {', '.join(sorted(set(Network.model_fields) - {'name'}))}"
    if error["type"] == "string_pattern_mismatch":  # the only fields with a pattern
        return f"{shown(error['input'])} {_NO_HASH}"
    return str(error["msg"]).lower()


def _faults(network: Network) -> Iterator[str]:
    """Faults of values that have the right type, one piece of a line each."""
    for address, account in network.nodes.items():
        yield from _address_faults("nodes", address)
        if not is_account_id(account):
            yield f"nodes: {shown(address)} has the account id {shown(account)}; write shard.realm.number, e.g. 0.0.3"
    yield from _address_faults("mirror_grpc", network.mirror_grpc)
    urls = {"mirror_rest": network.mirror_rest, "relay": network.relay}
    yield from filter(None, (url_fault(field, url) for field, url in urls.items() if url is not None))
    yield from _hash_faults(network)


def _address_faults(field: str, address: str) -> Iterator[str]:
    """Why an address is not `host:port`."""
    host, colon, port = address.rpartition(":")
    example = f"write host:port, e.g. {_EXAMPLES[field]}"
    if "//" in address:
        yield f"{field}: {shown(without_secrets(address))} is a URL; {example}"
    elif not colon or "]" in port:
        yield f"{field}: {shown(address)} has no port; {example}"
    elif host.startswith("[") and host.endswith("]"):  # IPv6
        if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
            yield f"{field}: {shown(address)} has no port; {example}"
        elif not _is_ipv6(host[1:-1]):
            yield f"{field}: {shown(address)}: {host} is not an IPv6 address; {example}"
    else:
        number = int(port) if port.isascii() and port.isdigit() else None
        numeric = not host.replace(".", "").strip("0123456789")
        fault = Endpoint(host if numeric else "", "" if numeric else host, number).fault()
        if fault:
            yield f"{field}: {shown(address)}: {fault}; {example}"


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def url_fault(field: str, url: str) -> str:
    """Why a text is not the URL of an HTTP service, in one line; "" where it is.

    Args:
        field: What it was given as; the base URL of a mirror is judged more strictly (`mirror_rest`, `--mirror-rest`).
        url: The text.
    """
    where = f"{field}: {shown(without_secrets(url))}"
    odd = fault_of_url(url)
    if odd:
        return f"{field}: {odd}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        return f"{where} is not a URL; write http://host:port or https://host"
    if field == "relay":
        return ""
    if parts.query or parts.fragment:
        return f"{where} has a query; paths are added to it, so write it without"
    if parts.path.rstrip("/").endswith("/api/v1"):
        return f"{where}: /api/v1 is added to it; write it without"
    return ""


def _hash_faults(network: Network) -> Iterator[str]:
    """Faults of certificate hashes that could not be checked, or never would be."""
    if network.certificate_hashes and not network.tls:
        yield 'certificate_hashes: without "tls": true no certificate is looked at'
    for account in network.certificate_hashes:
        if account not in network.nodes.values():
            yield f"certificate_hashes.{account}: no node has this account id"
