"""What the rest of the project rests on: unique ids, and calls that do not wait for each other."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from hiero_sdk_python.hapi.services import transaction_response_pb2

from hedera_client import HederaClient, Operator, ReceiptFailedError, bodies
from hedera_client.transports import TRANSPORTS, TransportName
from localnet_launcher import Localnet

ROOT = Path(__file__).resolve().parents[2]


def python(script: str, *arguments: str) -> str:
    """Run a script in a process of its own and return what it printed."""
    command = [sys.executable, "-c", textwrap.dedent(script), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout


def test_ids_of_four_processes_are_distinct() -> None:
    """20,000 transaction ids, made at once by 4 processes with a lane each, never repeat."""
    script = """
        import sys
        from hedera_client import TransactionIds
        ids = TransactionIds("0.0.1001", int(sys.argv[1]), scatter=12_345_678)
        print("\\n".join(str(ids.next()) for _ in range(5000)))
    """
    with ThreadPoolExecutor(4) as pool:
        printed = list(pool.map(lambda lane: python(script, str(lane)).split(), range(4)))
    assert [len(ids) for ids in printed] == [5000] * 4
    assert len({one for ids in printed for one in ids}) == 20_000


class _Node(grpc.GenericRpcHandler):
    """A node that acknowledges after 2 s, or, where the message says `quick`, after 10 ms."""

    def service(self, details: Any) -> Any:
        def answer(request: bytes, _: grpc.ServicerContext) -> bytes:
            time.sleep(0.01 if b"quick" in request else 2)
            return bytes(transaction_response_pb2.TransactionResponse().SerializeToString())

        return grpc.unary_unary_rpc_method_handler(answer)


@pytest.fixture
def slow_node() -> Iterator[str]:
    """Address of such a node."""
    server = grpc.server(ThreadPoolExecutor(16), handlers=[_Node()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_quick_call_does_not_wait_behind_slow_ones(slow_node: str, transport: str) -> None:
    """Under Locust's patching, with ten 2 s calls in flight, a 10 ms call is measured under 50 ms."""
    script = """
        import sys, time
        import locust
        import gevent
        from config.networks import Network
        from hedera_client import HederaClient, Operator, bodies
        from hedera_client.greenlets import prepare_process
        prepare_process(20)
        nodes = {sys.argv[1]: "0.0.3"}
        network = Network(name="custom", nodes=nodes, mirror_rest="http://127.0.0.1:1", mirror_grpc="h:1")
        operator = Operator.parse("0.0.1001", "302e020100300506032b657004220420" + "ab" * 32)
        client = HederaClient(network, operator, lane=0, rpc_timeout=10, transport=sys.argv[2])
        def submit(message):
            body = bodies.submit_message("0.0.9", message)
            client.submit(client.prepare(body, "0.0.3", client.new_transaction_id()))
        submit(b"quick")
        slow = [gevent.spawn(submit, b"slow") for _ in range(10)]
        gevent.sleep(0.3)
        taken = []
        for _ in range(5):
            begin = time.perf_counter(); submit(b"quick"); taken.append(time.perf_counter() - begin)
        assert not any(one.ready() for one in slow)
        gevent.joinall(slow, raise_error=True)
        print(min(taken))
    """
    assert float(python(script, slow_node, transport)) < 0.05


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_one_client_serves_many_threads(localnet: Localnet, transport: TransportName) -> None:
    """Without gevent too: twenty threads submit through one client, and every message gets its own sequence number."""
    operator = Operator.parse(localnet.operator_id, localnet.operator_key)
    client = HederaClient(localnet.network, operator, lane=7, rpc_timeout=10, transport=transport)

    def transact(body: bodies.Body) -> Any:
        node, own_id = client.next_node(), client.new_transaction_id()
        client.submit(client.prepare(body, node, own_id))
        return client.await_receipt(own_id, node, timeout=10, interval=0.01)

    topic = transact(bodies.create_topic(memo="threads")).topic_id
    numbers: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: numbers.append(transact(bodies.submit_message(topic, b"m")).topic_sequence_number)
        )
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 21))
    with pytest.raises(ReceiptFailedError) as failed:
        transact(bodies.submit_message("0.0.999999", b"m"))
    assert failed.value.status == "INVALID_TOPIC_ID"
    client.close()
