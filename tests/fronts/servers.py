"""gRPC servers on the libraries that people build nodes and fronts on: Netty (Java), grpc-js, grpc-go.

Each hands the bytes of its calls to a node; the programs are in `programs/`.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from benchmarks.java_jar import fetch_java_sdk
from tests.fronts.front import Front, Route, program

PROGRAMS: Final = Path(__file__).with_name("programs")
INSTALL_S: Final = 300
_GRPC_ONLY: Final = frozenset({"grpc"})


@dataclass(frozen=True)
class Limits:
    """What a server on Netty allows; 0 is "no such limit".

    The values are those of a real consensus node (hiero-consensus-node: hedera-node/hedera-config/.../NettyConfig.java,
    `prod.*`, as NettyGrpcServerManager applies them).

    Attributes:
        streams: Calls at once per connection.
        age: Milliseconds after which a connection is told GOAWAY.
        grace: Milliseconds that calls under way then have.
        idle: Milliseconds without a call, after which a connection is told GOAWAY.
        window: Bytes that may be under way to it, per call and per connection.
        ping: Milliseconds that have to be between two pings.
    """

    streams: int = 10
    age: int = 15_000
    grace: int = 5_000
    idle: int = 10_000
    window: int = 10_240
    ping: int = 60_000


REAL: Final = Limits()
NONE: Final = Limits(streams=0, age=0, grace=0, idle=0, window=0, ping=1)


class NettyFront(Front):
    """A gRPC server on Netty.

    Args:
        limits: What it allows.
        delay_ms: How much later every byte arrives, each way: half of an additional round trip.
    """

    protocols: ClassVar[frozenset[str]] = _GRPC_ONLY

    def __init__(self, folder: Path, routes: Sequence[Route], *, limits: Limits = REAL, delay_ms: int = 0) -> None:
        super().__init__(folder, routes)
        self._limits, self._delay_ms = limits, delay_ms

    def command(self) -> list[str]:
        """See `Front`."""
        (one,) = self.routes
        options = {"port": one.port, "backend": one.backend, "delay": self._delay_ms, **vars(self._limits)}
        return [
            program("java", "default-jdk-headless"),
            *(
                "-Djava.net.preferIPv4Stack=true",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx192m",
                "-cp",
                netty_classes(),
                "NettyFront",
            ),
            *(f"{name}={value}" for name, value in options.items()),
        ]


class GrpcJsFront(Front):
    """A grpc-js server; it has no methods but those that it was told of."""

    protocols: ClassVar[frozenset[str]] = _GRPC_ONLY

    def command(self) -> list[str]:
        """See `Front`."""
        (one,) = self.routes
        methods = self.folder / "methods.json"
        methods.write_text(json.dumps(known_methods()))
        node = program("node", "nodejs")
        return [node, str(grpc_js() / "grpc_js_front.mjs"), str(one.port), one.backend, str(methods)]


class GrpcGoFront(Front):
    """A grpc-go server."""

    protocols: ClassVar[frozenset[str]] = _GRPC_ONLY

    def command(self) -> list[str]:
        """See `Front`."""
        (one,) = self.routes
        return [grpc_go(), str(one.port), one.backend]


@functools.cache
def _workshop() -> Path:
    """A folder for what is built once per run of the tests; it ends with this process."""
    kept = tempfile.TemporaryDirectory(prefix="fronts-")
    _KEPT.append(kept)
    return Path(kept.name)


_KEPT: Final[list[tempfile.TemporaryDirectory[str]]] = []


@functools.cache
def netty_classes() -> str:
    """The class path of NettyFront; grpc and Netty are those that the official Java SDK carries."""
    compiler = program("javac", "default-jdk-headless")
    folder = _workshop() / "java"
    folder.mkdir()
    jar = fetch_java_sdk(folder)
    subprocess.run(
        [compiler, "-cp", str(jar), "-d", str(folder), str(PROGRAMS / "NettyFront.java")], check=True, timeout=INSTALL_S
    )
    return f"{jar}:{folder}"


@functools.cache
def grpc_js() -> Path:
    """The folder of the grpc-js server, with the library beside it."""
    npm = program("npm", "npm")
    folder = _workshop() / "js"
    folder.mkdir()
    for name in ("package.json", "package-lock.json", "grpc_js_front.mjs"):
        shutil.copy(PROGRAMS / name, folder)
    subprocess.run(
        [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        cwd=folder,
        check=True,
        timeout=INSTALL_S,
        stdout=sys.stderr,
    )
    return folder


@functools.cache
def grpc_go() -> str:
    """The grpc-go server, compiled with the libraries that Debian packages."""
    go = program("go", "golang-go golang-google-grpc-dev")
    built = _workshop() / "grpc_go_front"
    debian = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": ""}
    subprocess.run(
        [go, "build", "-o", str(built), str(PROGRAMS / "grpc_go_front.go")],
        env={**os.environ, **debian},
        check=True,
        timeout=INSTALL_S,
    )
    return str(built)


def known_methods() -> dict[str, str]:
    """Every call that a node or the mirror's stream has, by path: `unary`, or `serverStream`."""
    from hiero_sdk_python.hapi.mirror import consensus_service_pb2 as mirror
    from hiero_sdk_python.hapi.services import consensus_service_pb2, crypto_service_pb2, file_service_pb2

    found = {}
    for module in (consensus_service_pb2, crypto_service_pb2, file_service_pb2, mirror):
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                streams = method.server_streaming
                found[f"/{service.full_name}/{method.name}"] = "serverStream" if streams else "unary"
    return found
