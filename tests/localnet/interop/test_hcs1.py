"""HCS-1 files of ours, read by the public library that can be told a network, unmodified; and its files, read by ours.

The library is @hiero-did-sdk/hcs of npm. It needs Node.js and npm; where they are missing the tests are skipped, and
with REQUIRE_NODE=1, as in CI, they fail.
"""

from __future__ import annotations

import random
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


def contents(size: int) -> bytes:
    """A file that does not compress."""
    return random.Random(size).randbytes(size)


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
    read = {topics[topic]: value if isinstance(value, dict) else b64decode(value) for topic, value in out.items()}
    assert {size: sha256(value).hexdigest() if isinstance(value, bytes) else value for size, value in read.items()} == {
        size: sha256(contents(size)).hexdigest() for size in topics.values()
    }


@pytest.mark.timeout(INSTALL_S + RUN_S)
def test_the_librarys_files_are_read_by_ours(
    localnet: Localnet, did_sdk: JavaScript, ready: dict[str, Any], tmp_path: Path
) -> None:
    """Byte for byte."""
    files = {tmp_path / f"{size}": contents(size) for size in SIZES[:2]}
    for path, written in files.items():
        path.write_bytes(written)
    out = did_sdk.run("hcs1.cjs", "write", *map(str, files), ready=ready)
    rest = MirrorRest(localnet.network.mirror_rest)
    for path, written in files.items():
        topic = out[str(path)]
        memo = rest.topic(topic)["memo"]
        found = hcs1.from_messages(memo, (row.message for row in rest.topic_messages(topic)))
        assert (found.contents == written, found.mime_type, found.repeated, found.foreign) == (True, hcs1.JSON, 0, 0)
    rest.close()
