"""Circuits that processes share, on a real Redis of the test's own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest

from resilience import TRANSIENT, BoundedQueue, BreakerPolicy, CircuitOpenError, Guard, Pool, RetryPolicy
from resilience.redis_storage import redis_storage
from resilience.shared_breaker import SharedBreaker

ROOT = Path(__file__).parents[2]
LEGAL = {("closed", "open"), ("open", "half-open"), ("half-open", "open"), ("half-open", "closed")}
REDIS = shutil.which("redis-server")
pytestmark = pytest.mark.skipif(
    REDIS is None and not os.environ.get("REQUIRE_REDIS"), reason="redis-server is not installed"
)


class Server:
    """A redis-server that keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, with nothing in it, and wait until it listens."""
        assert REDIS is not None, "REQUIRE_REDIS is set, and there is no redis-server"
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen([REDIS, *options, "--dir", self._folder], stdout=subprocess.DEVNULL)
        until = time.monotonic() + 10
        while not self._listens():
            assert time.monotonic() < until, "redis-server does not listen"
            time.sleep(0.02)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        """End it; what was in it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def process(server: Server) -> Any:
    """What another process would make: a breaker with a storage and a connection of its own, that looks at once."""

    def make(**policy: Any) -> SharedBreaker:
        settings = {"failures": 3, "recovery": 0.4, "failure_ratio": None} | policy
        return SharedBreaker("hcs@3", BreakerPolicy(**settings), redis_storage(server.url, refresh_s=0.0)("hcs@3"))

    return make


def fail(breaker: SharedBreaker, times: int) -> None:
    for _ in range(times):
        breaker.record_result(breaker.admit(), success=False)


def moves(breaker: SharedBreaker) -> list[tuple[str, str]]:
    return [(move["from"], move["to"]) for move in breaker.snapshot()["transitions"]]


def test_failures_count_together_and_open_in_one_is_open_in_the_other(process):
    """Two failures here and the third there open the circuit for both; each counts the transition once."""
    here, there = process(), process()
    fail(here, 2)
    fail(there, 1)
    for breaker in (here, there):
        with pytest.raises(CircuitOpenError) as raised:
            breaker.admit()
        assert 0 < raised.value.retry_after <= 0.4
        assert moves(breaker) == [("closed", "open")]


def test_a_success_anywhere_ends_the_row(process):
    """The failures in a row are those of all processes, and so is the success that ends the row."""
    here, there = process(), process()
    fail(here, 2)
    there.record_result(there.admit(), success=True)
    fail(here, 2)
    assert here.state == "closed"
    fail(there, 1)
    assert there.state == "open"


def test_trials_are_counted_over_all_and_the_close_is_seen_by_all(process):
    """After the recovery one process has the trial, and the other none; its success closes the circuit for both."""
    here, there = process(), process()
    fail(here, 3)
    with pytest.raises(CircuitOpenError):
        there.admit()
    time.sleep(0.45)
    trial = there.admit()
    with pytest.raises(CircuitOpenError):
        here.admit()
    there.record_result(trial, success=True)
    here.record_result(here.admit(), success=True)
    for breaker in (here, there):
        assert moves(breaker) == [("closed", "open"), ("open", "half-open"), ("half-open", "closed")]
        assert breaker.in_flight == 0


def test_a_killed_trial_frees_its_permit_for_the_other(process):
    """A trial that says nothing gives its lease back."""
    here, there = process(), process()
    fail(here, 3)
    time.sleep(0.45)
    here.record_result(here.admit(), success=None)
    there.record_result(there.admit(), success=True)
    assert there.state == "closed"


def test_a_failed_trial_opens_it_for_both_and_the_recovery_begins_anew(process):
    """The other process takes over the new time of opening, to the millisecond."""
    here, there = process(), process()
    fail(here, 3)
    assert there.try_admit() is None
    time.sleep(0.45)
    fail(here, 1)
    assert there.retry_in() == pytest.approx(0.4, abs=0.15)
    time.sleep(0.45)
    assert there.try_admit() is not None


def test_what_was_missed_is_filled_in(process):
    """Whoever looks only after the circuit has opened, been tried and closed again notes no illegal transition."""
    here, there = process(), process()
    fail(here, 3)
    assert there.try_admit() is None
    time.sleep(0.45)
    here.record_result(here.admit(), success=True)
    assert there.try_admit() is not None  # it never saw the half-open circuit
    late = process()
    fail(here, 3)
    time.sleep(0.45)
    here.admit()
    assert late.try_admit() is None  # nor did this one see the open one
    for breaker in (here, there, late):
        assert set(moves(breaker)) <= LEGAL
    assert moves(late) == [("closed", "open"), ("open", "half-open")]


