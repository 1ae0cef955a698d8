"""The commands `python -m hedera_client check`, `addresses` and `errors`.

`check` reports whether the network is reachable and the operator can pay, and how each node is called; `addresses`
updates the built-in lists of nodes; `errors` prints docs/errors.md.

Exit code: 0 all checks passed; 1 one failed; 2 wrong arguments, files or credentials, nothing was tried.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from io import TextIOWrapper

from dotenv import dotenv_values

from config.streams import survive_closed_pipes
from hedera_client.check import EXIT_HEALTHY, add_check, check
from hedera_client.errors_page import errors_page
from hedera_client.refresh_nodes import add_addresses, addresses


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the command and return its exit code."""
    options = _parser().parse_args(arguments)
    if options.command == "errors":
        sys.stdout.write(errors_page())
        return EXIT_HEALTHY
    if options.command == "addresses":
        return addresses(options)
    return check(options, environment)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hedera_client")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("errors", help="print the table of errors as Markdown")
    add_check(commands)
    add_addresses(commands)
    return parser


if __name__ == "__main__":
    survive_closed_pipes()
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a node's description may have letters that a terminal has not
    in_file = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    sys.exit(main(sys.argv[1:], {**in_file, **os.environ}))
