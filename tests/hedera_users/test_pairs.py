"""A user's pairs: which arm goes first, what both carry, and when each is due."""

from __future__ import annotations

from locust.env import Environment
from locust.exception import StopUser

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import gevent
import pytest

from config.levels import LEVELS
from config.networks import Network
from config.run import Run
from config.settings import RunSettings
from hedera_users.arrivals import Arrivals
from hedera_users.operation import Operation
from hedera_users.operation_counts import OperationCounts
from hedera_users.overhead_user import OverheadUser
from hedera_users.own_application import OwnApplication
from hedera_users.session import Session
from records.envelope import decode, digest
from records.operation import Arm, OperationRecord


@dataclass
class Services:
    """The baseline and Hedera, which note what they are given and answer at once."""

    written: list[bytes] = field(default_factory=list)
    submitted: list[bytes] = field(default_factory=list)

    def write(self, _: str, payload: bytes) -> None:
        self.written.append(payload)

    def perform(self, operation: Operation, work: Callable[[], object]) -> None:
        work()

    def call(self, _: str, payload: bytes, timeout: float) -> None:
        self.submitted.append(payload)

    def submit_message(self, operation: Operation, _: str, message: bytes) -> None:
        self.submitted.append(message)


class Process:
    """A Locust process without a network: real users and operations, services that answer at once."""

    def __init__(
        self,
        confirm: tuple[str, ...] = ("receipt",),
        arrivals: Arrivals | None = None,
        *,
        own_application: bool = False,
    ) -> None:
        self.environment = Environment()
        self.records: list[OperationRecord] = []
        self.environment.events.request.add_listener(lambda context, **_: self.records.append(context["record"]))
        self.services = Services()
        settings: Any = {"confirm": confirm, "seed": 1}
        network = Network(name="localnet", nodes={"127.0.0.1:1": "0.0.3"}, mirror_rest="", mirror_grpc="")
        run = Run(
            run_id="r",
            started_at=0,
            settings=RunSettings(**settings),
            network=network,
            operator_id="0.0.2",
            topics={"events": "0.0.9", "models": "0.0.8"},
        )
        session = Session.__new__(Session)  # its channels and files are what a process without a network lacks
        session.environment, session.run, session.worker = self.environment, run, 0
        session.operation_counts, session.arrivals = OperationCounts(), arrivals
        session.hedera = session.baseline = self.services  # type: ignore[assignment]
        way: Any = self.services
        session.application = OwnApplication(way, "0.0.7", 1.0) if own_application else None
        self.session = session

    def user(self, number: int) -> OverheadUser:
        """One of its users, ready for tasks."""
        user = OverheadUser(self.environment)
        user.session, user.number, user.stream = self.session, number, f"0.{number}"
        user.random = random.Random(number)
        return user


def orders(records: list[OperationRecord]) -> dict[str, str]:
    """The order of the arms at each level, as letters: A is the baseline."""
    sequence: dict[str, str] = {}
    for level in {record.confirm for record in records} - {""}:
        ids = {record.pair for record in records if record.confirm == level}
        sequence[level] = "".join(
            "A" if record.arm is Arm.BASELINE else "B" for record in records if record.pair in ids
        )
    return sequence


@pytest.mark.parametrize("confirm", [("receipt",), ("ack", "receipt", "mirror"), LEVELS])
@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_pairs_alternate_at_each_level(confirm: tuple[str, ...], number: int) -> None:
    """A-B-B-A (or B-A-A-B) at each level, every level in turn, and each pair has one of each arm."""
    process = Process(confirm)
    user = process.user(number)
    for _ in range(8 * len(confirm)):
        user.audit_event()
    found = orders(process.records)
    assert found.keys() == set(confirm)
    assert set(found.values()) <= {"ABBA" * 4, "BAAB" * 4}
    levels = [record.confirm for record in process.records if record.arm is Arm.HEDERA]
    assert all(sorted(levels[at : at + len(confirm)]) == sorted(confirm) for at in range(0, len(levels), len(confirm)))


def test_half_of_the_users_begin_with_each_arm() -> None:
    """Otherwise the first pairs of all users would favour one side of a network that is still warming up."""
    firsts = []
    for number in range(6):
        process = Process()
        process.user(number).audit_event()
        firsts.append(process.records[0].arm)
    assert firsts.count(Arm.BASELINE) == 3


def test_both_arms_carry_the_same_payload() -> None:
    """The very same bytes go to the baseline twice, and to Hedera once."""
    process = Process()
    user = process.user(1)
    for _ in range(10):
        user.audit_event()
    written = [(payload, len(list(same))) for payload, same in groupby(process.services.written)]
    assert [times for _, times in written] == [2] * 10
    assert [payload for payload, _ in written] == process.services.submitted


def test_each_arm_is_due_by_itself() -> None:
    """Under an arrival rate one due operation is one arm; a user that is asked to stop leaves its pair half done."""
    arrivals = Arrivals(lambda: iter([]), 5.0, OperationCounts().shed)
    process = Process(arrivals=arrivals)
    user = process.user(0)
    task = gevent.spawn(user.audit_event)
    dues = []
    for _ in range(2):
        gevent.sleep(0)
        assert len(process.records) == len(dues)
        dues.append(time.time() - 0.5)
        arrivals.arrive(dues[-1])
    task.join()
    assert [record.scheduled_at for record in process.records] == pytest.approx(dues, abs=0.01)
    assert all(record.response_s - record.latency_s == pytest.approx(0.5, abs=0.05) for record in process.records)
    assert [record.segments_s["start_delay"] for record in process.records] == pytest.approx([0.5, 0.5], abs=0.05)
    user._state = "running"
    stopping = gevent.spawn_later(0.01, user.stop)
    with pytest.raises(StopUser):
        user.audit_event()
    stopping.join()
    assert len(process.records) == 2


@pytest.mark.parametrize("name", ["audit_event", "store_model"])
def test_an_application_of_the_users_own_does_the_whole_hedera_arm(name: str) -> None:
    """It is given what the baseline is given, and nothing is done beside it; the level is its own."""
    process = Process(("ack", "receipt"), own_application=True)
    user = process.user(1)
    for _ in range(8):
        getattr(user, name)()
    assert orders(process.records) == {"application": "BAAB" * 4}
    services = process.services
    assert len(services.written) == len(services.submitted) == 8
    assert services.written == services.submitted
    sent = [message for record in process.records for message in record.messages]
    assert [one.digest for one in sent] == [digest(payload) for payload in services.submitted]
    assert {one.topic_id for one in sent} == {"0.0.7"}
    envelopes = [decode(payload) for payload in services.submitted]
    assert [one.number for one in envelopes if one] == list(range(1, 9))
    assert {one.kind for one in envelopes if one} == {name.replace("_", "-")}
