"""The networks a run can be pointed at, and where each of them is reached."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

NetworkName = Literal["localnet", "solo", "testnet", "previewnet", "mainnet", "custom"]

CertificateHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{96}$")]

NETWORK_NAMES: Final[tuple[NetworkName, ...]] = ("localnet", "solo", "testnet", "previewnet", "mainnet", "custom")


class Network(BaseModel):
    """Where one Hedera network is reached.

    `nodes` maps a node's gRPC address (`host:port`) to the account id it is paid under; `mirror_rest` is the base URL
    of the mirror's REST API (without `/api/v1`); `mirror_grpc` is `host:port` of its HCS stream; `relay` is the
    JSON-RPC relay's URL, or None where there is none; `control` is the embedded network's control API, or None on any
    other.
    `tls` applies to the nodes, `mirror_tls` to the mirror's stream. `certificate_hashes` holds, by a node's account id,
    what its TLS certificate is known by: the SHA-384 of its PEM in hex, as in the network's address book; a node
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


def _hosted(name: NetworkName, nodes: dict[str, str], rest_host: str) -> Network:
    return Network(
        name=name,
        nodes=nodes,
        mirror_rest=f"https://{rest_host}.mirrornode.hedera.com",
        mirror_grpc=f"{name}.mirrornode.hedera.com:443",
        relay=f"https://{name}.hashio.io/api",
        tls=True,
        mirror_tls=True,
    )


# Node lists and mirror hosts as in hiero-sdk-python 0.3.0, client/network.py, on the TLS port (50212).
_MAINNET_HOSTS: Final = [
    "35.237.200.180",
    "35.186.191.247",
    "35.192.2.25",
    "35.199.161.108",
    "35.203.82.240",
    "35.236.5.219",
    "35.197.192.225",
    "35.242.233.154",
    "35.240.118.96",
    "35.204.86.32",
    "35.234.132.107",
    "35.236.2.27",
]

KNOWN: Final[dict[str, Network]] = {
    "mainnet": _hosted(
        "mainnet", {f"{host}:50212": f"0.0.{3 + i}" for i, host in enumerate(_MAINNET_HOSTS)}, "mainnet-public"
    ),
    "testnet": _hosted("testnet", {f"{i}.testnet.hedera.com:50212": f"0.0.{3 + i}" for i in range(4)}, "testnet"),
    "previewnet": _hosted(
        "previewnet", {f"{i}.previewnet.hedera.com:50212": f"0.0.{3 + i}" for i in range(4)}, "previewnet"
    ),
    # Where SDKs look for a Solo network (hiero-sdk-python 0.3.0, client/network.py).
    "solo": Network(
        name="solo",
        nodes={"localhost:35211": "0.0.3"},
        mirror_rest="http://localhost:38081",
        mirror_grpc="localhost:5600",
        relay="http://localhost:7546",
    ),
}


def load_custom(path: Path) -> Network:
    """Read a network of the user's own from a JSON file with the fields of `Network` (without `name`).

    Raises:
        ValueError: the file is missing, is no JSON, or lacks a field; the message is one line that says which.
    """
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"cannot read {str(path)!r}: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"{str(path)!r} is not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise ValueError(f"{str(path)!r} must hold one JSON object with nodes, mirror_rest and mirror_grpc")  # noqa: TRY004
    try:
        return Network(**{**fields, "name": "custom"})
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg'].lower()}" for e in error.errors())
        raise ValueError(f"{str(path)!r}: {faults}") from error
