"""The networks that a run can use, and the addresses of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from config.built_in_nodes import built_in_list
from config.routes import Route, routes

NetworkName = Literal["localnet", "solo", "testnet", "previewnet", "mainnet", "custom"]

NodeList = Literal["auto", "address-book", "configured"]

CertificateHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{96}$")]

NETWORK_NAMES: Final[tuple[NetworkName, ...]] = ("localnet", "solo", "testnet", "previewnet", "mainnet", "custom")


class Network(BaseModel):
    """The addresses of one Hedera network.

    `nodes` maps a node's gRPC address (`host:port`) to the account id it is paid under, several addresses to one
    account where a node has several, the first to be tried first; `mirror_rest` is the base URL of the mirror's REST
    API (without `/api/v1`); `mirror_grpc` is `host:port` of its HCS stream; `relay` is the JSON-RPC relay's URL, or
    None where there is none; `control` is the embedded network's control API, or None on any other.
    `tls` applies to the nodes, `mirror_tls` to the mirror's stream. `certificate_hashes` holds, by a node's account id,
    the hash of its TLS certificate: the SHA-384 of its PEM in hex, as in the network's address book; a node
    without one may show any.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: NetworkName
    nodes: dict[str, str] = Field(min_length=1)
    mirror_rest: str
    mirror_grpc: str
    relay: str | None = None
    control: str | None = None
    tls: bool = False
    mirror_tls: bool = False
    certificate_hashes: dict[str, CertificateHash] = Field(default_factory=dict)


HOSTED: Final[tuple[NetworkName, ...]] = ("mainnet", "testnet", "previewnet")
"""Networks whose mirror lists publicly reachable nodes, and that have a built-in list of them."""


def network_by(network: Network, ways: Sequence[Route]) -> Network:
    """The same network with the nodes of an address book, all addresses of each, and their certificates' hashes.

    Raises:
        ValueError: none of the nodes can be called; the message is one line.
    """
    if not any(way.addresses for way in ways):
        why = next((f", e.g. {line}" for way in ways for line in way.lines()), "")
        kind = "TLS" if network.tls else "plain"
        raise ValueError(f"it lists {len(ways)} nodes, and none with a {kind} address that can be called{why}")
    # Validated again: an address book is untrusted input.
    return Network(**{**network.model_dump(), **_called(ways)})


def _called(ways: Sequence[Route]) -> dict[str, dict[str, str]]:
    """The fields of a network that say which nodes to call."""
    return {
        "nodes": {address: way.entry.account_id for way in ways for address in way.addresses},
        "certificate_hashes": {
            way.entry.account_id: way.certificate_hash for way in ways if way.addresses and way.certificate_hash
        },
    }


def _hosted(name: NetworkName, rest_host: str) -> Network:
    """A public network with the nodes of its built-in list, over TLS; mirrors as in hiero-sdk-python's network.py."""
    called: dict[str, Any] = _called(routes(built_in_list(name).entries, tls=True))
    return Network(
        name=name,
        mirror_rest=f"https://{rest_host}.mirrornode.hedera.com",
        mirror_grpc=f"{name}.mirrornode.hedera.com:443",
        relay=f"https://{name}.hashio.io/api",
        tls=True,
        mirror_tls=True,
        **called,
    )


KNOWN: Final[dict[str, Network]] = {
    "mainnet": _hosted("mainnet", "mainnet-public"),
    "testnet": _hosted("testnet", "testnet"),
    "previewnet": _hosted("previewnet", "previewnet"),
    # Where SDKs look for a Solo network (hiero-sdk-python 0.3.0, client/network.py).
    "solo": Network(
        name="solo",
        nodes={"localhost:35211": "0.0.3"},
        mirror_rest="http://localhost:38081",
        mirror_grpc="localhost:5600",
        relay="http://localhost:7546",
    ),
}


def network_from_ready(ready: dict[str, Any]) -> Network:
    """The network that a ready line describes."""
    return Network(
        name="localnet",
        nodes=ready["nodes"],
        mirror_rest=ready["mirror_rest"],
        mirror_grpc=ready["mirror_grpc"],
        relay=ready["relay"],
        control=ready["control"],
    )
