"""Circuits that several processes share, kept in Redis by pybreaker's own storage.

    Pool("hcs", nodes, storage=redis_storage("redis://127.0.0.1:6379/0", prefix=run_id))

Breakers of one name share their state, whichever process they are in. The names must therefore not say the process.

Three things are added to pybreaker's storage. The time of opening is kept in milliseconds instead of whole seconds.
Trials are counted over all processes, by leases that run out should their holder die. And while Redis is away, a state
of this process's own goes on from what was last seen, is shown as such in the snapshot, and gives way to the shared one
as soon as Redis answers again (or is written to it, if Redis has forgotten).

A closed circuit looks at Redis every `refresh_s`; each failure, trial and transition is told to it at once. A success
that follows no failure is not told, so the happy path costs nothing but the looks.
"""

from __future__ import annotations

import contextlib
import logging
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, TypeVar, cast

import pybreaker
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

T = TypeVar("T")

logger = logging.getLogger(__name__)

REFRESH_S: Final = 0.1
"""How long what was read is trusted."""
TIMEOUT_S: Final = 0.5
"""Time for one command; a Redis that takes longer counts as away."""
RECONNECT_S: Final = 1.0
"""Time after which a Redis that was away is tried again."""
LEASE_S: Final = 60.0
"""A trial whose process died is free again after this time."""


def redis_storage(
    url: str, prefix: str = "resilience", *, refresh_s: float = REFRESH_S, lease_s: float = LEASE_S
) -> Callable[[str], RedisStorage]:
    """Return what makes the storage of a breaker, given its name: the `storage` of a `Pool`.

    Args:
        url: `redis://…` as redis-py takes it. It need not be reachable yet.
        prefix: Stands before all keys; runs that must not share their circuits need different ones.
        refresh_s: Seconds after which a closed or open circuit is looked at again; at least 0.
        lease_s: Longest time of a trial, in seconds. Longer than the time limit of an attempt.

    Raises:
        ValueError: redis-py does not understand the URL.
    """
    # One more try at once, for a connection that was idle for so long that it was closed; not the default's three.
    retry = Retry(NoBackoff(), 1)
    client = redis.Redis.from_url(url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, retry=retry)
    link = _Link(client)
    return lambda name: RedisStorage(link, f"{prefix}:{name}", refresh_s=refresh_s, lease_s=lease_s)


def why_unreachable(url: str, timeout: float = 2.0) -> str:
    """Why a Redis cannot be used, in a few words; "" where it can.

    Args:
        url: As for `redis_storage`.
        timeout: Seconds to connect, and again for its answer.
    """
    try:
        with redis.Redis.from_url(
            url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=Retry(NoBackoff(), 0)
        ) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        return " ".join(str(error).split())[:200] or type(error).__name__
    return ""


class _Link:
    """A connection that remembers whether Redis answers, and asks it only now and then while it does not.

    It has the methods that pybreaker's storage calls on a client.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._next_try = 0.0
        self.up = True
        self.failures = 0
        self.outages = 0  # tells a storage that its keys may be gone

    def due(self) -> bool:
        """Whether Redis is to be asked."""
        return self.up or time.monotonic() >= self._next_try

    def ask(self, command: Callable[[redis.Redis], T]) -> T:
        """Run a command, and note whether Redis answered."""
        try:
            answer = command(self._client)
        except redis.RedisError:
            was_up, self.up = self.up, False
            self.outages += was_up
            self.failures += 1
            self._next_try = time.monotonic() + RECONNECT_S
            if was_up:
                logger.warning("Redis does not answer: until it does, this process has circuits of its own")
            raise
        was_up, self.up = self.up, True
        if not was_up:
            logger.warning("Redis answers again: circuits are shared again")
        return answer

    def get(self, key: str) -> Any:
        return self.ask(lambda client: client.get(key))

    def set(self, key: str, value: Any) -> Any:
        return self.ask(lambda client: client.set(key, value))

    def setnx(self, key: str, value: Any) -> Any:
        return self.ask(lambda client: client.setnx(key, value))

    def incr(self, key: str) -> Any:
        return self.ask(lambda client: client.incr(key))


class _MillisecondStorage(pybreaker.CircuitRedisStorage):
    """pybreaker's storage, with the time of opening in milliseconds instead of whole seconds."""

    logger = logging.getLogger(__name__)
    logger.addFilter(lambda record: record.exc_info is None)  # pybreaker logs a traceback per command; see `describe`

    def __init__(self, state: str, link: _Link, namespace: str) -> None:
        self._link = link
        self._opened_key = f"{namespace}:opened_at_ms"
        super().__init__(state, link, namespace=namespace)  # type: ignore[arg-type] # has the methods it calls

    @property
    def opened_at(self) -> datetime | None:
        """When it was opened last."""
        try:
            stamp = self._link.get(self._opened_key)
        except redis.RedisError:
            return None
        return None if stamp is None else datetime.fromtimestamp(int(stamp) / 1_000, UTC)

    @opened_at.setter
    def opened_at(self, now: datetime) -> None:
        with contextlib.suppress(redis.RedisError):
            self._link.set(self._opened_key, int(now.timestamp() * 1_000))


