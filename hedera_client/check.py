"""The command `python -m hedera_client check`: which nodes would be called and how, and whether they answer."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from config.address_book import shown
from config.network_file import load_custom
from config.networks import KNOWN, Network, network_by, network_from_ready
from config.proxies import nodes_are_called_directly
from config.routes import Route, counted, routes
from hedera_client import bodies
from hedera_client.account import find_operator
from hedera_client.address_book import NodeChoice, choose_nodes
from hedera_client.attempts import by_subject, table
from hedera_client.bodies import Body
from hedera_client.book_file import read_book
from hedera_client.credentials import Operator, of_other_type
from hedera_client.errors import CredentialError, MirrorError
from hedera_client.findings import Finding, Wrong
from hedera_client.health import UNREACHED, Wants, examine
from hedera_client.prices import HBAR

EXIT_HEALTHY: Final = 0
EXIT_UNHEALTHY: Final = 1
EXIT_CONFIGURATION: Final = 2

USUAL_CHUNK_BYTES: Final = 4_096
"""Bytes of a file per transaction, as a run has them by default."""

CUSTOM: Final = "custom"

_HASH_SHOWN: Final = 12
"""Hex digits of a certificate's hash that are shown."""


def add_check(commands: Any) -> None:
    """Add the command's options to `commands`, the parser's sub-commands."""
    check = commands.add_parser("check", help="look once at nodes, mirror and operator; spends nothing")
    check.add_argument(
        "--network", choices=[*sorted(KNOWN), CUSTOM], help="a known network; custom: your own, with --network-file"
    )
    check.add_argument("--network-file", type=Path, metavar="FILE", help="a network of your own (JSON)")
    check.add_argument(
        "--ready-file", metavar="FILE", help="the ready line of `python -m localnet`; - reads standard input"
    )
    nodes = check.add_mutually_exclusive_group()
    nodes.add_argument(
        "--node-list",
        choices=("auto", "address-book", "configured"),
        default="auto",
        help="whose nodes, as in a run; auto (default): the mirror's address book on a public network, and where it "
        "gives none the built-in list; elsewhere the network's own",
    )
    nodes.add_argument(
        "--address-book",
        action="store_const",
        dest="node_list",
        const="address-book",
        help="take the nodes, and their certificates' hashes, from the mirror; the same as --node-list address-book",
    )
    nodes.add_argument(
        "--address-book-file",
        type=Path,
        metavar="FILE",
        help="take the nodes from a file: a mirror's /api/v1/network/nodes, all pages, or the contents of file 0.0.102",
    )
    check.add_argument("--tls", action="store_true", help="with an address book: speak TLS to the nodes")
    check.add_argument("--list", action="store_true", help="only show the nodes; needs no operator and calls no node")
    check.add_argument(
        "--max-fee",
        type=hbars_of,
        default=0.0,
        metavar="HBAR",
        help="hbars that a run may offer for one transaction at most, as its own --max-fee (default: 0, no bound)",
    )
    check.add_argument(
        "--attempts",
        type=attempts_of,
        default=1,
        metavar="N",
        help="look N times, and tell how often each endpoint was well and how long it took (default: 1)",
    )
    check.add_argument("--timeout", type=seconds_of, default=10.0, metavar="S", help="seconds per call (default: 10)")


