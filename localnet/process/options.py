"""The command line of `python -m localnet`."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from localnet.consensus.latency import PROFILES

NODE_NUMBERS: Final = (3, 4, 5, 6)
"""Account numbers of the consensus nodes."""

PUBLIC_MIRROR_RATE: Final = 50
"""REST requests a second that public mirrors allow one address (docs.hedera.com, mirror node REST API)."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The listening ports; 0 is "any free port".

    A service may listen on several ports; the ready line and the address book name the first. In a real network the
    further ones of the mirror's REST API are other servers, for estimates of fees for example. Fixed are the ports
    that SDKs use; most of them are among those that systems give to outgoing connections, so each may be taken.
    """

    nodes: tuple[tuple[int, ...], ...]
    nodes_tls: tuple[int, ...]
    mirror_grpc: int
    mirror_rest: tuple[int, ...]
    relay: int
    control: int


# SDKs know of one local node, and speak TLS on port 50212 only (hiero-sdk-python 0.3.0, managed_node_address.py;
# @hiero-ledger/sdk 2.87.0, ManagedNodeAddress.js). Whichever of these networks they look for, they find this one.
_NODE: Final = 50211  # a local node (@hiero-ledger/sdk 2.87.0, ClientConstants.js)
_SOLO_NODE: Final = 35211  # a Solo network (hiero-sdk-python 0.3.0, client/network.py: solo, localhost, local)
_REST: Final = 5551  # the JavaScript SDK asks any mirror on this machine there (MirrorNode.js)
_SOLO_REST: Final = 38081  # hiero-sdk-python 0.3.0, client/network.py
_FEES: Final = 8084  # both SDKs ask for estimates of fees there (FeeEstimateQuery.js, fee_estimate_query.py)

PORTS: Final = {
    "free": Ports(
        nodes=((0,), (0,), (0,), (0,)), nodes_tls=(0, 0, 0, 0), mirror_grpc=0, mirror_rest=(0,), relay=0, control=0
    ),
    "solo": Ports(
        nodes=((_SOLO_NODE, _NODE), (35212,), (35213,), (35214,)),
        nodes_tls=(50212, 50213, 50214, 50215),
        mirror_grpc=5600,
        mirror_rest=(_SOLO_REST, _REST, _FEES),
        relay=7546,
        control=38082,
    ),
    "local-node": Ports(
        nodes=((_NODE, _SOLO_NODE), (0,), (0,), (0,)),
        nodes_tls=(50212, 0, 0, 0),
        mirror_grpc=5600,
        mirror_rest=(_REST, _SOLO_REST, _FEES),
        relay=7546,
        control=0,
    ),
}
"""By the value of `--ports`."""


@dataclass(frozen=True, slots=True)
class Options:
    """The parsed command line; see `parse_options` for each."""

    host: str
    ports: str
    latency: str
    consensus_delay: float | None
    consensus_jitter: float | None
    mirror_lag: float | None
    gossip: float | None
    throttles: str
    limits: str
    faults: str | None
    state: str | None
    seed: int
    keep: int
    tls: str
    mirror_rate_limit: int | None
    relay_rate_limit: str
    exit_with_parent: bool

    @property
    def mirror_requests_per_second(self) -> int:
        """REST requests a second that one address is allowed; 0 for as many as it likes."""
        if self.mirror_rate_limit is None:
            return PUBLIC_MIRROR_RATE if self.limits == "real" else 0
        return self.mirror_rate_limit


def parse_options(arguments: Sequence[str]) -> Options:
    """Parse the command line; a wrong value ends the process with one line and exit code 2."""
    parser = argparse.ArgumentParser(
        prog="python -m localnet",
        description=(
            "Runs an embedded Hedera network: four consensus nodes, a mirror node and a JSON-RPC relay, in memory. "
            "When it is ready it prints one line of JSON on standard output that says where everything is, and with "
            "which account and key to pay. It ends on Ctrl-C or SIGTERM. `python -m localnet fault --help` tells how "
            "to break it."
        ),
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    _add_place(parser)
    _add_behaviour(parser)
    _add_limits(parser)
    _add_memory(parser)
    return Options(**vars(parser.parse_args(arguments)))


def _add_place(parser: argparse.ArgumentParser) -> None:
    """Options on where it listens, and when it ends."""
    parser.add_argument("--host", type=_host, default="127.0.0.1", help="IPv4 address or name to listen on")
    parser.add_argument(
        "--ports",
        choices=sorted(PORTS),
        default="free",
        help="free: any free ports; local-node, solo: the ports where SDKs look for a local node or a Solo network "
        "(node 50211 and 35211, by TLS 50212, mirror gRPC 5600, mirror REST 5551 and 38081, fees 8084, relay 7546); "
        "the ready line tells those of the one that was named",
    )
    parser.add_argument(
        "--tls",
        choices=("on", "off"),
        default="on",
        help="on: each node also has a port that speaks TLS, with the hash of its certificate in the address book",
    )
    parser.add_argument(
        "--exit-with-parent",
        action="store_true",
        help="end when standard input is closed or the parent process is gone",
    )


def _add_behaviour(parser: argparse.ArgumentParser) -> None:
    """Options on latencies and faults."""
    parser.add_argument(
        "--latency",
        choices=sorted(PROFILES),
        default="standard",
        help="time until consensus is known, and from there to the mirror; standard: 2 s and 0.5 s, always; mainnet, "
        "testnet: distributions like those of the public networks (docs/localnet.md); instant: none",
    )
    parser.add_argument(
        "--consensus-delay",
        type=_seconds,
        metavar="SECONDS",
        help="time from a transaction's arrival until its receipt is known, instead of the profile's; its consensus "
        "timestamp lies before that",
    )
    parser.add_argument(
        "--consensus-jitter",
        type=_seconds,
        metavar="SECONDS",
        help="largest deviation from the delay, drawn evenly to both sides; the order of arrival is kept",
    )
    parser.add_argument(
        "--mirror-lag",
        type=_seconds,
        metavar="SECONDS",
        help="time from the receipt until the mirror shows a transaction, in REST and in the stream, instead of the "
        "profile's",
    )
    parser.add_argument(
        "--gossip",
        type=_seconds,
        metavar="SECONDS",
        help="time until the other nodes have heard of a transaction, instead of the profile's; within it they accept "
        "the same transaction id too, and it ends as a duplicate; no longer than until it reached consensus; 0: they "
        "know at once",
    )
    parser.add_argument("--faults", metavar="FILE", help="JSON file with a list of faults that begin with the network")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything that is drawn at random")


def _add_limits(parser: argparse.ArgumentParser) -> None:
    """Options on throttles and limits."""
    parser.add_argument(
        "--throttles",
        default="mainnet",
        metavar="PROFILE",
        help="what the nodes take: mainnet, testnet, off, a JSON file in the shape of "
        "localnet/throttles/mainnet.json, or mainnet's with single rates a second for the whole network, such as "
        "ConsensusSubmitMessage=50,burst=1 (burst in seconds)",
    )
    parser.add_argument(
        "--limits",
        choices=("real", "off"),
        default="real",
        help="what a connection to a node may do; real: as with the real nodes 10 calls at once, an end after 15 s and "
        "5 s more for calls under way, or after 10 s without a call, windows of 10,240 bytes, few pings: to know how a "
        "client gets along with that; off: no such limits, nor one of requests to the mirror, to measure the embedded "
        "network itself",
    )
    parser.add_argument(
        "--mirror-rate-limit",
        type=_rate_limit,
        metavar="N",
        help=f"HTTP 429 beyond so many REST requests a second from one address; 0 or off: never. By default "
        f"{PUBLIC_MIRROR_RATE}, as public mirrors allow, and never with --limits off",
    )
    parser.add_argument(
        "--relay-rate-limit",
        choices=("on", "off"),
        default="off",
        help="on: the relay refuses what an address asks more often than public relays allow (100 to 1600 calls of a "
        "method in a minute); off, as in the relay itself",
    )


def _add_memory(parser: argparse.ArgumentParser) -> None:
    """Options on what it keeps."""
    parser.add_argument(
        "--state",
        metavar="FILE",
        help="SQLite file that keeps what was handled; the next network with it goes on there",
    )
    parser.add_argument(
        "--keep",
        type=_positive,
        default=1_000_000,
        metavar="TRANSACTIONS",
        help="how many transactions, with their messages, the mirror and the ledger keep; older ones are forgotten",
    )


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 <= value <= 3_600.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to 3600")
    return value


def _host(text: str) -> str:
    if ":" in text:  # an address book has no other form for a node's address
        raise argparse.ArgumentTypeError(f"{text!r} is neither an IPv4 address nor a name, as address books hold them")
    return text


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _rate_limit(text: str) -> int:
    if text != "off" and not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is neither 'off' nor a whole number")
    return 0 if text == "off" else int(text)
