"""Cuts while answers are under way: whatever settings a run has, no message is there twice, and nobody says untruths.

`make fronts` tries many of them; a run of all tests tries a few. FRONTS_EXAMPLES says how many.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, note, settings
from hypothesis import strategies as st

from tests.chaos.test_chaos import assert_accounts_balance, assert_messages_tell_the_truth
from tests.fronts.cutting import HOWS, Cut, CuttingFront
from tests.load_process.load_process import LoadProcess, Outcome

EXAMPLES = int(os.environ.get("FRONTS_EXAMPLES", "2"))
STREAMS = 20
MESSAGES = 3


class CutRig:
    """An embedded network behind a cutting front, and a driver that sends real load through it."""

    def __init__(self) -> None:
        self.rig = LoadProcess("--consensus-delay", "0.1", "--mirror-lag", "0.05", "--throttles", "off")
        self.front = CuttingFront(list(self.rig.network.nodes))
        nodes = {self.front.addresses[address]: account for address, account in self.rig.network.nodes.items()}
        self.network = self.rig.network.model_copy(update={"nodes": nodes})
        self.rig.do(network=self.network)  # topics, and the driver's first steps

    def do(self, cuts: list[Cut], seconds: float, **job: Any) -> Any:
        """Send the load of every stream while cuts are made, for so long."""
        self.front.cutting(*cuts)
        timer = threading.Timer(seconds, self.front.rest)
        timer.start()
        try:
            streams = [{"messages": MESSAGES, "delay_s": 0.02 * one, "every_s": 0.05} for one in range(STREAMS)]
            return self.rig.do(*streams, network=self.network, stop_after_s=60, drain_s=5, **job)
        finally:
            timer.cancel()
            timer.join()
            self.front.rest()

    def close(self) -> None:
        """End all."""
        self.front.stop()
        self.rig.close()


def assert_taken_is_succeeded(job: Outcome, shown: Counter[tuple[str, int]]) -> None:
    """What is there succeeded, is there once, and is nearly everything.

    Where a connection is cut, requests are lost that were about to be read; with a single attempt nobody sends them
    again, and their fate stays unknown. One that had not left has failed.
    """
    succeeded = {
        (message["stream"], message["number"])
        for record in job.records
        for message in record["messages"]
        if record["outcome"] == "succeeded"
    }
    assert succeeded == set(shown), (job.outcomes(), job.statuses())
    assert set(shown.values()) == {1}
    assert len(succeeded) > 0.8 * STREAMS * MESSAGES, job.statuses()


@pytest.fixture(scope="module")
def cut_rig() -> Iterator[CutRig]:
    """One for the tests of this file."""
    running = CutRig()
    yield running
    running.close()


@st.composite
def cuts(draw: st.DrawFn) -> Cut:
    """Some cut, of submissions or of everything."""
    how = draw(st.sampled_from(HOWS))
    return Cut(
        how,
        "after" if how == "late" else draw(st.sampled_from(["before", "under way", "after"])),
        share=draw(st.sampled_from([0.3, 0.7, 1.0])),
        paths=draw(st.sampled_from([Cut("").paths, ()])),
    )


@pytest.mark.timeout(0)  # as long as the number of examples takes
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # shrinking would run for hours, and the network is not deterministic
    suppress_health_check=list(HealthCheck),
    derandomize=EXAMPLES < 50,
    database=None,
)
@example(  # refused though taken; circuits open until the id is about to expire: a new one would be a second message
    some=[Cut("refused")],
    seconds=0.6,
    valid_duration=16,
    breaker_recovery=6.5,
    attempts=6,
    level="receipt",
    transport="http2",
)
@example(  # the same, once only
    some=[Cut("refused", share=0.7)],
    seconds=1.5,
    valid_duration=120,
    breaker_recovery=0.3,
    attempts=1,
    level="ack",
    transport="http2",
)
@given(
    some=st.lists(cuts(), min_size=1, max_size=3),
    seconds=st.sampled_from([0.5, 1.0, 1.5]),
    valid_duration=st.sampled_from([16, 17, 20, 30, 120]),
    breaker_recovery=st.sampled_from([0.3, 2.0, 6.5, 8.0]),
    attempts=st.sampled_from([1, 2, 6]),
    level=st.sampled_from(["ack", "receipt", "mirror"]),
    transport=st.sampled_from(["http2", "grpc"]),
)
def test_nothing_happens_twice_whatever_the_settings(
    cut_rig: CutRig,
    some: list[Cut],
    seconds: float,
    valid_duration: int,
    breaker_recovery: float,
    attempts: int,
    level: str,
    transport: str,
) -> None:
    """No message is shown twice, what succeeded is shown, what "failed" is not; every operation ends, once."""
    began = time.monotonic()
    job = cut_rig.do(
        some,
        seconds,
        settings={
            "confirm": level,
            "valid_duration": valid_duration,
            "breaker_recovery": breaker_recovery,
            "attempts": attempts,
            "confirm_timeout": 10,
            "transport": transport,
        },
    )
    note(f"{dict(job.outcomes())} {dict(job.statuses())} {dict(cut_rig.front.cut)} {time.monotonic() - began:.1f} s")
    assert_accounts_balance(job)
    assert_messages_tell_the_truth(job, cut_rig.rig.shown(job))


@pytest.mark.parametrize("transport", ["http2", "grpc"])
@pytest.mark.parametrize("how", [one for one in HOWS if one not in ("silence", "late")])
def test_what_a_node_has_taken_is_no_failure_however_its_answer_was_cut(
    cut_rig: CutRig, how: str, transport: str
) -> None:
    """With a single attempt, and one answer of two cut after the node has taken the request: that one succeeds too."""
    job = cut_rig.do(
        [Cut(how, share=0.5)], 30, settings={"attempts": 1, "breaker_failures": 1000, "transport": transport}
    )
    assert_taken_is_succeeded(job, cut_rig.rig.shown(job))
