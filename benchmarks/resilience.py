"""What the guard costs when all goes well, beside a bare call and beside its two libraries used the obvious way.

    python -m benchmarks.resilience [--calls 20000] [--rounds 7] [--json]

All rows of a table are measured in one run, turn by turn; the best round of each counts, for everything else on the
machine only ever adds time. The second table is the process that Locust makes of it: gevent has patched threading, and
locks cost more. `in flight` is the most that 20 greenlets with 20 ms calls got through one shared object at once.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import timeit
from collections.abc import Callable
from typing import Any

Call = Callable[[Callable[[Any], object]], object]


def contenders() -> dict[str, Call]:
    """Each way to make a call, by name; every one of them is given the attempt."""
    import pybreaker
    import tenacity

    from resilience import TRANSIENT, Breaker, BreakerPolicy, Guard

    breaker = Breaker("benchmark", BreakerPolicy())
    policy = {
        "stop": tenacity.stop_after_attempt(5),
        "wait": tenacity.wait_exponential_jitter(multiplier=0.25, max=8),
        "reraise": True,
    }
    shared = tenacity.Retrying(**policy)
    circuit = pybreaker.CircuitBreaker()

    @tenacity.retry(**policy)
    @circuit
    def decorated(attempt: Callable[[Any], object]) -> object:
        return attempt(1)

    def breaker_alone(attempt: Callable[[Any], object]) -> object:
        permit = breaker.admit()
        result = attempt(1)
        breaker.record_result(permit, success=True)
        return result

    return {
        "bare call": lambda attempt: attempt(1),
        "Guard.run, one circuit": Guard("benchmark", lambda _: TRANSIENT).run,
        "  of it, the breaker": breaker_alone,
        **guards(),
        "tenacity alone, one shared object": lambda attempt: shared(attempt, 1),
        "tenacity around pybreaker.call": lambda attempt: shared(circuit.call, attempt, 1),
        "@retry over @breaker": decorated,
    }


def guards() -> dict[str, Call]:
    """Guards with more and more layers; a pool of four members where nothing else is said."""
    from resilience import (
        TRANSIENT,
        AdaptiveConcurrency,
        BoundedQueue,
        Guard,
        Limits,
        Pool,
        RetryBudget,
        TokenBucket,
    )

    def guard(members: int = 4, balance: Any = "round-robin", **layers: Any) -> Guard:
        pool = Pool("benchmark", [str(number) for number in range(members)], balance=balance)
        return Guard("benchmark", lambda _: TRANSIENT, None, pool, budget=RetryBudget(), **layers)

    one_down = guard(30)
    for _ in range(5):
        one_down.pool.admit(avoid=one_down.pool.members[1:]).record_result(success=False)
    bucket = TokenBucket(1e9)
    with_deadline = guard(queue=BoundedQueue())
    return {
        "  pool of 4, budget": guard().run,
        "  the same and a queue (empty)": guard(queue=BoundedQueue()).run,
        "  the same and a deadline": lambda attempt: with_deadline.run(attempt, deadline=1e12),
        "  queue, token bucket": guard(queue=BoundedQueue(), limiter=bucket).run,
        "  queue, bucket, adaptive limit": guard(
            queue=BoundedQueue(), limiter=Limits([TokenBucket(1e9), AdaptiveConcurrency()])
        ).run,
        "  least outstanding of 30": guard(30, "least-outstanding").run,
        "  30 members, one of them down": one_down.run,
    }


def microseconds(ways: dict[str, Call], calls: int, rounds: int) -> dict[str, float]:
    """Best time per call of each way, over rounds in which all of them take turns."""
    best = dict.fromkeys(ways, float("inf"))

    def attempt(told: object) -> object:
        return told

    for _ in range(rounds):
        for name, way in ways.items():
            seconds = timeit.timeit(lambda way=way: way(attempt), number=calls)  # type: ignore[misc] # bound per turn
            best[name] = min(best[name], seconds / calls * 1e6)
    return best


def in_flight(way: Call) -> int:
    """The most calls that 20 greenlets get under way at once."""
    import gevent

    held = most = 0

    def attempt(told: object) -> object:
        nonlocal held, most
        held += 1
        most = max(most, held)
        gevent.sleep(0.02)
        held -= 1
        return told

    gevent.joinall([gevent.spawn(way, attempt) for _ in range(20)], timeout=30)
    return most


def measured(calls: int, rounds: int) -> dict[str, dict[str, float]]:
    """Microseconds per call and calls in flight of each way, in this process."""
    ways = contenders()
    return {
        name: {"us": spent, "in_flight": in_flight(ways[name])}
        for name, spent in microseconds(ways, calls, rounds).items()
    }


def table(title: str, found: dict[str, dict[str, float]]) -> str:
    """One table of what was measured in one process."""
    bare = found["bare call"]["us"]
    rows = [title, f"{'':36}{'µs/call':>9}{'× bare':>9}{'in flight':>11}"]
    for name, one in found.items():
        rows.append(f"{name:36}{one['us']:9.2f}{one['us'] / bare:9.1f}{one['in_flight']:11}")
    return "\n".join(rows)


def patched(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """The same in a process of its own that gevent has patched."""
    command = [sys.executable, "-m", "benchmarks.resilience", "--patched"]
    command += ["--calls", str(options.calls), "--rounds", str(options.rounds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=600)  # noqa: S603 (itself)
    found: dict[str, dict[str, float]] = json.loads(done.stdout)
    return found


def main() -> None:
    """Print one table for a plain process and one for a patched one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=20_000, help="calls per round")
    parser.add_argument("--rounds", type=int, default=7, help="rounds; the best one counts")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON instead of the tables")
    parser.add_argument("--patched", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.patched:
        from gevent import monkey

        monkey.patch_all()
        print(json.dumps(measured(options.calls, options.rounds)))
        return
    found = {"plain": measured(options.calls, options.rounds)}
    if not options.json:
        print(table("Plain process", found["plain"]), flush=True)
    found["patched"] = patched(options)
    print(json.dumps(found) if options.json else "\n" + table("Patched by gevent, as under Locust", found["patched"]))


if __name__ == "__main__":
    main()
