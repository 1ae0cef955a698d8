"""Runs a network with `--ports solo` or `local-node` and, while it is there, a command that must find it.

    python -m tests.localnet.interop.on_fixed_ports PORTS COMMAND...

The command is run in this folder, and told who pays: account and key are its last arguments.

A program of its own, so that it can be run where all ports are free.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from localnet_launcher import start_localnet


def main(ports: str, *command: str) -> int:
    """Return the command's exit code; its output is ours."""
    running = start_localnet("--ports", ports, "--latency", "instant")
    try:
        payer = (running.operator_id, running.operator_key)
        return subprocess.run([*command, *payer], cwd=Path(__file__).parent, check=False, timeout=60).returncode
    finally:
        running.stop()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
