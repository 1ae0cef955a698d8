"""Which proxies of the environment are used: none for this machine itself, and none for consensus nodes.

`requests` and gRPC read `http_proxy`, `https_proxy`, `all_proxy`, `grpc_proxy` and `no_proxy` by themselves (requests:
utils.get_environ_proxies; gRPC: doc/environment_variables.md). A proxy can reach only its own loopback, never ours, and
few machines have `no_proxy` set for it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

import requests

VARIABLES: Final = ("grpc_proxy", "https_proxy", "http_proxy", "all_proxy")
"""Variables that name a proxy, in the order in which gRPC looks; each is read in capitals too."""


def is_loopback(host: str) -> bool:
    """Whether a host, by name or address, is this machine itself: `localhost`, `*.localhost` (RFC 6761), 127/8, ::1."""
    bare = host.strip("[]").rstrip(".").lower()
    if bare == "localhost" or bare.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


@lru_cache(maxsize=256)
def url_is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine itself; False where it is not a URL."""
    try:
        return is_loopback(urlsplit(url).hostname or "")
    except ValueError:
        return False


def address_is_loopback(address: str) -> bool:
    """Whether `host:port` is on this machine itself."""
    return is_loopback(address.rpartition(":")[0])


def requests_session(url: str) -> requests.Session:
    """A `requests.Session` for one server: by the environment's proxies, or directly where it is on this machine."""
    session = requests.Session()
    session.trust_env = not url_is_loopback(url)
    return session


def proxy_variables(environment: Mapping[str, str]) -> list[str]:
    """Names of the variables that are set and name a proxy."""
    return [name for one in VARIABLES for name in (one, one.upper()) if environment.get(name, "").strip()]


def nodes_are_called_directly(environment: Mapping[str, str], addresses: Iterable[str]) -> str:
    """One line, where a proxy is set and nodes are elsewhere: they are not reached through it; "" where all is well."""
    variables = proxy_variables(environment)
    away = [address for address in addresses if not address_is_loopback(address)]
    if not variables or not away:
        return ""
    return (
        f"{variables[0]} is set: mirror and relay are reached through that proxy, consensus nodes are not, because "
        f"proxies for them are not supported; let this machine reach them directly, e.g. {away[0]}"
    )
