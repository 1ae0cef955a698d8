"""Opens listening ports, or reports in one line which one is taken."""

from __future__ import annotations

import errno
import socket
import ssl

import grpc
import grpc.aio
from aiohttp import web

from grpc_http2.server import Http2Server


class PortTakenError(RuntimeError):
    """A port cannot be opened for listening; the message is one line."""


def check_port(host: str, port: int, ports_option: str) -> None:
    """Check that nothing listens on a port; gRPC itself would log many lines before it failed.

    Raises:
        PortTakenError: it is taken, or the host is not an address of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTakenError(_explain(host, port, ports_option, error)) from error


def _explain(host: str, port: int, ports_option: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"--ports {ports_option}: port {port} on {host} is taken; "
            "end what listens there (another Solo network?) or use --ports free"
        )
    return f"--host {host}: cannot listen there ({error.strerror or error}); use an address of this machine"


def open_grpc(server: grpc.aio.Server, host: str, port: int, ports_option: str) -> int:
    """Let a gRPC server listen in plain text; returns its port.

    Raises:
        PortTakenError: the port is taken.
    """
    check_port(host, port, ports_option)
    try:
        return int(server.add_insecure_port(f"{host}:{port}"))
    except RuntimeError as error:  # another process took it after the check
        raise PortTakenError(f"--ports {ports_option}: port {port} on {host} is taken; use --ports free") from error


async def open_http2(
    server: Http2Server, host: str, port: int, ports_option: str, tls: ssl.SSLContext | None = None
) -> int:
    """Let a node's server listen, in plain text or with `tls`; returns its port.

    Raises:
        PortTakenError: the port is taken.
    """
    check_port(host, port, ports_option)
    try:
        return await server.listen(host, port, tls)
    except OSError as error:  # another process took it after the check
        raise PortTakenError(_explain(host, port, ports_option, error)) from error


async def open_http(app: web.Application, host: str, port: int, ports_option: str) -> tuple[web.AppRunner, int]:
    """Serve an application; returns its runner, which must be cleaned up, and its port.

    Raises:
        PortTakenError: the port is taken.
    """
    check_port(host, port, ports_option)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner, int(runner.addresses[0][1])
