"""The command `python -m hedera_client addresses`: writes the built-in lists of nodes anew, and says what changed."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from config.address_book import Entry, read_hash, shown
from config.built_in_nodes import FOLDER, BuiltInList, built_in_list, write_built_in_list
from config.networks import HOSTED, KNOWN
from config.routes import Route, counted, routes
from hedera_client.address_book import fetch_entries
from hedera_client.book_file import read_book
from hedera_client.check import seconds_of
from hedera_client.errors import MirrorError

EXIT_WRITTEN: Final = 0
EXIT_NO_MIRROR: Final = 1
EXIT_CONFIGURATION: Final = 2


def add_addresses(commands: Any) -> None:
    """Add the command's options to `commands`, the parser's sub-commands."""
    parser = commands.add_parser(
        "addresses", help="write the built-in lists of nodes anew, from the mirrors or from a file"
    )
    parser.add_argument("--network", choices=HOSTED, help="whose list (default: all three)")
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--address-book-file",
        type=Path,
        metavar="FILE",
        help="a mirror's /api/v1/network/nodes, all pages, or the contents of file 0.0.102 (with --network)",
    )
    source.add_argument("--mirror", metavar="URL", help="ask this mirror instead of the network's; needs --network")
    parser.add_argument(
        "--date",
        type=_day,
        metavar="YYYY-MM-DD",
        help="the day as of which a file's book is right (default: what it says itself, else when it was written)",
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the lists are kept (default: the project's)")
    parser.add_argument("--timeout", type=seconds_of, default=10.0, metavar="S", help="seconds per page (default: 10)")


class _UselessBookError(Exception):
    """A mirror's address book that must not be written; the message is one line."""


def addresses(options: argparse.Namespace) -> int:
    """Run the command and return its exit code.

    0: written; 1: a mirror gave no address book, and its network's list is as it was; 2: wrong arguments or a wrong
    file, and nothing was written.
    """
    if options.network is None and (options.address_book_file or options.mirror or options.date):
        sys.stderr.write("hedera_client: error: --address-book-file, --mirror and --date need --network\n")
        return EXIT_CONFIGURATION
    code = EXIT_WRITTEN
    for network in [options.network] if options.network else HOSTED:
        try:
            _replace(_listed(network, options), options.folder)
        except (MirrorError, _UselessBookError) as error:
            print(f"FAILED  {error}", flush=True)
            code = EXIT_NO_MIRROR
        except (ValueError, OSError) as error:
            sys.stderr.write(f"hedera_client: error: {error}\n")
            return EXIT_CONFIGURATION
    return code


def changes(before: Sequence[Entry], after: Sequence[Entry]) -> Iterator[str]:
    """What is different, one line per node: who is new, who is gone, whose addresses or certificate are others.

    The order of addresses does not count: mirrors and nodes list them in orders of their own.
    """
    old, new = (
        {way.entry.account_id: way for way in routes(entries, tls=True) if not way.entry.fault}
        for entries in (before, after)
    )
    for account, way in new.items():
        if account not in old:
            yield f"added    {account} at {', '.join(way.addresses) or 'no address'}  ({way.entry.description})"
        else:
            yield from _differences(account, old[account], way)
    for account, way in old.items():
        if account not in new:
            yield f"gone     {account}, which was at {', '.join(way.addresses)}  ({way.entry.description})"


def _differences(account: str, old: Route, new: Route) -> Iterator[str]:
    come = [f"+{address}" for address in new.addresses if address not in old.addresses]
    gone = [f"-{address}" for address in old.addresses if address not in new.addresses]
    if come or gone:
        yield f"moved    {account}: {' '.join(come + gone)}"
    here, there = (read_hash(way.entry.certificate_hash) for way in (old, new))
    if here != there:
        yield f"changed  {account}: its certificate's hash is {shown(new.entry.certificate_hash)}"
    if old.entry.description != new.entry.description:
        yield f"changed  {account}: it is described as {shown(new.entry.description)}"


def _listed(network: str, options: argparse.Namespace) -> BuiltInList:
    """The list that is to be written.

    Raises:
        ValueError: the file is not an address book of this network, or none of its nodes can be called.
        MirrorError: the mirror gives none.
        _UselessBookError: the mirror gives one that is of no use.
    """
    if options.address_book_file is not None:
        path: Path = options.address_book_file
        book = read_book(path)
        if book.network and book.network != network:
            raise ValueError(f"{shown(str(path))} is the address book of {shown(book.network)}, not of {network}")
        written = date.fromtimestamp(path.stat().st_mtime).isoformat()
        listed = BuiltInList(
            network, options.date or book.date or written, book.source or f"the file {path.name}", book.entries
        )
        _refuse_useless(listed)
    else:
        mirror = options.mirror or KNOWN[network].mirror_rest
        entries = tuple(fetch_entries(mirror, options.timeout))
        today = time.strftime("%Y-%m-%d", time.gmtime())
        listed = BuiltInList(network, options.date or today, f"the address book of the mirror {mirror}", entries)
        try:
            _refuse_useless(listed)
        except ValueError as error:
            raise _UselessBookError(f"mirror {mirror}: {error}") from error
    return listed


def _refuse_useless(listed: BuiltInList) -> None:
    """See that a list is one of this network's.

    Raises:
        ValueError: none of its nodes can be called over TLS, or one shows a certificate that another network's does.
    """
    ways = routes(listed.entries, tls=True)
    if not any(way.addresses for way in ways):
        said = next((f", e.g. {line}" for way in ways for line in way.lines()), "")
        raise ValueError(f"{listed.network}: none of the {len(ways)} nodes can be called over TLS{said}")
    hashes = {way.certificate_hash: way.entry.account_id for way in ways if way.certificate_hash}
    for name in HOSTED:
        if name == listed.network:
            continue
        for account, known in KNOWN[name].certificate_hashes.items():
            if known in hashes:
                raise ValueError(
                    f"{listed.network}: node {hashes[known]} has the certificate of {account} of {name}: "
                    f"is it the address book of {name}?"
                )


def _replace(listed: BuiltInList, folder: Path) -> None:
    """Write a list in place of the one before, and say what changed.

    Raises:
        OSError: it cannot be written.
    """
    try:
        before = built_in_list(listed.network, folder)
    except ValueError:
        before = BuiltInList(listed.network, "no date", "", ())
    path = write_built_in_list(listed, folder)
    ways = routes(listed.entries, tls=True)
    told = [*changes(before.entries, listed.entries), *(f"note     {line}" for way in ways for line in way.lines())]
    print(f"{listed.network}: {path}: {counted(ways)}, as of {listed.date} (before: {before.date})")
    print("\n".join(f"  {line}" for line in told or ["nothing else changed"]), flush=True)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: give a day such as 2026-11-27") from None
