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
