"""The limits of real nodes, kept by the library that real nodes are built on, and a round trip as to another continent.

A real node allows ten calls per connection, ends a connection after 15 s, and takes 10,240 bytes ahead
(hiero-consensus-node: hedera-node/hedera-config/.../data/NettyConfig.java `prod.*`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.fronts.fronted import Fronted, assert_clean
from tests.fronts.servers import NONE, Limits

ROUND_TRIP_MS = 100
RUN = ("--headless", "--only-summary", "--think-time", "0", "--stop-timeout", "40", "--audit-timeout", "30")
NETWORK = ("--latency", "instant", "--consensus-delay", "2", "--throttles", "off")


@pytest.mark.background
@pytest.mark.parametrize("workers", [0, 4])
@pytest.mark.timeout(240)
def test_three_hundred_users_within_the_limits(fronted: Callable[..., Fronted], run_locust: Any, workers: int) -> None:
    """300 users who wait for receipts: none fails, no circuit opens, and the mirror shows every message once."""
    here = fronted("netty", *NETWORK, delay_ms=ROUND_TRIP_MS // 2)
    processes = ("--processes", str(workers)) if workers else ()
    load = (*RUN, "--users", "300", "--spawn-rate", "100", "--run-time", "40s", *processes)
    finished = run_locust(*load, *here.arguments, "HcsSubmitter", timeout=180, **here.environment)
    assert_clean(finished)
    assert here.twice() == []


@pytest.mark.timeout(120)
def test_connections_that_grow_old_every_two_seconds(fronted: Callable[..., Fronted], run_locust: Any) -> None:
    """Ages and idle times shortened, so that a short run meets many of both: none fails, and no attempt is repeated."""
    limits = Limits(age=2_000, grace=1_000, idle=500)
    here = fronted("netty", "--latency", "instant", "--throttles", "off", delay_ms=10, limits=limits)
    load = (*RUN, "--users", "60", "--spawn-rate", "100", "--run-time", "9s", "--seed", "3")
    finished = run_locust(*load, *here.arguments, "HcsSubmitter", timeout=90, **here.environment)
    report = assert_clean(finished)
    assert report["resilience"]["retries"]["attempts"] == 0, report["resilience"]["retries"]


@pytest.mark.background
@pytest.mark.timeout(120)
def test_no_limits_no_trouble(fronted: Callable[..., Fronted], run_locust: Any) -> None:
    """The same front without limits, so that a failure above is the limits' and not the front's."""
    here = fronted("netty", "--latency", "instant", "--throttles", "off", delay_ms=10, limits=NONE)
    load = (*RUN, "--users", "60", "--spawn-rate", "100", "--run-time", "9s", "--seed", "3")
    assert_clean(run_locust(*load, *here.arguments, "HcsSubmitter", timeout=90, **here.environment))
