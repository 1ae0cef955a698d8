"""Who gets users: a real master over its real wire, and peers that say what workers say."""

from __future__ import annotations

from locust import User, constant, task
from locust.env import Environment
from locust.rpc import Message
from locust.rpc.zmqrpc import Client
from locust.runners import MasterRunner

from argparse import Namespace
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest

from config.parsing import SettingsError
from config.same_code import fingerprint
from config.settings import RunSettings
from hedera_users import worker_checks
from hedera_users.admission import Admission
from hedera_users.worker_checks import ANSWER, ASK, DISMISS, WorkerChecks, _faults
from tests.e2e.locust_command import free_port

VERSION = -1
"""What a peer tells as Locust's version; Locust takes it for one that is not to be compared."""


class Busy(User):
    """Somebody whom a dispatcher hands out."""

    wait_time = constant(1)

    @task
    def nothing(self) -> None: ...


class Peer:
    """A worker as its master sees it.

    Args:
        name: Its client id.
        port: The master's.
        faults: What it answers; None for one that does not.
    """

    def __init__(self, name: str, port: int, faults: list[str] | None) -> None:
        self.name, self.faults = name, faults
        self.asked = 0
        self.users: dict[str, int] = {}
        self.dismissed: list[str] = []
        self._wire = Client("127.0.0.1", port, name)
        self._greenlets = [gevent.spawn(self._read), gevent.spawn(self._live)]
        self.say("client_ready", VERSION)

    def say(self, what: str, data: Any = None) -> None:
        self._wire.send(Message(what, data, self.name))

    def end(self) -> None:
        gevent.killall(self._greenlets)
        self._wire.close()

    def _live(self) -> None:
        while True:
            state = "running" if sum(self.users.values()) else "ready"
            self.say("heartbeat", {"state": state, "current_cpu_usage": 0})
            gevent.sleep(0.5)

    def _read(self) -> None:
        while True:
            message = self._wire.recv()
            if message.type == ASK:
                self.asked += 1
                if self.faults is not None:
                    self.say(ANSWER, {"settings": message.data["settings"], "faults": self.faults})
            elif message.type == DISMISS:
                self.dismissed = message.data["faults"]
                self.say("quit")
            elif message.type == "spawn":
                self.users = dict(message.data["user_classes_count"])
                self.say("spawning_complete", {"user_classes_count": self.users, "user_count": self.count})

    @property
    def count(self) -> int:
        return sum(self.users.values())


class Swarm:
    """A master, and the peers that have joined it."""

    def __init__(self, *, shares: bool) -> None:
        self.port = int(free_port())
        self.environment = Environment(user_classes=[Busy])
        self.environment.parsed_options = Namespace(enable_rebalancing=False, headless=True)
        self.master: MasterRunner = self.environment.create_master_runner("127.0.0.1", self.port)
        self.calls = WorkerChecks(self.master)
        self.admission = Admission(self.environment, self.master, self.calls)
        self.began_with = 0
        self.peers: dict[str, Peer] = {}

        def begin(**_: Any) -> None:
            self.began_with = self.admission.begin(shares=shares)

        self.environment.events.test_start.add_listener(begin)

    def join(self, name: str, faults: list[str] | None) -> Peer:
        self.peers[name] = Peer(name, self.port, faults)
        until(lambda: name in self.master.clients or self.peers[name].dismissed)
        return self.peers[name]

    def start(self, users: int) -> None:
        self.calls.ask(RunSettings(), [Busy], tries_baseline=False)
        gevent.spawn(self.master.start, users, 100)
        until(lambda: self.total == users and self.master.state == "running")

    @property
    def total(self) -> int:
        return sum(peer.count for peer in self.peers.values())


def until(what: Callable[[], object], seconds: float = 30.0) -> None:
    with gevent.Timeout(seconds):
        while not what():
            gevent.sleep(0.02)


@pytest.fixture
def swarm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Swarm]]:
    """Start a master; it and its peers are gone at the end of the test."""
    monkeypatch.setattr(worker_checks, "ANSWER_WITHIN_S", 1.5)
    made: list[Swarm] = []

    def start(*, shares: bool = False) -> Swarm:
        made.append(Swarm(shares=shares))
        return made[0]

    yield start
    for one in made:
        for peer in one.peers.values():
            peer.end()
        one.master.greenlet.kill(block=True)
        one.master.server.close()


def test_one_that_cannot_take_part_gets_no_users(swarm: Any) -> None:
    """It is told why, and leaves; those who have users keep them."""
    run = swarm()
    able = run.join("able", [])
    run.start(4)
    wrong = run.join("wrong", ["OPERATOR_KEY is not set"])
    until(lambda: wrong.dismissed == ["OPERATOR_KEY is not set"])
    until(lambda: "wrong" not in run.master.clients)
    gevent.sleep(0.5)
    assert (able.count, wrong.users) == (4, {})
    assert run.admission.participants == {"able"}