class RedisStorage(pybreaker.CircuitBreakerStorage):
    """The state of one breaker in Redis, with one of this process's own to fall back on (a `SharedStorage`).

    Args:
        link: The connection, which breakers of a process share.
        key: Stands before its keys.
        refresh_s: See `redis_storage`.
        lease_s: See `redis_storage`.
    """

    def __init__(self, link: _Link, key: str, *, refresh_s: float, lease_s: float) -> None:
        super().__init__("redis")
        self.refresh_s = refresh_s
        self._link = link
        self._key = key
        self._lease_s = lease_s
        self.memory = pybreaker.CircuitMemoryStorage(pybreaker.STATE_CLOSED)
        self._remote: _MillisecondStorage | None = None
        self._outages_seen = -1
        self._follows = False

    # What pybreaker asks of a storage. Each reads or writes the shared state, and keeps the own one like it.

    @property
    def state(self) -> str:
        """`closed`, `open` or `half-open`."""
        self.memory.state = self._ask(lambda remote: remote.state, self.memory.state)
        return self.memory.state

    @state.setter
    def state(self, state: str) -> None:
        self.memory.state = state
        if not self._follows:
            self._ask(lambda remote: setattr(remote, "state", state), None)

    @property
    def opened_at(self) -> datetime | None:
        """When it was opened last."""
        opened_at = self._ask(lambda remote: remote.opened_at, self.memory.opened_at)
        if opened_at is not None:
            self.memory.opened_at = opened_at
        return self.memory.opened_at

    @opened_at.setter
    def opened_at(self, now: datetime) -> None:
        self.memory.opened_at = now
        self._ask(lambda remote: setattr(remote, "opened_at", now), None)

    @property
    def counter(self) -> int:
        """Failures in a row, over all processes."""
        return self._ask(lambda remote: remote.counter, self.memory.counter)

    @property
    def success_counter(self) -> int:
        """Successful trials of this half-open period, over all processes."""
        return self._ask(lambda remote: remote.success_counter, self.memory.success_counter)

    def increment_counter(self) -> None:
        """One more failure in a row."""
        self.memory.increment_counter()
        self._ask(lambda remote: remote.increment_counter(), None)

    def reset_counter(self) -> None:
        """No failure in a row."""
        self.memory.reset_counter()
        if not self._follows:
            self._ask(lambda remote: remote.reset_counter(), None)

    def increment_success_counter(self) -> None:
        """One more successful trial."""
        self.memory.increment_success_counter()
        self._ask(lambda remote: remote.increment_success_counter(), None)

    def reset_success_counter(self) -> None:
        """No successful trial yet."""
        self.memory.reset_success_counter()
        if not self._follows:
            self._ask(lambda remote: remote.reset_success_counter(), None)

    # What the breaker asks of a shared one.

    def age_s(self) -> float | None:
        """Seconds since the circuit was opened, by whomever; the processes' wall clocks must agree."""
        opened_at = self.opened_at
        return None if opened_at is None else max(0.0, (datetime.now(UTC) - opened_at).total_seconds())

    @contextlib.contextmanager
    def noticing(self) -> Iterator[None]:
        """While it lasts, nothing that pybreaker resets on entering a state is reset for the others."""
        self._follows = True
        try:
            yield
        finally:
            self._follows = False

    def take_trial(self, trials: int) -> object | None:
        """Take the lease of one of so many trials."""
        token = uuid.uuid4().hex
        for place in range(trials):
            key = f"{self._key}:trial:{place}"
            taken = self._ask(
                lambda _, key=key: self._link.ask(  # type: ignore[misc] # mypy cannot infer a bound default
                    lambda client: bool(client.set(key, token, nx=True, px=int(self._lease_s * 1_000)))
                ),
                True,
            )
            if taken:
                return key, token
        return None

    def free_trial(self, token: object) -> None:
        """Give a lease back, unless it has run out and is another's."""
        key, own = cast("tuple[str, str]", token)

        def free(client: redis.Redis) -> None:
            if client.get(key) == own.encode():
                client.delete(key)

        self._ask(lambda _: self._link.ask(free), None)

    def describe(self) -> dict[str, Any]:
        """Whether Redis answers now, and how many commands it left unanswered."""
        return {"kind": "redis", "reachable": self._link.up, "failures": self._link.failures}

    def _ask(self, command: Callable[[_MillisecondStorage], T], own: T) -> T:
        """What Redis says; `own` while it is away."""
        link = self._link
        if not link.due():
            return own
        try:
            if self._remote is None or self._outages_seen != link.outages:
                # Writes what Redis does not know, e.g. because it has started anew; what it knows, stands.
                self._remote = _MillisecondStorage(self.memory.state, link, self._key)
                self._outages_seen = link.outages
            failures = link.failures
            answer = command(self._remote)
        except redis.RedisError:
            return own
        # pybreaker's storage swallows errors and answers by a fixed state, which is not what this process last knew.
        return answer if link.failures == failures else own
