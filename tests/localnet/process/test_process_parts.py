"""The process around an embedded network: ports, other networks, its command line and its control API."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from grpc_http2.server import Http2Server
from localnet.control.api import MAX_PAGE, create_control_app
from localnet.control.status_page import Page
from localnet.process import running_networks
from localnet.process.end_of_process import watch_for_end
from localnet.process.fault_command import main
from localnet.process.listening import PortTakenError, check_port, open_http, open_http2
from localnet_launcher import Localnet
from tests.localnet.without_wire import NODE_IDS, Parts

TOKEN = "a-token"
READY: dict[str, Any] = {
    "operator_id": "0.0.1001",
    "nodes": {"127.0.0.1:1": "0.0.3"},
    "nodes_tls": {},
    "mirror_rest": "http://127.0.0.1:2",
    "mirror_grpc": "127.0.0.1:3",
    "relay": "http://127.0.0.1:4",
    "control": "http://127.0.0.1:5",
}


@pytest.fixture
def taken() -> Any:
    """A port that somebody listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener.getsockname()[1]


def test_a_taken_port_is_told_in_one_line(taken: int) -> None:
    """With what to do; by each way to listen. An address that is not this machine's is another line."""

    async def all_ways() -> None:
        for opening in (
            open_http2(Http2Server({}), "127.0.0.1", taken, "solo"),
            open_http(web.Application(), "127.0.0.1", taken, "solo"),
        ):
            with pytest.raises(PortTakenError, match=f"--ports solo: port {taken} on 127.0.0.1 is taken"):
                await opening

    asyncio.run(all_ways())
    with pytest.raises(PortTakenError, match=r"--host 192\.0\.2\.1: cannot listen there"):
        check_port("192.0.2.1", 0, "free")
    check_port("127.0.0.1", 0, "free")


def test_a_free_port_is_listened_on() -> None:
    """And told."""

    async def listen() -> None:
        server = Http2Server({})
        port = await open_http2(server, "127.0.0.1", 0, "free")
        socket.create_connection(("127.0.0.1", port), 5).close()
        await server.stop(0)
        runner, port = await open_http(web.Application(), "127.0.0.1", 0, "free")
        socket.create_connection(("127.0.0.1", port), 5).close()
        await runner.cleanup()

    asyncio.run(listen())


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files that nobody else has."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_running_network_is_found_by_its_user_alone(own_folder: Path) -> None:
    """The last that was started; one whose process is gone is forgotten."""
    assert running_networks.find() is None
    gone = running_networks.folder() / "999999999.json"
    gone.write_text(json.dumps({"control": "http://gone", "token": "x"}))
    file = running_networks.announce("http://here", TOKEN)
    later = file.stat().st_mtime + 1
    os.utime(gone, (later, later))
    assert running_networks.find() == ("http://here", TOKEN)
    assert not gone.exists()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_faults_are_begun_listed_and_ended(
    localnet: Localnet, own_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On the network that was named, or is found; what is wrong is one line, and the exit code 2."""
    where = ("--control", str(localnet.network.control), "--token", localnet.token)
    assert main([*where, "add", "mirror-lag", "--delay", "0.5", "--start", "500"]) == 0
    added = capsys.readouterr().out
    assert "scheduled mirror-lag" in added
    assert "delay 0.5" in added
    running_networks.announce(str(localnet.network.control), localnet.token)
    assert main(["remove", added.split()[0]]) == 0
    capsys.readouterr()
    for wrong in (
        ("add", "mirror-drop", "--sequence-numbers", "x"),
        ("add", "no-such-kind"),
        ("remove", "f999999"),
        ("file", str(own_folder / "none.json")),
        ("--control", "http://127.0.0.1:9", "list"),
    ):
        assert main(wrong) == 2
        said = capsys.readouterr()
        assert (said.out, said.err.count("\n")) == ("", 1)
        assert said.err.startswith("localnet fault: ")


def on_control(parts: Parts, ask: Callable[[TestClient[Any, Any]], Any]) -> None:
    """Ask the control API of parts."""

    async def run() -> None:
        page = Page(parts.state, parts.store, parts.ledger, parts.faults, parts.clock, READY)
        app = create_control_app(parts.ledger, parts.faults, page.show, NODE_IDS, TOKEN)
        async with TestClient(TestServer(app), headers={"Authorization": f"Bearer {TOKEN}"}) as client:
            await ask(client)

    asyncio.run(run())


def test_the_ledger_is_read_in_pages() -> None:
    """Each tells where the next begins; a kind alone if it is asked for."""
    parts = Parts()
    for _ in range(5):
        parts.submit(parts.body(cryptoTransfer={"transfers": {}}))

    async def ask(client: TestClient[Any, Any]) -> None:
        seen, after = [], -1
        while after is not None:
            page = await (await client.get(f"/ledger?limit=2&after={after}")).json()
            seen += [entry["index"] for entry in page["entries"]]
            after = page["next"]
        assert seen == list(range(5))
        none = await (await client.get("/ledger?type=FILECREATE")).json()
        assert none == {"entries": [], "next": None, "forgotten": 0}
        for wrong in ("limit=0", f"limit={MAX_PAGE + 1}", "after=x"):
            assert (await client.get(f"/ledger?{wrong}")).status == 400
        totals = await (await client.get("/ledger/summary")).json()
        assert totals == parts.ledger.summary()

    on_control(parts, ask)


def test_nobody_breaks_anything_without_the_token() -> None:
    """The page for people shows what goes on to anybody, and no token."""
    parts = Parts()
    parts.submit(parts.body(cryptoTransfer={"transfers": {}}))

    async def ask(client: TestClient[Any, Any]) -> None:
        stranger = {"Authorization": "Bearer other"}
        for method, path in (("GET", "/ledger"), ("POST", "/faults"), ("DELETE", "/faults")):
            assert (await client.request(method, path, headers=stranger)).status == 401
        page = await (await client.get("/", headers=stranger)).text()
        assert "CRYPTOTRANSFER" in page
        assert TOKEN not in page
        assert (await client.post("/faults", data=b"no json")).status == 400
        assert (await client.post("/faults", json={"kind": "stall", "nodes": ["0.0.9"]})).status == 400
        begun = await (await client.post("/faults", json={"kind": "node-down", "nodes": ["0.0.3"]})).json()
        assert [one["state"] for one in begun["faults"]] == ["active"]
        assert "node-down" in await (await client.get("/")).text()
        assert (await client.delete("/faults/f99")).status == 404
        ended = await (await client.delete(f"/faults/{begun['faults'][0]['id']}")).json()
        assert [one["state"] for one in ended["faults"]] == ["over"]

    on_control(parts, ask)


def test_it_ends_when_it_is_told_to() -> None:
    """By a signal; and where it was asked for, when its standard input is closed."""

    async def by_signal(number: int) -> None:
        end = watch_for_end(with_parent=False)
        os.kill(os.getpid(), number)
        await asyncio.wait_for(end, 5)

    asyncio.run(by_signal(signal.SIGTERM))
    asyncio.run(by_signal(signal.SIGINT))


def test_it_ends_with_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which holds its standard input open."""
    reading, writing = os.pipe()

    async def by_end_of_input() -> float:
        with os.fdopen(reading) as stdin:
            monkeypatch.setattr(sys, "stdin", stdin)
            end = watch_for_end(with_parent=True)
            begun = time.monotonic()
            threading.Timer(0.05, os.close, (writing,)).start()
            await asyncio.wait_for(end, 5)
            return time.monotonic() - begun

    assert 0.04 < asyncio.run(by_end_of_input()) < 5
