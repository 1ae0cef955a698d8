"""Chooses the nodes that are called: those of the mirror's address book, or of a configured or built-in list."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from config.address_book import Entry, entries_from_rows, harmless
from config.built_in_nodes import built_in_list
from config.networks import HOSTED, Network, NodeList, network_by
from config.routes import Route, counted, routes
from config.secrets import without_secrets
from hedera_client.errors import Fate, MirrorError
from hedera_client.mirror_rest import MirrorRest

FETCH_ATTEMPTS: Final = 3
FETCH_PAUSE_S: Final = 0.5
"""How often a mirror that refuses at once is asked, and the wait in between: a mirror behind a load balancer may refuse
a single request, and a run of hours should not begin with an old list because of that."""


_ERROR_SHOWN: Final = 400
"""Longest piece of an error's text that is shown: a mirror chooses part of it."""


@dataclass(frozen=True, slots=True)
class NodeChoice:
    """The nodes to call, and the source of the list.

    Attributes:
        network: The network with these nodes.
        source: Where they come from, in words; "" where the network lists its nodes itself.
        ways: How each node of the list is called; empty where the network lists its nodes itself.
        fallback: Whether another list replaces the address book that was wanted.
        fetched_at: Unix time at which the mirror gave the list; None where it did not.
    """

    network: Network
    source: str = ""
    ways: tuple[Route, ...] = ()
    fallback: bool = False
    fetched_at: float | None = None
    remarks: tuple[str, ...] = field(init=False)
    """Remarks on single nodes, one line each."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "remarks", tuple(line for way in self.ways for line in way.lines()))

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The list's nodes, as listed."""
        return tuple(way.entry for way in self.ways)


def choose_nodes(
    network: Network, wanted: NodeList, *, timeout: float = 10.0, now: Callable[[], float] = time.time
) -> NodeChoice:
    """Find out which nodes of a network to call.

    Args:
        network: As it is known. Its `mirror_rest` is asked, its `tls` says which addresses are taken.
        wanted: `address-book`: those of the mirror's address book, or an error; `configured`: those that `network` has,
            which is the built-in list on a public network; `auto`: the address book on a public network, else
            (and where the mirror gives none) those that `network` has.
        timeout: Seconds per page of the address book.
        now: Unix seconds.

    Raises:
        MirrorError: `address-book` only: the mirror gives no address book, or none of its nodes can be called.
    """
    hosted = network.name in HOSTED
    if wanted == "address-book":
        return _from_mirror(network, timeout, now)
    if not hosted:
        return NodeChoice(network)
    if wanted == "configured":
        return _built_in(network, "as asked for")
    try:
        return _from_mirror(network, timeout, now)
    except MirrorError as error:
        return _built_in(
            network, f"since the mirror gave no address book: {harmless(str(error), _ERROR_SHOWN)}", fallback=True
        )


def network_from_address_book(network: Network, timeout: float = 10.0) -> Network:
    """The same network with the nodes that its mirror's address book lists, and the hashes of their certificates.

    Every address at which a node can be called is there, by the rules of `config.routes`; nodes that cannot be called
    are left out.

    Args:
        network: Its `mirror_rest` is asked, its `tls` decides; everything but nodes and hashes stays.
        timeout: Seconds per page.

    Raises:
        MirrorError: the mirror does not answer, or its address book has no node that could be called.
    """
    return choose_nodes(network, "address-book", timeout=timeout).network


def fetch_entries(
    mirror_rest: str,
    timeout: float = 10.0,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> list[Entry]:
    """A mirror's address book as listed, all pages.

    After a temporary refusal it asks again, within the time that one unanswered request would take.

    Args:
        mirror_rest: The mirror's base URL.
        timeout: Seconds per page.
        sleep: Waits so many seconds.
        clock: Monotonic seconds.

    Raises:
        MirrorError: the mirror does not answer.
    """
    rest = MirrorRest(mirror_rest, timeout=timeout)
    over = clock() + timeout
    try:
        for attempt in range(1, FETCH_ATTEMPTS + 1):
            try:
                return entries_from_rows(rest.network_nodes())
            except MirrorError as error:
                if error.fate is Fate.FINAL or attempt == FETCH_ATTEMPTS or clock() + FETCH_PAUSE_S > over:
                    raise
            sleep(FETCH_PAUSE_S)
        raise AssertionError("the last attempt returns or raises")
    finally:
        rest.close()


def moment(seconds: float) -> str:
    """A moment in words: `2026-11-27 14:05:12 UTC`."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))


def _from_mirror(network: Network, timeout: float, now: Callable[[], float]) -> NodeChoice:
    entries = fetch_entries(network.mirror_rest, timeout)
    fetched_at = now()
    ways = routes(entries, tls=network.tls)
    try:
        chosen = network_by(network, ways)
    except ValueError as error:
        raise MirrorError(
            f"NO_NODES: mirror {without_secrets(network.mirror_rest)} has an address book of no use: {error}",
            status="NO_NODES",
            fate=Fate.FINAL,
        ) from error
    source = f"address book of the mirror, {counted(ways)}, fetched at {moment(fetched_at)}"
    return NodeChoice(chosen, source, tuple(ways), fetched_at=fetched_at)


def _built_in(network: Network, why: str, *, fallback: bool = False) -> NodeChoice:
    listed = built_in_list(network.name)
    ways = routes(listed.entries, tls=network.tls)
    return NodeChoice(
        network_by(network, ways), f"built-in list of {listed.date}, {counted(ways)}, {why}", tuple(ways), fallback
    )
