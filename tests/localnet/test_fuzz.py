"""Mutated bytes at every gRPC method and HTTP path: an answer comes, no traceback does, and it goes on serving."""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
import requests

from grpc_http2.wire import frames
from grpc_http2.wire.header_blocks import literal
from grpc_http2.wire.messages import write_message
from localnet import pb
from localnet_launcher import Localnet, network_from_ready
from tests.localnet.clients import Wire

ROOT = Path(__file__).resolve().parents[2]
SEED = 20_241
ROUNDS = 10
"""Mutations of each seed for each gRPC method."""
GROWTH_BYTES = 60 * 1024 * 1024
MIRROR_METHODS = (
    "/com.hedera.mirror.api.proto.ConsensusService/subscribeTopic",
    "/com.hedera.mirror.api.proto.NetworkService/getNodes",
)
PATHS = (
    "/api/v1/topics/{}",
    "/api/v1/topics/{}/messages?limit={}&timestamp={}",
    "/api/v1/topics/{}/messages/{}",
    "/api/v1/topics/messages/{}",
    "/api/v1/transactions/{}?nonce={}",
    "/api/v1/transactions?account.id={}&result={}&type={}&timestamp={}",
    "/api/v1/accounts/{}?timestamp={}",
    "/api/v1/accounts?account.id={}&account.publickey={}",
    "/api/v1/tokens/{}",
    "/api/v1/balances?account.id={}&account.balance={}&timestamp={}",
    "/api/v1/network/nodes?node.id={}&limit={}",
    "/api/v1/blocks/{}",
    "/api/v1/blocks?block.number={}&timestamp={}",
    "/api/v1/{}",
)
WORDS = (
    "", "0", "-1", "0.0.2", "0.0.-2", "1.2.3.4", "9" * 40, "0x" + "f" * 64, "gt:0", "lt:", "eq:1.5", "%00", "é", "null",
    "'", "<script>", "../..", "1e9", "NaN", "0.0.2@1.1", "0.0.1001-1-1", "asc", "latest", "²", "٣", "AABBCC22", "1.0.A",
    "ab" * 20, "ab" * 32, "ab" * 48, "_" * 64, "1.0." + "ab" * 20, "ne:5", "0x1",
)  # fmt: skip