def test_one_that_can_gets_its_share(swarm: Any) -> None:
    """It is asked first, and then has half of the users."""
    run = swarm()
    able = run.join("able", [])
    run.start(4)
    late = run.join("late", [])
    until(lambda: (able.count, late.count) == (2, 2))
    assert late.asked >= 1
    assert run.admission.participants == {"able", "late"}


def test_one_that_says_nothing_gets_none_until_it_does(swarm: Any) -> None:
    """At the beginning as in the middle of a run; a worker of an earlier revision does not know the question."""
    run = swarm()
    able, silent = run.join("able", []), run.join("silent", None)
    run.start(4)
    assert run.began_with == 1
    late = run.join("late", None)
    gevent.sleep(1)
    assert (able.count, silent.count, late.count) == (4, 0, 0)
    for one in (silent, late):
        one.faults = []
        one.say(ANSWER, {"settings": RunSettings().model_dump_json(), "faults": []})
    until(lambda: sorted((able.count, silent.count, late.count)) == [1, 1, 2])


def test_a_run_with_nobody_to_answer_is_refused(swarm: Any) -> None:
    """Nothing would be done, and it would show when topics are paid for."""
    run = swarm()
    run.join("silent", None)
    with pytest.raises(SettingsError, match=r"worker silent did not say within 1\.5 s whether it can take part"):
        run.calls.ask(RunSettings(), [Busy], tries_baseline=False)


def test_who_comes_and_goes_holds_nobody_up(swarm: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is shared out anew for those that get nothing.

    Locust would, and wait up to a second for each in the greenlet that reads heartbeats.
    """
    run = swarm()
    able = run.join("able", [])
    run.start(4)
    caplog.clear()
    caplog.set_level("INFO", "locust.runners")
    for number in range(3):
        wrong = run.join(f"wrong {number}", ["no"])
        until(lambda wrong=wrong: wrong.dismissed)  # type: ignore[misc] # of this round
        until(lambda wrong=wrong: wrong.name not in run.master.clients)  # type: ignore[misc]
    assert "reported as ready" in caplog.text
    assert "Sending spawn jobs" not in caplog.text
    assert able.count == 4


def test_one_more_makes_no_more_of_a_rate_and_stands_in_for_one_that_leaves(swarm: Any) -> None:
    """Each worker makes its share of an arrival rate; a share that nobody makes any more is taken over."""
    run = swarm(shares=True)
    first, second = run.join("first", []), run.join("second", [])
    run.start(4)
    assert run.began_with == 2
    spare = run.join("spare", [])
    gevent.sleep(1)
    assert (first.count, second.count, spare.count) == (2, 2, 0)
    second.users = {}
    second.say("quit")
    until(lambda: (first.count, spare.count) == (2, 2))
    assert run.admission.participants == {"first", "second", "spare"}


def test_users_of_one_that_leaves_go_to_the_others_more_than_once(swarm: Any) -> None:
    """Locust 2.47 takes the first sharing out for one that never ends, and does no other."""
    run = swarm()
    first = run.join("first", [])
    run.start(6)
    others = [run.join(name, []) for name in ("second", "third")]
    until(lambda: [peer.count for peer in (first, *others)] == [2, 2, 2])
    for left, other in zip((3, 6), others, strict=True):
        other.users = {}
        other.say("quit")
        until(lambda left=left: first.count == left)  # type: ignore[misc] # of this round


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"code": {}}, "it runs other code than its master (digest "),
        ({"code": {**fingerprint(), "project": "0" * 12}}, ", not 000000000000): run the same revision of the project"),
        ({"code": {**fingerprint(), "gevent": "1.0"}}, "it has other packages than its master (gevent "),
        ({"code": {**fingerprint(), "locust": "2.0", "redis": "1"}}, "; redis "),
        ({"settings": '{"no_such_option": 1}'}, "it knows other options than its master"),
        ({"user_classes": ["Busy", "Idle"]}, "it has no user class Idle: give it the locustfile of its master (-f)"),
    ],
)
def test_what_a_worker_says_of_itself(changed: dict[str, Any], line: str, tmp_path: Any) -> None:
    """One line each, of what differs from its master; nothing where nothing does."""
    settings = RunSettings(report_dir=str(tmp_path), baseline="fixed:1ms")
    asked = {
        "settings": settings.model_dump_json(),
        "tries_baseline": False,
        "user_classes": ["Busy"],
        "code": fingerprint(),
    }
    assert _faults(asked, {"Busy"}) == []
    (said,) = _faults({**asked, **changed}, {"Busy"})
    assert line in said
