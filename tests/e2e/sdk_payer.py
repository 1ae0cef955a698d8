"""An application that submits messages with the unmodified Python SDK, and the operator of somebody's load test.

    python -m tests.e2e.sdk_payer NETWORK_FILE SECONDS

with OPERATOR_ID and OPERATOR_KEY in its environment. It prints one JSON object: how many messages it had a receipt
for (`succeeded`) and what else it was told (`failed`), and its topic.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Final

from hiero_sdk_python import (
    AccountId,
    Client,
    Network,
    PrivateKey,
    ResponseCode,
    TopicCreateTransaction,
    TopicMessageSubmitTransaction,
)
from hiero_sdk_python.node import _Node

THREADS: Final = 8


def make_client(network: dict[str, dict[str, str]]) -> Client:
    """A client of the nodes of a network file, as an application configures it."""
    nodes = [_Node(AccountId.from_string(account), address, None) for address, account in network["nodes"].items()]
    client = Client(Network(network="solo", nodes=nodes))
    for node in nodes:
        node._apply_transport_security(False)
    client.set_operator(
        AccountId.from_string(os.environ["OPERATOR_ID"]), PrivateKey.from_string(os.environ["OPERATOR_KEY"])
    )
    return client


def main() -> None:
    """Submit until the time is up, in a few threads, each with a client of its own."""
    network = json.loads(Path(sys.argv[1]).read_text())
    until = time.monotonic() + float(sys.argv[2])
    topic = TopicCreateTransaction().execute(make_client(network)).topic_id
    succeeded: list[str] = []
    failed: list[str] = []

    def submit(client: Client) -> None:
        while time.monotonic() < until:
            try:
                receipt = TopicMessageSubmitTransaction(topic, "an application's").execute(client)
            except Exception as error:  # whatever it is told is what the test asks for
                failed.append(repr(error))
                continue
            told = ResponseCode(receipt.status).name
            (succeeded if receipt.status == ResponseCode.SUCCESS else failed).append(told)

    threads = [threading.Thread(target=submit, args=(make_client(network),)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"topic": str(topic), "succeeded": len(succeeded), "failed": failed}))


if __name__ == "__main__":
    main()
