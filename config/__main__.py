"""`python -m config`: lists the options that the project adds to Locust.

`locust --help` is printed before Locust reads the locustfile, so it cannot know them.
"""

from __future__ import annotations

import argparse
from typing import Any

from config.options import add_options


class _Listing:
    """Takes options as Locust's parser would, and keeps them for argparse's own help."""

    def __init__(self) -> None:
        self.parser = argparse.ArgumentParser(
            prog="locust", add_help=False, usage="locust [Locust's options] [the options below] [UserClass ...]"
        )

    def add_argument(self, *flags: str, **options: Any) -> None:
        options["help"] = f"{options['help']} [env: {options.pop('env_var')}]"
        self.parser.add_argument(*flags, **options)

    def set_defaults(self, **values: Any) -> None:
        """Other defaults of Locust's own options are none of our options."""


if __name__ == "__main__":
    listing = _Listing()
    add_options(listing)
    listing.parser.print_help()
