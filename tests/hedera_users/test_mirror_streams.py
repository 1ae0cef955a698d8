"""What a broken stream of the mirror does to the times that are measured: they are bounded, marked and told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reports.judge.mirror_streams import in_words, mirror_streams
from reports.judge.report import violations
from reports.render.console import render_console
from reports.render.html import render_html
from reports.render.markdown import render_markdown
from tests.hedera_client.mirror_front import MirrorFront
from tests.load_process.load_process import LoadProcess, Outcome
from tests.reports.sample import sample_report

PATIENT: dict[str, Any] = {"confirm": "mirror", "confirm_timeout": 60}
"""Where the stream is broken, an operation has no reason to wait as long as it was allowed to."""


@pytest.fixture(scope="module")
def rig() -> Iterator[LoadProcess]:
    """A network with short delays, and a driver."""
    running = LoadProcess("--consensus-delay", "0.1", "--mirror-lag", "0.05", "--throttles", "off")
    yield running
    running.close()


@pytest.fixture
def front(rig: LoadProcess) -> Iterator[MirrorFront]:
    made = MirrorFront(rig.network.mirror_grpc)
    yield made
    made.stop()


def through(rig: LoadProcess, address: str, *streams: dict[str, Any]) -> Outcome:
    """Do a job whose mirror stream is at an address."""
    return rig.do(*streams, network=rig.network.model_copy(update={"mirror_grpc": address}), settings=PATIENT)


def late(job: Outcome) -> list[float]:
    """Seconds by which each operation's time may be too long, where it may."""
    return [record["patience_s"] for record in job.records if record["patience_s"] > 0.5]


def test_a_dead_stream_costs_no_time_out(rig: LoadProcess) -> None:
    """With 60 s of patience, each of these took 60 s when REST was asked only at the end."""
    job = through(rig, "127.0.0.1:9", *[{"messages": 3}] * 4)
    assert job.outcomes() == {"succeeded": 12}
    assert max(record["phases_s"]["mirror"] for record in job.records) < 30
    (counts,) = [one for one in job.mirror_streams.values() if one["waits"]]
    assert counts["late"] == counts["waits"] == 12
    assert counts["ended"] > 0


def test_a_stream_that_freezes_in_the_middle(rig: LoadProcess, front: MirrorFront) -> None:
    front.freeze_after = 5
    job = through(rig, front.address, {"messages": 12})
    # Messages of earlier jobs count too: their topic is shared, so this stream freezes at once, or after some.
    assert job.outcomes() == {"succeeded": 12}
    assert max(record["phases_s"]["mirror"] for record in job.records) < 30
    (counts,) = [one for one in job.mirror_streams.values() if one["waits"]]
    assert counts["silent"] >= 1
    assert counts["opened"] >= 2
    assert counts["late"] > 0


def test_a_stream_that_is_well_leaves_no_mark(rig: LoadProcess, front: MirrorFront) -> None:
    job = through(rig, front.address, *[{"messages": 3}] * 4)
    assert job.outcomes() == {"succeeded": 12}
    (counts,) = [one for one in job.mirror_streams.values() if one["waits"]]
    assert (counts["late"], counts["skipped"], counts["silent"], counts["ended"]) == (0, 0, 0, 0)
    assert late(job) == []


def counts(**changes: float) -> dict[str, float]:
    """One topic's in one process."""
    well: dict[str, float] = dict.fromkeys(("ended", "silent", "skipped", "looks", "unanswered", "late"), 0)
    return well | {"opened": 1, "waits": 40, "late_s": 0.0} | changes


def test_numbers_of_all_processes_add_up_by_topic() -> None:
    found = mirror_streams([{"0.0.9": counts()}, {"0.0.9": counts(late=2, late_s=0.5), "0.0.8": counts()}, {}])
    assert [one["topic"] for one in found] == ["0.0.8", "0.0.9"]
    assert (found[1]["opened"], found[1]["waits"], found[1]["late_s"]) == (2, 80, 0.5)
    assert mirror_streams([]) == []


def test_streams_that_were_well_need_no_sentence() -> None:
    assert in_words(mirror_streams([{"0.0.9": counts()}])) == ""


def test_one_is_said_as_one() -> None:
    said = in_words(mirror_streams([{"0.0.9": counts(skipped=1)}]))
    assert said == "The mirror's streams were opened once; 1 message was left out."


def test_a_broken_stream_is_said_wherever_people_read(tmp_path: Path) -> None:
    report = sample_report(tmp_path, pairs=30)
    entries = mirror_streams([{"0.0.9": counts(opened=3, ended=1, silent=1, skipped=4, late=10, late_s=7.5)}])
    report["resilience"]["mirror_streams"] = entries
    said = (
        "The mirror's streams were opened 3 times; 1 ended; 1 fell silent; "
        "4 messages were left out. 10 of 40 waits for the mirror rest on asking over REST or on a stream opened "
        "again: they may be up to 0.75 s too long, on average."
    )
    assert in_words(entries) == said
    assert violations(report) == []
    assert said in render_console(report, "")
    assert "0.75 s too long" in render_markdown(report)
    assert "0.75 s too long" in render_html(report)
