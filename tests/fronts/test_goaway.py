"""A front that says GOAWAY and means it well: it takes no new calls on a connection, and ends those under way.

(RFC 9113, section 6.8; nginx: keepalive_requests; HAProxy: a reload; gRPC servers: a graceful shutdown)
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.locust_command import wait_for_run
from tests.fronts.fronted import Fronted, assert_clean

LOAD = (
    *("--headless", "--only-summary", "--users", "60", "--spawn-rate", "100", "--stop-timeout", "40"),
    *("--think-time", "0.05", "--seed", "5", "--audit-timeout", "20"),
)


@pytest.mark.parametrize("requests", [50, pytest.param(1_000, marks=pytest.mark.background)])
@pytest.mark.timeout(120)
def test_nginx_ends_a_connection_after_so_many_calls(
    fronted: Callable[..., Fronted], run_locust: Any, requests: int
) -> None:
    """However often connections are ended so, no attempt fails: none is repeated, and no circuit opens."""
    here = fronted("nginx", "--latency", "instant", "--throttles", "off", requests=requests)
    finished = run_locust(*LOAD, "--run-time", "8s", *here.arguments, "HcsSubmitter", **here.environment)
    report = assert_clean(finished)
    assert report["accounting"]["succeeded"] > 10 * requests or requests > 50
    assert report["resilience"]["retries"]["attempts"] == 0, report["resilience"]["retries"]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.background) for name in ("haproxy-http", "nginx", "haproxy-tcp")]
)
@pytest.mark.timeout(120)
def test_reloads_are_not_noticed(
    fronted: Callable[..., Fronted], spawn: Any, finish: Any, tmp_path: Path, name: str
) -> None:
    """A reload whose old process lives until its calls are over: no attempt fails."""
    here = fronted(name, "--latency", "instant", "--throttles", "off", patience_s=30)
    process = spawn(*LOAD, "--run-time", "9s", *here.arguments, "HcsSubmitter", **here.environment)
    wait_for_run(tmp_path)
    here.row.rolling("reload", 0.3)
    report = assert_clean(finish(process))
    assert report["resilience"]["retries"]["attempts"] == 0, report["resilience"]["retries"]
