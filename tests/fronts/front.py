"""A front: a program that stands between clients and nodes, and can be reloaded, killed and stopped in a load."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import pytest

READY_S = 30.0


@dataclass(frozen=True)
class Route:
    """One address that a front listens on, and what stands behind it.

    Attributes:
        backend: `host:port` of a node or of a mirror.
        protocol: `grpc` (HTTP/2 without TLS), or `http` (HTTP/1.1: the mirror's REST API).
        port: Where the front listens, on loopback.
    """

    backend: str
    protocol: Literal["grpc", "http"]
    port: int

    @property
    def address(self) -> str:
        """`host:port` of the front."""
        return f"127.0.0.1:{self.port}"


def route(backend: str, protocol: Literal["grpc", "http"] = "grpc") -> Route:
    """A route to `backend` on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return Route(backend, protocol, free.getsockname()[1])


def program(name: str, package: str) -> str:
    """Where a program is; without it the test is skipped, and with REQUIRE_FRONTS=1, as in CI, it fails."""
    # Debian keeps servers where only root looks for programs.
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        missing(f"{name} is not there; install it (apt install {package})")
    return found


def missing(reason: str) -> None:
    """End the test: something that it needs is not there."""
    if os.environ.get("REQUIRE_FRONTS"):
        pytest.fail(reason)
    pytest.skip(reason)


class Front(ABC):
    """One process before some routes.

    Args:
        folder: For its configuration and what it says.
        routes: What it listens on, and what it forwards to.
    """

    protocols: ClassVar[frozenset[str]] = frozenset({"grpc", "http"})
    """Which kinds of routes it can stand before."""

    def __init__(self, folder: Path, routes: Sequence[Route]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.routes = tuple(routes)
        self._running: list[subprocess.Popen[bytes]] = []

    @abstractmethod
    def command(self) -> list[str]:
        """What starts it. It stays in the foreground."""

    def launch(self) -> None:
        """Start it; it may not listen yet."""
        self._launch(self.command())

    def start(self) -> None:
        """Start it and wait until it listens everywhere."""
        self.launch()
        self.await_ready()

    def reload(self) -> None:
        """Replace it by a new one of itself, as gracefully as it can; returns when the new one listens.

        A server that cannot share its port stops listening first, ends what is under way, and is started anew.
        """
        old = self.process
        old.send_signal(signal.SIGTERM)
        self._await_closed()
        self._launch(self.command())
        self.await_ready()

    def kill(self) -> None:
        """End it at once, with all its connections, without a word to anybody, and start it anew."""
        self._kill_all()
        self.start()

    def stop(self) -> None:
        """End it at once; may be called again."""
        self._kill_all()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The one that was started last."""
        return self._running[-1]

    @property
    def said(self) -> str:
        """What it wrote on its outputs so far."""
        return (self.folder / "output.txt").read_text(errors="replace")

    def await_ready(self) -> None:
        """Wait until every route takes connections.

        Raises:
            AssertionError: it ended, or it took too long; the message is what it said.
        """
        deadline = time.monotonic() + READY_S
        for one in self.routes:
            while not _listens(one.port):
                assert self.process.poll() is None, f"{type(self).__name__} ended: {self.said}"
                assert time.monotonic() < deadline, f"{type(self).__name__} does not listen: {self.said}"
                time.sleep(0.02)

    def _await_closed(self) -> None:
        deadline = time.monotonic() + READY_S
        while any(_listens(one.port) for one in self.routes):
            assert time.monotonic() < deadline, f"{type(self).__name__} goes on listening: {self.said}"
            time.sleep(0.02)

    def _launch(self, command: list[str]) -> None:
        with (self.folder / "output.txt").open("ab") as output:
            self._running.append(
                # A group of its own: what it forks ends with it, and Ctrl-C in a terminal does not reach it.
                subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
                )
            )

    def _kill_all(self) -> None:
        for process in self._running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._running.clear()


def _listens(port: int) -> bool:
    """Whether somebody listens there; asked of the kernel, for a connection that says nothing is a load of its own."""
    wanted = f"0100007F:{port:04X}"
    with Path("/proc/net/tcp").open() as table:
        return any(fields[1] == wanted and fields[3] == "0A" for fields in map(str.split, table))
