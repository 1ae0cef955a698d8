"""`python -m localnet`: runs the embedded network until a signal; `python -m localnet fault` injects faults."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys

import uvloop

from localnet import protobufs_alone  # noqa: F401 (before what imports protobufs)
from localnet.faults import FaultError
from localnet.ledger.state_file import StateFileError
from localnet.process import running_networks
from localnet.process.end_of_process import watch_for_end
from localnet.process.fault_command import main as fault_command
from localnet.process.garbage_collection import set_survivors_aside
from localnet.process.listening import PortTakenError
from localnet.process.network import LocalNetwork
from localnet.process.options import Options, parse_options
from localnet.throttles import ThrottleError


async def run(options: Options) -> None:
    """Start the network, print the ready line, wait, and stop it."""
    network = LocalNetwork(options)
    await network.start()
    announcement = running_networks.announce(network.ready_line["control"], network.ready_line["token"])
    try:
        end = watch_for_end(with_parent=options.exit_with_parent)
        print(json.dumps(network.ready_line), flush=True)
        collecting = asyncio.create_task(set_survivors_aside())
        await end
        collecting.cancel()
    finally:
        announcement.unlink(missing_ok=True)
        await network.stop()


def main() -> int:
    """Return the exit code: 0, or 2 when it could not start with these options."""
    if sys.argv[1:2] == ["fault"]:
        return fault_command(sys.argv[2:])
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="localnet: %(levelname)s %(message)s")
    options = parse_options(sys.argv[1:])
    if options.exit_with_parent:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # see process/end_of_process.py
    try:
        uvloop.run(run(options))
    except (BrokenPipeError, KeyboardInterrupt):  # a signal, or the end of its parent, before it was ready
        return 0
    except (PortTakenError, FaultError, StateFileError, ThrottleError) as error:
        print(f"localnet: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
