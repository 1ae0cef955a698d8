"""The node list of a network from its mirror's address book, instead of a list that ages in a file."""

from __future__ import annotations

from typing import Final

from config.networks import Network
from hedera_client.errors import Fate, MirrorError
from hedera_client.mirror_rest import MirrorRest, NetworkNode

PLAIN_PORT: Final = 50211
TLS_PORT: Final = 50212
"""Where consensus nodes listen, in plain text and over TLS (hiero-sdk-python 0.3.0, managed_node_address.py)."""


def network_from_address_book(network: Network, timeout: float = 10.0) -> Network:
    """The same network with the nodes that its mirror's address book lists, and the hashes of their certificates.

    A node is listed with its plain and its TLS addresses, by the well-known ports; `network.tls` says which are taken.
    The embedded network uses other ports, the plain one first and the TLS one, if any, second. Of a node's several
    addresses of the kind that is wanted the first counts, and nodes without one are left out.

    Args:
        network: Its `mirror_rest` is asked, its `tls` decides; everything but nodes and hashes stays.
        timeout: Seconds per page.

    Raises:
        MirrorError: the mirror does not answer, or its address book has no node that could be called.
    """
    rest = MirrorRest(network.mirror_rest, timeout=timeout)
    try:
        listed = rest.network_nodes()
    finally:
        rest.close()
    nodes: dict[str, str] = {}
    hashes: dict[str, str] = {}
    for node in listed:
        address = _address(node, tls=network.tls)
        if address is not None:
            nodes.setdefault(address, node.account_id)
            if network.tls and node.certificate_hash:
                hashes[node.account_id] = node.certificate_hash.lower()
    if not nodes:
        kind = "TLS" if network.tls else "plain"
        raise MirrorError(
            f"NO_NODES: mirror {network.mirror_rest} lists {len(listed)} nodes, and none with a {kind} address",
            status="NO_NODES",
            fate=Fate.FINAL,
        )
    # Validated anew: what a mirror says is input like any other.
    return Network(**{**network.model_dump(), "nodes": nodes, "certificate_hashes": hashes})


def _address(node: NetworkNode, *, tls: bool) -> str | None:
    """The address that is to be called, `host:port`, or None."""
    wanted, other = (TLS_PORT, PLAIN_PORT) if tls else (PLAIN_PORT, TLS_PORT)
    by_port = [address for address in node.addresses if address.rpartition(":")[2] == str(wanted)]
    if by_port:
        return by_port[0]
    # No well-known port: a network on ports of its own, that lists plain before TLS.
    rest = [address for address in node.addresses if address.rpartition(":")[2] != str(other)]
    if len(rest) != len(node.addresses):
        return None
    place = 1 if tls else 0
    return rest[place] if len(rest) > place else None
