"""HCS-1 files of ours, read by the public libraries that can be told a network, unmodified; and theirs, read by ours.

The libraries are @hiero-did-sdk/hcs of npm, and hiero-did-sdk-python. The former needs Node.js and npm; where they are
missing its tests are skipped, and with REQUIRE_NODE=1, as in CI, they fail. The latter needs Python 3.12 or newer under
one of the usual names; where there is none, its test is skipped.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from hedera_client import MirrorRest, hcs1
from localnet_launcher import Localnet
from tests.hedera_users.bench import Bench
from tests.localnet.interop.programs import INSTALL_S, RUN_S, JavaScript

SIZES = (1_024, 70 * 1_024, 1_024 * 1_024)

PYTHONS = ("python3.12", "python3.13", "python3.14")
PYTHON_LIBRARY = "hiero-did-sdk-python==0.1.7"
PYTHON_PROGRAM = """
import asyncio, base64, json, os, sys
from hiero_did_sdk_python.hcs import HcsFileService
from hiero_sdk_python import AccountId, Client, Network, PrivateKey
from hiero_sdk_python.node import _Node

ready = json.loads(os.environ["LOCALNET"])
nodes = [_Node(AccountId.from_string(account), address, None) for address, account in ready["nodes"].items()]
client = Client(Network("localnet", nodes, ready["mirror_grpc"]))
client.set_operator(AccountId.from_string(ready["operator_id"]), PrivateKey.from_string(ready["operator_key"]))
files = HcsFileService(client)

async def main(out):
    out["written"] = await files.submit_file(b"of the Python library" * 3_000, ready["operator_key"])
    for topic in sys.argv[1:]:
        out[topic] = base64.b64encode(await files.resolve_file(topic)).decode()

out = {}
asyncio.run(main(out))
print(json.dumps(out), flush=True)
os._exit(0)  # its subscriptions do not end
"""


@pytest.fixture(scope="module")
def bench(localnet: Localnet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A session on the network."""
    bench = Bench(localnet, tmp_path_factory.mktemp("run"), receipt_interval=0.001)
    yield bench
    bench.session.close()


@pytest.fixture
def ready(localnet: Localnet, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the script is told; its zstd is this Python's."""
    monkeypatch.setenv("PYTHON", sys.executable)
    return {
        "nodes": localnet.network.nodes,
        "mirror_grpc": localnet.network.mirror_grpc,
        "operator_id": localnet.operator_id,
        "operator_key": localnet.operator_key,
    }


def read(localnet: Localnet, topic: str) -> hcs1.Found:
    """A file from the mirror."""
    rest = MirrorRest(localnet.network.mirror_rest)
    found = hcs1.from_messages(rest.topic(topic)["memo"], (row.message for row in rest.topic_messages(topic)))
    rest.close()
    return found


def contents(size: int) -> bytes:
    """A file that does not compress."""
    return random.Random(size).randbytes(size)


@pytest.fixture(scope="module")
def python_library(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python that has the library, installed for this module."""
    found = next((name for name in PYTHONS if shutil.which(name) and runs(name)), None)
    if found is None:
        pytest.skip(f"{PYTHON_LIBRARY} needs one of {', '.join(PYTHONS)}")
    folder = tmp_path_factory.mktemp("did-sdk-python")
    subprocess.run([found, "-m", "venv", folder], check=True, timeout=INSTALL_S)
    program = str(folder / "bin" / "python")
    subprocess.run([program, "-m", "pip", "install", "--quiet", PYTHON_LIBRARY], check=True, timeout=INSTALL_S)
    return program


def runs(python: str) -> bool:
    """Whether it is more than a name."""
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


@pytest.mark.background
@pytest.mark.timeout(2 * INSTALL_S + RUN_S)
def test_the_python_library_reads_ours_and_ours_reads_its(
    bench: Bench, localnet: Localnet, python_library: str, ready: dict[str, Any]
) -> None:
    """Byte for byte, also a file whose messages were sent at once."""
    topics = {}
    for size, parallel in ((1_024, 1), (70 * 1_024, 20), (1_024 * 1_024, 1)):
        with bench.session.operation("store.hcs-1", confirm="receipt") as operation:
            topic, _ = bench.session.topic_files.store(operation, contents(size), parallel)
        topics[topic] = size
    done = subprocess.run(
        [python_library, "-c", PYTHON_PROGRAM, *topics],
        env={**os.environ, "LOCALNET": json.dumps(ready)},
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_S,
    )
    assert done.returncode == 0, done.stderr
    out = json.loads(done.stdout.splitlines()[-1])
    assert {topics[topic]: b64decode(out[topic]) == contents(size) for topic, size in topics.items()} == dict.fromkeys(
        topics.values(), True
    )
    found = read(localnet, out["written"])
    assert (found.contents, found.repeated, found.foreign) == (b"of the Python library" * 3_000, 0, 0)


@pytest.mark.background
@pytest.mark.timeout(INSTALL_S + RUN_S)
def test_our_files_are_read_by_the_library(bench: Bench, did_sdk: JavaScript, ready: dict[str, Any]) -> None:
    """Byte for byte, from one message to 1,388; and an empty one."""
    topics = {}
    for size in (0, *SIZES):
        with bench.session.operation("store.hcs-1", confirm="receipt") as operation:
            topic, last = bench.session.topic_files.store(operation, contents(size))
        assert bench.record.stored_files[0].acknowledged, bench.record.error
        with bench.session.operation("fetch.hcs-1") as operation:
            assert bench.session.topic_files.fetch(operation, topic, last) == contents(size)
        topics[topic] = size
    out = did_sdk.run("hcs1.cjs", "read", *topics, ready=ready)
    got = {topics[topic]: value if isinstance(value, dict) else b64decode(value) for topic, value in out.items()}
    assert {size: sha256(value).hexdigest() if isinstance(value, bytes) else value for size, value in got.items()} == {
        size: sha256(contents(size)).hexdigest() for size in topics.values()
    }


@pytest.mark.background
@pytest.mark.timeout(INSTALL_S + RUN_S)
def test_the_librarys_files_are_read_by_ours(
    localnet: Localnet, did_sdk: JavaScript, ready: dict[str, Any], tmp_path: Path
) -> None:
    """Byte for byte."""
    files = {tmp_path / f"{size}": contents(size) for size in SIZES[:2]}
    for path, written in files.items():
        path.write_bytes(written)
    out = did_sdk.run("hcs1.cjs", "write", *map(str, files), ready=ready)
    for path, written in files.items():
        found = read(localnet, out[str(path)])
        assert (found.contents == written, found.mime_type, found.repeated, found.foreign) == (True, hcs1.JSON, 0, 0)
