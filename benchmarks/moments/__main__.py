"""Real runs on the embedded network with a public network's latency, whose two moments are held against its ledger.

    python -m benchmarks.moments [--runs one-process,two-workers] [--seconds 40] [--rate 20] [--latency testnet]

`make calibrate` ends with it. Prints a line for everything that is held (benchmarks/moments/held.py says what, and with
which tolerance), and ends with 1 where one is missed.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from typing import Final

from benchmarks.moments.held import Check, MissingError
from benchmarks.moments.runs import NotRunError, run
from localnet.consensus.latency import PROFILES

PROFILES_WITH_TWO: Final = sorted(name for name, latency in PROFILES.items() if latency.received_s)
RUNS: Final = {"one-process": 0, "two-workers": 2}
"""Runs by name, and how many workers each has; 0 for none, the process that runs the users is the only one."""


def line(check: Check) -> str:
    """A check as it is printed."""
    return f"  {'ok' if check.kept else 'BAD':3} {check.what}: {check.found}"


def main() -> int:
    """Run, print, and return 0 if everything was held."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.moments", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", default=",".join(RUNS), help="comma-separated (default: all)")
    parser.add_argument("--seconds", type=float, default=40.0, help="of load in each (default 40)")
    parser.add_argument("--rate", type=float, default=20.0, help="messages a second (default 20)")
    parser.add_argument("--latency", choices=PROFILES_WITH_TWO, default="testnet", help="profile (default testnet)")
    options = parser.parse_args()
    names = options.runs.split(",")
    for name in names:
        if name not in RUNS:
            parser.error(f"--runs {name!r}: choose from {', '.join(RUNS)}")
    print(
        f"Two moments against the ledger, profile {options.latency}, {options.rate:g}/s, {options.seconds:g} s; "
        f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores",
        flush=True,
    )
    missed = 0
    for name in names:
        print(name, flush=True)
        try:
            held = run(RUNS[name], options.rate, options.seconds, options.latency).held(options.latency)
        except (NotRunError, MissingError) as error:
            print(f"  BAD {error}", flush=True)
            missed += 1
            continue
        print("\n".join(map(line, held)), flush=True)
        missed += sum(not check.kept for check in held)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
