"""The same promises in a process of its own, whose standard library gevent has patched, as under Locust."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATCH = "from gevent import monkey; monkey.patch_all()"
IMPORT = "from resilience import TRANSIENT, BreakerPolicy, Guard, RetryPolicy"
MADE = 'guard = Guard("svc", lambda error: TRANSIENT, RetryPolicy(backoff=0.05), BreakerPolicy(failures=1_000))'
SCRIPT = """
import json, time, gevent

most = held = 0

def attempt(told):
    global most, held
    held += 1
    most = max(most, held)
    try:
        time.sleep(0.05)
        if told.number == 1:
            raise OSError("down")
        return told.number
    finally:
        held -= 1

users = [gevent.spawn(guard.run, attempt) for _ in range(50)]
gevent.joinall(users, timeout=20, raise_error=True)

killed = gevent.spawn(guard.run, lambda attempt: time.sleep(30))
gevent.sleep(0.01)
killed.kill(timeout=1)
print(json.dumps({
    "most_in_flight": most,
    "last_attempts": sorted({user.value for user in users}),
    "retries": guard.stats.attempts,
    "killed": killed.dead,
    "state": repr(guard),
}))
"""


QUEUE = """
import gevent
from resilience import TRANSIENT, BoundedQueue, BreakerPolicy, Guard, Pool, QueueLeftError, RetryBudget, RetryPolicy

policy = BreakerPolicy(failures=1, recovery=0.2)
guard = Guard("svc", lambda error: TRANSIENT, RetryPolicy(backoff=0.01), Pool("svc", ["3"], policy),
              budget=RetryBudget(), queue=BoundedQueue(30))
order = []

def attempt(name):
    def one(told):
        if name == 0 and told.number == 1:
            raise OSError("down")
        gevent.sleep(0.001)
        order.append(name)
    return one

users = [gevent.spawn(guard.run, attempt(name)) for name in range(1)]
gevent.sleep(0.005)
users += [gevent.spawn(guard.run, attempt(name)) for name in range(1, 21)]
gevent.sleep(0.05)
assert guard.queue.depth == 21, guard.queue
users.pop().kill(timeout=1)
assert guard.queue.drain(5)
gevent.joinall(users, timeout=5, raise_error=True)
assert order == list(range(20)), order
assert guard.queue.close() == 0 and not guard.queue.busy and guard.pool.in_flight == 0
print("drained in order")
"""


@pytest.mark.parametrize("parts", [(PATCH, QUEUE), (IMPORT, PATCH, QUEUE), (QUEUE,)], ids=["first", "later", "not"])
def test_the_line_drains_in_order_whenever_the_patch_came(parts):
    """A line that formed at an open circuit drains in order after the recovery, on the real clock, patched or not."""
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(parts)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "drained in order\n"), done.stderr


@pytest.mark.parametrize(
    "order",
    [(PATCH, IMPORT, MADE), (IMPORT, PATCH, MADE), (IMPORT, MADE, PATCH)],
    ids=["patched first", "imported first", "made first"],
)
def test_fifty_in_flight_whenever_the_patch_came(order):
    """50 callers are 50 in flight, back-off blocks nobody, a kill is neutral; in whichever order things were made."""
    done = subprocess.run(
        [sys.executable, "-c", "\n".join((*order, SCRIPT))], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "most_in_flight": 50,
        "last_attempts": [2],
        "retries": 50,
        "killed": True,
        "state": "<Guard 'svc': closed, failures=0/1000, window=50/100, in_flight=0, permits=unlimited>",
    }
