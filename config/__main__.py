"""`python -m config`: lists the options that the project adds to Locust, and its exit codes.

`locust --help` is printed before Locust reads the locustfile, so it cannot know them. `python -m config exit-codes`
prints docs/exit-codes.md.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from config.exit_codes import as_text, page
from config.options import add_options
from config.streams import survive_closed_pipes


class _Listing:
    """Takes options as Locust's parser would, and keeps them for argparse's own help."""

    def __init__(self) -> None:
        self.parser = argparse.ArgumentParser(
            prog="locust",
            add_help=False,
            usage="locust [Locust's options] [the options below] [UserClass ...]",
            epilog=as_text(),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def add_argument(self, *flags: str, **options: Any) -> None:
        options["help"] = f"{options['help']} [env: {options.pop('env_var')}]"
        self.parser.add_argument(*flags, **options)

    def set_defaults(self, **values: Any) -> None:
        """Ignore defaults for Locust's own options, which are not listed here."""


def main(arguments: list[str]) -> None:
    """Print the options and exit codes, or one of the project's pages."""
    parser = argparse.ArgumentParser(prog="python -m config", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "what", nargs="?", choices=("options", "exit-codes"), default="options", help="what to print (default: options)"
    )
    if parser.parse_args(arguments).what == "exit-codes":
        sys.stdout.write(page())
        return
    listing = _Listing()
    add_options(listing)
    listing.parser.print_help(sys.stdout)


if __name__ == "__main__":
    survive_closed_pipes()
    main(sys.argv[1:])
