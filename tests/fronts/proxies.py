"""HAProxy and nginx, as Debian packages them, before nodes and mirror."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

from tests.fronts.front import Front, Route, program

_HAPROXY_HEAD = """\
global
    nbthread 1
    maxconn 2000
    hard-stop-after {patience}s
defaults
    timeout connect 2s
    timeout client 30s
    timeout server 30s
    timeout http-keep-alive 30s
    option http-keep-alive
"""
_NGINX_HEAD = """\
daemon off;
{user}pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
worker_processes 1;
worker_shutdown_timeout {patience}s;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests {requests};
    http2_max_concurrent_streams {streams};
    grpc_read_timeout 600s;
    grpc_send_timeout 600s;
"""


class HaproxyHttp(Front):
    """HAProxy that reads HTTP/2 and speaks HTTP/2 to the node.

    Solo puts one so before every node, with these settings (hashgraph/solo-charts:
    charts/solo-deployment/config-files/haproxy.cfg, `mode http`, `proto h2` on both sides, `http-reuse safe`), and its
    comments show lines of the log of a public node's proxy, of the same form.

    Args:
        patience_s: How long an old process may live on after a reload.
        at_once: Calls that it passes on at once; the others wait in its queue. 0: no limit.
    """

    mode: ClassVar[Literal["http", "tcp"]] = "http"

    def __init__(self, folder: Path, routes: Sequence[Route], *, patience_s: int = 8, at_once: int = 0) -> None:
        super().__init__(folder, routes)
        self._at_once = at_once
        self._file = folder / "haproxy.cfg"
        self._file.write_text(_HAPROXY_HEAD.format(patience=patience_s) + "".join(map(self._section, self.routes)))

    def command(self) -> list[str]:
        """See `Front`."""
        return [program("haproxy", "haproxy"), "-W", "-db", "-f", str(self._file)]

    def reload(self) -> None:
        """Tell it to start a new worker; the old one ends gracefully."""
        self.process.send_signal(signal.SIGUSR2)

    def _section(self, one: Route) -> str:
        h2 = " proto h2" if self.mode == "http" and one.protocol == "grpc" else ""
        lines = [
            f"frontend front{one.port}",
            f"    mode {self.mode}",
            f"    bind {one.address}{h2}",
            f"    default_backend back{one.port}",
            f"backend back{one.port}",
            f"    mode {self.mode}",
            *(["    http-reuse safe"] if self.mode == "http" else []),
            f"    server node {one.backend}{h2}{f' maxconn {self._at_once}' if self._at_once and h2 else ''}",
        ]
        return "\n".join(lines) + "\n"


class HaproxyTcp(HaproxyHttp):
    """HAProxy that passes bytes on and does not look at them."""

    mode: ClassVar[Literal["http", "tcp"]] = "tcp"


class Nginx(Front):
    """nginx with `grpc_pass` (`proxy_pass` before the mirror's REST API).

    Args:
        requests: Calls per connection, after which it says GOAWAY; 1,000 is nginx's own default.
        streams: Calls at once per connection; 128 is nginx's own default.
        patience_s: How long an old worker may live on after a reload.
    """

    def __init__(
        self,
        folder: Path,
        routes: Sequence[Route],
        *,
        requests: int = 1_000,
        streams: int = 128,
        patience_s: int = 8,
    ) -> None:
        super().__init__(folder, routes)
        self._file = folder / "nginx.conf"
        head = _NGINX_HEAD.format(
            user="user root;\n" if os.geteuid() == 0 else "",  # else its workers may not enter the test's folder
            folder=folder,
            requests=requests,
            streams=streams,
            patience=patience_s,
        )
        self._file.write_text(head + "".join(map(self._section, self.routes)) + "}\n")

    def command(self) -> list[str]:
        """See `Front`."""
        return [program("nginx", "nginx"), "-p", str(self.folder), "-c", str(self._file), "-e", "stderr"]

    def reload(self) -> None:
        """Tell it to start new workers; the old ones end gracefully."""
        self.process.send_signal(signal.SIGHUP)

    def _section(self, one: Route) -> str:
        grpc = one.protocol == "grpc"
        return f"""\
    upstream back{one.port} {{ server {one.backend}; keepalive 32; }}
    server {{
        listen {one.address}{" http2" if grpc else ""};
        location / {{ {"grpc_pass grpc" if grpc else "proxy_pass http"}://back{one.port}; }}
    }}
"""
