"""Which faults can be made at the client's own edge, between it and a network that cannot be broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from config.networks import Network

NODES: Final = frozenset({"node-down", "node-slow", "ack-lost"})
MIRROR: Final = frozenset({"mirror-outage", "mirror-silent"})


@dataclass(slots=True, eq=False)
class EdgeFault:
    """One fault, as docs/faults.md describes its kind.

    Attributes:
        kind: One of NODES or MIRROR.
        start: Seconds after the start of the run.
        duration: Seconds that it lasts.
        nodes: Account ids of the nodes it concerns; empty for all.
        share: Part of the answers that it hits, 0 to 1.
        delay: Seconds by which it holds answers up.
        how: Of a lost acknowledgement: `hang` or `reset`.
        hits: Connections or pieces of answers that it has hit.
    """

    kind: str
    start: float
    duration: float
    nodes: tuple[str, ...] = ()
    share: float = 1.0
    delay: float = 0.0
    how: str = "hang"
    hits: int = 0

    @classmethod
    def of(cls, fault: Mapping[str, Any]) -> EdgeFault:
        """The one that a fault of docs/faults.md describes; `operations` cannot be told apart without opening TLS."""
        return cls(
            kind=fault["kind"],
            start=float(fault["start"]),
            duration=float(fault["duration"]),
            nodes=tuple(fault.get("nodes", ())),
            share=float(fault.get("share", 1.0)),
            delay=float(fault.get("delay", 0.0)),
            how=str(fault.get("how", "hang")),
        )

    @property
    def refuses(self) -> bool:
        """Connections are broken, and new ones refused."""
        return self.kind in ("node-down", "mirror-outage")

    @property
    def silences_open(self) -> bool:
        """Connections that are open when it begins bring nothing any more."""
        return self.kind == "mirror-silent"

    @property
    def loses_answers(self) -> bool:
        """Calls pass, and their answers do not."""
        return self.kind == "ack-lost"

    @property
    def swallows(self) -> bool:
        """Answers are lost without an end of the connection, until it is over."""
        return self.kind == "ack-lost" and self.how == "hang"


def makeable(faults: Sequence[Mapping[str, Any]], network: Network) -> tuple[dict[str, Any], ...]:
    """Those faults that can be made at the client's edge; of one name all or none, for a drill is judged by all."""
    refused = {fault["name"] for fault in faults if not _possible(fault, network)}
    return tuple(dict(fault) for fault in faults if fault["name"] not in refused)


def forwards_mirror(network: Network) -> bool:
    """Whether the mirror can be reached by another address: where it speaks TLS, its name has to be the address's."""
    rest = urlsplit(network.mirror_rest)
    return not network.mirror_tls and rest.scheme == "http" and "@" not in rest.netloc


def _possible(fault: Mapping[str, Any], network: Network) -> bool:
    if fault["kind"] in MIRROR:
        return forwards_mirror(network)
    accounts = set(network.nodes.values())
    named = set(fault.get("nodes", ()))
    return fault["kind"] in NODES and named <= accounts and named != accounts