def check(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Run the command and return its exit code: 0 all is well, 1 something is not, 2 nothing was tried."""
    try:
        _see_that_one_is_named(options)
        ready = None if options.ready_file is None else _ready_line(options.ready_file)
        network = _network(options, ready)
        chosen, operator = _prepare(options, environment, network, ready)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"hedera_client: error: {error}\n")
        return EXIT_CONFIGURATION
    except MirrorError as error:
        print(f"FAILED  address book: {error}")
        return EXIT_UNHEALTHY
    left_out = [way for way in chosen.ways if not way.addresses]
    if operator is None:
        return EXIT_UNHEALTHY if left_out else EXIT_HEALTHY
    findings = [
        Finding(way.name, False, 0.0, f"left out: {way.left_out}", way.entry.account_id, Wrong.OTHER)
        for way in left_out
    ]
    if len(left_out) == len(chosen.ways) > 0:
        print(f"FAILED  address book: none of its {len(left_out)} nodes can be called")
        return EXIT_UNHEALTHY
    for finding in findings:
        _print(finding)
    directly = nodes_are_called_directly(environment, chosen.network.nodes)
    if directly:
        print(f"note: {directly}")
    wants = Wants(
        bodies=_usual_bodies(operator),
        begins_with=2 * _usual_bodies(operator)["a topic"].price,
        max_fee=int(options.max_fee * HBAR),
        other_type=None if ready is not None else of_other_type(environment, operator),
    )
    looks = [partial(examine, chosen.network, operator, wants, timeout=options.timeout)] * options.attempts
    return _conclude(chosen.network, [*findings, *_attempts(looks)])


def _attempts(looks: Sequence[Callable[[], Iterator[Finding]]]) -> list[Finding]:
    """Look as often; show the findings of the first look and, where there are more, how often each subject was well."""
    first, *others = looks
    findings = []
    for finding in first():
        findings.append(finding)
        _print(finding)
    if others:
        findings += [finding for look in others for finding in look()]
        print("\n" + "\n".join(table(by_subject(findings))) + "\n")
    return findings


def attempts_of(text: str) -> int:
    """A number of attempts, 1 to 1,000."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 1_000):
        raise argparse.ArgumentTypeError(f"{text!r}: give a number of attempts, 1 to 1000")
    return int(text)


def hbars_of(text: str) -> float:
    """A number of hbars, 0 to a million."""
    try:
        hbars = float(text)
    except ValueError:
        hbars = -1.0
    if not 0 <= hbars <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r}: give hbars, 0 to 1000000")
    return hbars