@pytest.fixture
def process() -> Iterator[tuple[subprocess.Popen[str], Localnet]]:
    """A network of its own, whose standard error can be read in the end."""
    started = subprocess.Popen(
        [sys.executable, "-m", "localnet", "--latency", "instant", "--throttles", "off", "--mirror-rate-limit", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    ready = json.loads(started.stdout.readline())
    network = network_from_ready(ready)
    yield started, Localnet(network, ready["operator_id"], ready["operator_key"], ready["token"], started)
    started.kill()
    started.communicate()


def mutate(raw: bytes, source: random.Random) -> bytes:
    """Some bytes of `raw` changed, removed, repeated or added."""
    out = bytearray(raw)
    for _ in range(source.randint(1, 4)):
        at = source.randint(0, len(out))
        match source.randrange(4):
            case 0 if out:
                out[at % len(out)] ^= 1 << source.randrange(8)
            case 1:
                del out[at : at + source.randint(1, 8)]
            case 2:
                out[at:at] = source.randbytes(source.randint(1, 8))
            case _:
                out[at:at] = out[at : at + 16] * source.randint(1, 3)
    return bytes(out)


def signed_mutant(wire: Wire, body: Any, source: random.Random) -> bytes:
    """A mutated body with a right signature, so that it gets further than the check of signatures."""
    raw = mutate(body.SerializeToString(), source)
    signed = pb.SignedTransaction(bodyBytes=raw)
    signed.sigMap.sigPair.add(pubKeyPrefix=wire.key.public_key().public_bytes_raw(), ed25519=wire.key.sign(raw))
    return bytes(pb.Transaction(signedTransactionBytes=signed.SerializeToString()).SerializeToString())


def send(channel: grpc.Channel, method: str, raw: bytes, *, stream: bool = False) -> None:
    """Send bytes; any answer and any gRPC status will do, as long as it tells nothing of the inside."""
    if stream:
        call = channel.unary_stream(method)(raw, timeout=0.05)
        with suppress(grpc.RpcError):
            for _ in call:
                call.cancel()
    else:
        call = channel.unary_unary(method).future(raw, timeout=10)
        call.exception()
    assert "Traceback" not in (call.details() or "")
    assert call.code() not in (grpc.StatusCode.UNKNOWN, grpc.StatusCode.UNAVAILABLE), (method, call.details())


def methods() -> list[tuple[str, str]]:
    """(path, type of the request) of every method of a consensus node."""
    return [
        (f"/{service.full_name}/{method.name}", method.input_type.name)
        for file in pb.NODE_SERVICE_FILES
        for service in file.DESCRIPTOR.services_by_name.values()
        for method in service.methods
        if method.input_type.name in ("Transaction", "Query")
    ]


def bodies(wire: Wire) -> list[Any]:
    """A right transaction of several kinds."""
    lifetime = {"seconds": 7_776_000}
    return [
        wire.body(consensusCreateTopic={"memo": "m", "adminKey": wire.public(wire.key), "autoRenewPeriod": lifetime}),
        wire.message(1002),
        wire.body(consensusUpdateTopic={"topicID": {"topicNum": 1002}, "memo": {"value": "n"}}),
        wire.body(fileCreate={"contents": b"c", "expirationTime": {"seconds": 2_000_000_000}}),
        wire.body(fileAppend={"fileID": {"fileNum": 1003}, "contents": b"c"}),
        wire.body(cryptoCreateAccount={"key": wire.public(wire.key), "autoRenewPeriod": lifetime}),
        wire.body(cryptoUpdateAccount={"accountIDToUpdate": {"accountNum": 1001}, "memo": {"value": "x"}}),
    ]


def attack_nodes(wire: Wire, source: random.Random) -> None:
    """Mutants of right transactions and queries at every method of a node."""
    query = pb.Query(transactionGetReceipt={"transactionID": wire.message(1002).transactionID})
    queries = [
        query,
        pb.Query(fileGetContents={"header": {"payment": wire.payment(10**6)}, "fileID": {"fileNum": 102}}),
    ]
    for method, kind in methods():
        for _ in range(ROUNDS):
            if kind == "Transaction":
                body = source.choice(bodies(wire))
                raw = signed_mutant(wire, body, source) if source.random() < 0.7 else mutate(wire.sign(body), source)
            else:
                raw = mutate(source.choice(queries).SerializeToString(), source)
            send(wire.channels[3], method, raw)


def attack_http2(running: Localnet, wire: Wire, source: random.Random) -> None:
    """Mutants of a right HTTP/2 conversation, and pure nonsense, at a node's port; each on a connection of its own."""
    address = next(iter(running.network.nodes))
    host, _, port = address.rpartition(":")
    block = b"\x83\x86" + b"".join(
        literal(name, value)
        for name, value in (
            (b":path", b"/proto.ConsensusService/submitMessage"),
            (b"content-type", b"application/grpc"),
            (b"te", b"trailers"),
        )
    )
    for number in range(300):
        call = frames.frame(frames.HEADERS, frames.END_HEADERS, 1, block)
        call += frames.frame(frames.DATA, frames.END_STREAM, 1, write_message(wire.sign(wire.message(1002))))
        right = frames.PREFACE + frames.settings({}) + call
        keep = len(frames.PREFACE) if number % 3 else 0  # most get further than the preface
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(right[:keep] + mutate(right[keep:], source))
            connection.shutdown(socket.SHUT_WR)
            said = b""
            with suppress(ConnectionResetError):
                while piece := connection.recv(65_536):
                    said += piece
        assert b"Traceback" not in said


def attack_http(running: Localnet, source: random.Random) -> None:
    """Nonsense at the mirror's REST API, the relay and the control API."""
    session = requests.Session()
    token = {"Authorization": f"Bearer {running.token}"}
    for path in PATHS:
        for _ in range(8):
            url = f"{running.network.mirror_rest}{path}".format(*(source.choice(WORDS) for _ in range(path.count("{"))))
            judge(session.get(url, timeout=10))
    for body in (b"", b"{", b"[]", b"[" * 2_000, b'{"kind": 1}', source.randbytes(300), b'{"method": []}', b"null"):
        judge(session.post(f"{running.network.mirror_rest}/api/v1/network/fees?mode=STATE", data=body, timeout=10))
        for method in ("POST", "DELETE", "PUT", "GET"):
            for path in ("/faults", "/ledger?limit=x", "/ledger?after=1e999", "/faults/%00"):
                judge(session.request(method, f"{running.network.control}{path}", data=body, headers=token, timeout=10))
        assert running.network.relay is not None
        judge(session.post(running.network.relay, data=body, headers={"Content-Type": "application/json"}, timeout=10))


def judge(answer: requests.Response) -> None:
    """An HTTP answer to nonsense tells nothing of the inside and is no accident."""
    assert answer.status_code != 500, answer.url
    assert "Traceback" not in answer.text


def test_nothing_breaks_it(process: tuple[subprocess.Popen[str], Localnet]) -> None:
    """All methods and paths; afterwards it serves as before, has not grown, and has written nothing about it."""
    started, running = process
    source = random.Random(SEED)
    wire = Wire(running)
    topic = wire.create_topic()
    before = psutil.Process(started.pid).memory_info().rss
    attack_nodes(wire, source)
    attack_http2(running, wire, source)
    with grpc.insecure_channel(running.network.mirror_grpc) as channel:
        right = pb.ConsensusTopicQuery(topicID={"topicNum": topic}, limit=1).SerializeToString()
        for method in MIRROR_METHODS:
            for _ in range(30):
                send(channel, method, mutate(right, source), stream=True)
    attack_http(running, source)
    assert psutil.Process(started.pid).memory_info().rss - before < GROWTH_BYTES
    assert wire.status(wire.message(topic)) == "SUCCESS"
    wire.close()
    started.terminate()
    _, said = started.communicate(timeout=20)
    assert (started.returncode, said) == (0, "")
