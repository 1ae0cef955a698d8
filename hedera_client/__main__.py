"""The commands `python -m hedera_client check` and `errors`.

`check` tells whether the network is there and the operator can pay; `errors` prints docs/errors.md.

Exit code: 0 all is well; 1 something is not; 2 wrong arguments or credentials, nothing was tried.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from config.launcher import network_from_ready
from config.networks import KNOWN, Network, load_custom
from hedera_client.address_book import network_from_address_book
from hedera_client.credentials import Operator
from hedera_client.errors import MirrorError
from hedera_client.errors_page import errors_page
from hedera_client.health import examine

EXIT_HEALTHY = 0
EXIT_UNHEALTHY = 1
EXIT_CONFIGURATION = 2


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the command and return its exit code."""
    options = _parser().parse_args(arguments)
    if options.command == "errors":
        sys.stdout.write(errors_page())
        return EXIT_HEALTHY
    try:
        network, operator = _target(options, environment)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"hedera_client: error: {error}\n")
        return EXIT_CONFIGURATION
    if options.address_book:
        try:
            network = network.model_copy(update={"tls": network.tls or options.tls})
            network = network_from_address_book(network, options.timeout)
        except MirrorError as error:
            print(f"FAILED  address book: {error}")
            return EXIT_UNHEALTHY
    findings = []
    for finding in examine(network, operator, timeout=options.timeout):
        findings.append(finding)
        verdict = "ok" if finding.healthy else "FAILED"
        print(f"{verdict:6}  {finding.took_s * 1000:7.0f} ms  {finding.subject}: {finding.detail}", flush=True)
    failed = sum(not finding.healthy for finding in findings)
    print(f"{network.name}: {len(findings) - failed} of {len(findings)} checks passed")
    return EXIT_UNHEALTHY if failed else EXIT_HEALTHY


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hedera_client")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("errors", help="print the table of errors as Markdown")
    check = commands.add_parser("check", help="look once at nodes, mirror and operator; spends nothing")
    where = check.add_mutually_exclusive_group(required=True)
    where.add_argument("--network", choices=sorted(KNOWN), help="a known network")
    where.add_argument("--network-file", type=Path, metavar="FILE", help="a network of your own (JSON)")
    where.add_argument(
        "--ready-file", metavar="FILE", help="the ready line of `python -m localnet`; - reads standard input"
    )
    check.add_argument(
        "--address-book", action="store_true", help="take the nodes, and their certificates' hashes, from the mirror"
    )
    check.add_argument("--tls", action="store_true", help="with --address-book: speak TLS to the nodes")
    check.add_argument("--timeout", type=float, default=10.0, metavar="S", help="seconds per check (default: 10)")
    return parser


def _target(options: argparse.Namespace, environment: Mapping[str, str]) -> tuple[Network, Operator]:
    """What to look at, and for whom. The operator of an embedded network stands in its ready line."""
    if options.ready_file is not None:
        ready = _ready_line(options.ready_file)
        return network_from_ready(ready), Operator.parse(ready["operator_id"], ready["operator_key"])
    network = KNOWN[options.network] if options.network else load_custom(options.network_file)
    return network, Operator.from_environment(environment)


def _ready_line(source: str) -> dict[str, Any]:
    text = sys.stdin.readline() if source == "-" else Path(source).read_text(encoding="utf-8")
    try:
        ready = json.loads(text)
    except ValueError:
        ready = None
    needed = ("nodes", "mirror_rest", "mirror_grpc", "relay", "control", "operator_id", "operator_key")
    if not isinstance(ready, dict) or any(name not in ready for name in needed):
        raise ValueError(f"--ready-file {source!r}: it is no ready line of `python -m localnet`")
    return ready


if __name__ == "__main__":
    in_file = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    sys.exit(main(sys.argv[1:], {**in_file, **os.environ}))