def seconds_of(text: str) -> float:
    """A positive number of seconds, an hour at most."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r}: give seconds, more than 0 and at most 3600")
    return seconds


def listing(chosen: NodeChoice) -> Iterator[str]:
    """How each node would be called, one line per node and one per remark; then how many there are."""
    network = chosen.network
    yield f"{network.name}: {chosen.source or 'nodes as configured'}"
    if not chosen.ways:
        for address, account in network.nodes.items():
            yield f"node {account:8}  {_manner(network.tls, network.certificate_hashes.get(account, ''))}: {address}"
        return
    for way in chosen.ways:
        yield _line(way, tls=network.tls)
        yield from (f"{'':13}  {remark}" for remark in way.remarks)
    yield f"{len(chosen.ways)} {'node' if len(chosen.ways) == 1 else 'nodes'} listed: {counted(chosen.ways)}"


def _prepare(
    options: argparse.Namespace, environment: Mapping[str, str], network: Network, ready: Mapping[str, Any] | None
) -> tuple[NodeChoice, Operator | None]:
    """The nodes, which are shown where a list says them, and the operator, who is not needed for showing only.

    Raises:
        ValueError: a file or the operator's credentials are wrong.
        MirrorError: the mirror was to give the address book, and does not.
    """
    operator: Operator | CredentialError | None = None
    if not options.list:
        try:
            operator = _operator(environment, ready, network, options.timeout)
        except CredentialError as error:
            operator = error
    if isinstance(operator, CredentialError) and options.address_book_file is None:
        raise operator  # before anybody is asked anything
    if options.address_book_file is not None:
        chosen = _from_file(network, options.address_book_file)
    else:
        chosen = choose_nodes(network, options.node_list, timeout=options.timeout)
    if chosen.ways or options.list:
        print("\n".join(listing(chosen)), flush=True)
    if isinstance(operator, CredentialError):
        raise CredentialError(f"{operator}; --list shows the nodes without")
    return chosen, operator


def _from_file(network: Network, path: Path) -> NodeChoice:
    """The nodes of a file's address book; if none of them can be called, the network's own stay.

    Raises:
        ValueError: the file is not an address book, or says that it is another network's.
    """
    book = read_book(path)
    if book.network and book.network != network.name:
        raise ValueError(f"{shown(str(path))} is the address book of {shown(book.network)}, not of {network.name}")
    ways = routes(book.entries, tls=network.tls)
    source = f"address book {shown(str(path))}{f' ({book.source})' if book.source else ''}, {counted(ways)}"
    if any(way.addresses for way in ways):
        network = network_by(network, ways)
    return NodeChoice(network, source, tuple(ways))


def _see_that_one_is_named(options: argparse.Namespace) -> None:
    """See that the network is named once; for one of the user's own as for a run, or by its file alone.

    Raises:
        ValueError: it is not.
    """
    known = options.network if options.network != CUSTOM else None
    given = [one for one in (known, options.network_file, options.ready_file) if one is not None]
    if len(given) != 1 or (options.network == CUSTOM and options.network_file is None):
        raise ValueError("name one network: --network NAME, --network-file FILE or --ready-file FILE")


def _network(options: argparse.Namespace, ready: Mapping[str, Any] | None) -> Network:
    """The network as it is known."""
    if ready is not None:
        network = network_from_ready(dict(ready))
    else:
        network = KNOWN[options.network] if options.network in KNOWN else load_custom(options.network_file)
    by_book = options.node_list == "address-book" or options.address_book_file is not None
    return network.model_copy(update={"tls": True}) if options.tls and by_book else network


def _operator(
    environment: Mapping[str, str], ready: Mapping[str, Any] | None, network: Network, timeout: float
) -> Operator:
    """Who pays. The operator of an embedded network stands in its ready line."""
    if ready is not None:
        return Operator.parse(ready["operator_id"], ready["operator_key"])
    return find_operator(environment, network.mirror_rest, timeout=timeout)[0]


def _usual_bodies(operator: Operator) -> dict[str, Body]:
    """What a run with the usual options sends: the dearest of each kind."""
    key = operator.public_key
    return {
        "a topic": bodies.create_topic(admin_key=key, submit_key=key),
        "a message": bodies.submit_message("0.0.1", bytes(bodies.MESSAGE_LIMIT_BYTES)),
        f"{USUAL_CHUNK_BYTES:,} bytes of a file": bodies.create_file(bytes(USUAL_CHUNK_BYTES), keys=[key]),
    }


def _ready_line(source: str) -> dict[str, Any]:
    text = sys.stdin.readline() if source == "-" else Path(source).read_text(encoding="utf-8")
    try:
        ready = json.loads(text)
    except ValueError:
        ready = None
    needed = ("nodes", "mirror_rest", "mirror_grpc", "relay", "control", "operator_id", "operator_key")
    if not isinstance(ready, dict) or any(name not in ready for name in needed):
        raise ValueError(f"--ready-file {source!r}: it is not a ready line of `python -m localnet`")
    return ready


def _line(way: Route, *, tls: bool) -> str:
    """How one node is called."""
    described = f"  ({way.entry.description})" if way.entry.description else ""
    name = f"node {way.entry.account_id or '?':8}"
    if not way.addresses:
        return f"{name}  left out: {way.left_out}{described}"
    return f"{name}  {_manner(tls, way.certificate_hash)}: {', then '.join(way.addresses)}{described}"


def _manner(tls: bool, certificate_hash: str) -> str:
    if not tls:
        return "plain text"
    return f"TLS, certificate {certificate_hash[:_HASH_SHOWN]}…" if certificate_hash else "TLS, certificate not checked"


def _print(finding: Finding) -> None:
    verdict = "ok" if finding.healthy else "FAILED"
    print(f"{verdict:6}  {finding.took_s * 1000:7.0f} ms  {finding.subject}: {finding.detail}", flush=True)


def _conclude(network: Network, findings: Sequence[Finding]) -> int:
    """Say which nodes answer nowhere, and how many checks passed; returns the exit code."""
    by_node: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.node:
            by_node.setdefault(finding.node, []).append(finding)
    for node in dict.fromkeys(network.nodes.values()):
        if line := _nowhere(node, by_node[node]):
            print(line)
    failed = sum(not finding.healthy for finding in findings)
    answering = sum(any(finding.healthy for finding in found) for found in by_node.values())
    print(
        f"{network.name}: {len(findings) - failed} of {len(findings)} checks passed; "
        f"{answering} of {len(by_node)} nodes answer"
    )
    return EXIT_UNHEALTHY if failed else EXIT_HEALTHY


def _nowhere(node: str, findings: Iterable[Finding]) -> str:
    """A line for a node that is well at none of its addresses; "" for any other."""
    found = list(findings)
    if any(finding.healthy for finding in found):
        return ""
    unreached = all(finding.wrong is Wrong.UNREACHED for finding in found)
    return f"node {node} {UNREACHED if unreached else 'is not well'} at any of its addresses ({len(found)})"