def test_without_redis_each_goes_on_by_itself_and_says_so(process, server):
    """Redis goes: what was open stays open here, and recovers here. Redis comes back empty: it is told, and shared."""
    here, there = process(), process()
    fail(here, 3)
    assert there.try_admit() is None
    server.stop()
    assert here.try_admit() is None
    assert here.snapshot()["storage"]["reachable"] is False
    assert here.snapshot()["storage"]["failures"] > 0
    time.sleep(0.45)
    fail(here, 1)  # a trial of its own, which fails
    assert here.state == "open"
    server.start()
    time.sleep(1.1)  # the time after which a Redis that was away is asked again
    here.record_result(here.admit(), success=True)
    assert here.state == "closed"
    assert here.snapshot()["storage"]["reachable"] is True
    there.record_result(there.admit(), success=True)
    assert there.state == "closed"
    for breaker in (here, there):
        assert set(moves(breaker)) <= LEGAL
    fail(here, 3)
    assert there.try_admit() is None


def test_redis_may_be_away_from_the_start(server):
    """A breaker is made and works while there is no Redis."""
    server.stop()
    breaker = SharedBreaker("hcs", BreakerPolicy(failures=2), redis_storage(server.url)("hcs"))
    fail(breaker, 2)
    assert breaker.state == "open"
    assert breaker.snapshot()["storage"] == {"kind": "redis", "reachable": False, "failures": 1}


def test_the_happy_path_only_looks_now_and_then(server):
    """A thousand successes in a row are not told to Redis one by one."""
    import redis

    pool = Pool("hcs", ["3", "4"], storage=redis_storage(server.url, refresh_s=60))
    client = redis.Redis.from_url(server.url)
    pool.admit().record_result(success=True)
    pool.admit().record_result(success=True)
    before = client.info("stats")["total_commands_processed"]
    for _ in range(1_000):
        pool.admit().record_result(success=True)
    assert client.info("stats")["total_commands_processed"] - before < 5


def test_a_line_waits_for_another_process_trial_without_asking_all_the_time(process, server):
    """The trial is under way elsewhere: the line here waits, asks now and then, and goes on when the circuit closes."""
    import redis

    there = process()
    pool = Pool("hcs", ["3"], BreakerPolicy(failures=3, recovery=0.4), storage=redis_storage(server.url, refresh_s=0.0))
    guard = Guard("hcs", lambda error: TRANSIENT, RetryPolicy(attempts=1), pool, queue=BoundedQueue())
    fail(there, 3)
    assert pool.breakers[0].try_admit() is None
    time.sleep(0.45)
    trial = there.admit()
    waiting = gevent.spawn(guard.run, lambda attempt: "sent")
    client = redis.Redis.from_url(server.url)
    before = client.info("stats")["total_commands_processed"]
    gevent.sleep(0.5)
    assert guard.queue.depth == 1
    assert client.info("stats")["total_commands_processed"] - before < 300
    there.record_result(trial, success=True)
    assert waiting.get(timeout=5) == "sent"
    assert set(moves(pool.breakers[0])) <= LEGAL


SCRIPT = """
import sys, json, gevent
from resilience import BreakerPolicy, CircuitOpenError, Guard, Pool, RetryPolicy, TRANSIENT
from resilience.redis_storage import redis_storage

pool = Pool("hcs", ["3"], BreakerPolicy(failures=3, recovery=30), storage=redis_storage(sys.argv[1]))
guard = Guard("hcs", lambda error: TRANSIENT, RetryPolicy(attempts=1), pool)
ended = {"OSError": 0, "CircuitOpenError": 0}

def down(attempt):
    raise OSError

for _ in range(int(sys.argv[2])):
    try:
        guard.run(down)
    except (OSError, CircuitOpenError) as error:
        ended[type(error).__name__] += 1
    gevent.sleep(0)
print(json.dumps(ended))
"""


@pytest.mark.parametrize("patch", ["", "from gevent import monkey; monkey.patch_all()"])
def test_a_real_second_process_meets_the_open_circuit(server, patch):
    """What one process found dead, another does not call even once: the only member, which is never tried early."""
    first, second = (
        json.loads(
            subprocess.run(
                [sys.executable, "-c", f"{patch}\n{SCRIPT}", server.url, "20"],
                cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
            ).stdout
        )
        for _ in range(2)
    )  # fmt: skip
    assert first == {"OSError": 3, "CircuitOpenError": 17}
    assert second == {"OSError": 0, "CircuitOpenError": 20}
