"""What is said per second, drawn over time and printed side by side is what a careful reader takes it for."""

from __future__ import annotations

import configparser
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.settings import RunSettings
from hedera_users.hcs_submitter import HcsSubmitter
from hedera_users.model_storer import ModelStorer
from hedera_users.overhead_user import OverheadUser
from reports.collect.collector import Sender
from reports.judge.overhead import FEWEST
from reports.judge.report import load_seconds
from reports.render.charts import chart_data
from reports.render.console import render_console
from reports.render.files import write_report
from reports.render.html import render_html
from reports.render.markdown import render_markdown
from reports.render.plots import over_time
from reports.render.views import namer, phases
from reports.render.words import length
from reports.schema.published import violations
from reports.wording.answers import CAPACITY
from tests.reports.browser import Browser, browser
from tests.reports.sample import sample_report

ROOT = Path(__file__).resolve().parents[2]

with_chromium = pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium: apt-get install chromium")


def sender(**sources: Any) -> Sender:
    return Sender("one", sources=sources)


def test_rates_are_per_second_of_load(tmp_path: Path) -> None:
    """30 s were run and 36 s had passed when all was done: rates were divided by 36."""
    report = sample_report(tmp_path, pairs=90, load_s=50)
    assert violations(report) == []
    assert (report["run"]["load_s"], report["run"]["duration_s"]) == (50, 60)
    for entry in report["operations"]:
        assert entry["throughput_per_s"] == pytest.approx(entry["succeeded"] / 50)


def test_whatever_is_said_per_second_is_per_second_of_load(tmp_path: Path) -> None:
    """Operations of both arms, their bytes, and the sentence of how much was done; counts stay what they are."""
    for name in ("whole", "drained"):
        (tmp_path / name).mkdir()
    whole, drained = (
        sample_report(tmp_path / "whole", pairs=90),
        sample_report(tmp_path / "drained", pairs=90, load_s=40),
    )
    assert {entry["arm"] for entry in drained["operations"]} >= {"baseline", "hedera"}
    for one, other in zip(whole["operations"], drained["operations"], strict=True):
        assert one["succeeded"] == other["succeeded"] > 0
        for rate in ("throughput_per_s", "bytes_per_s"):
            assert other[rate] == pytest.approx(one[rate] * 60 / 40)
    events = sum(
        one["succeeded"] for one in drained["operations"] if (one["name"], one["arm"]) == ("audit-event", "hedera")
    )
    (said,) = [one["answer"] for one in drained["run"]["answers"] if one["question"] == CAPACITY]
    assert said.startswith(f"{events / 40:.3g} audit events and "), said


def test_both_lengths_are_said(tmp_path: Path) -> None:
    report = sample_report(tmp_path, pairs=90, load_s=50)
    assert "50 s, and 10 s more until what was under way had ended" in render_console(report, "")
    for page in (render_markdown(report), render_html(report)):
        shown = page.replace("\N{NO-BREAK SPACE}", " ")
        assert "ran for 50 s" in shown
        assert "then 10 s until what was under way had ended" in shown


def test_a_run_whose_load_ended_it_has_one_length() -> None:
    assert length({"duration_s": 60.0, "load_s": 59.8}) == "60 s"
    assert length({"duration_s": 60.0}) == "60 s", "a report of an earlier version"


@pytest.mark.parametrize(
    ("senders", "load_s"),
    [
        ([], 60.0),
        ([sender()], 60.0),
        ([sender(load={})], 60.0),
        ([sender(load={"ended_at": 130.0}), sender(load={"ended_at": 131.0}), sender()], 31.0),
        ([sender(load={"ended_at": 900.0})], 60.0),
        ([sender(load={"ended_at": 50.0})], 60.0),
    ],
    ids=["nobody", "silent", "never asked to stop", "the last counts", "after the end", "before the beginning"],
)
def test_how_long_the_load_was(senders: list[Sender], load_s: float) -> None:
    assert load_seconds(senders, began_at=100.0, duration_s=60.0) == load_s


def test_there_is_no_0_on_a_logarithmic_axis(tmp_path: Path) -> None:
    """The sentence under the intervals speaks of the axis that is drawn."""
    report = sample_report(tmp_path)
    assert chart_data(report, namer(report))["intervals_log"]
    assert "Above 0" not in render_html(report)
    for entry in report["overhead"]:
        if entry["absolute_ms"]["ci95"]:
            entry["absolute_ms"]["ci95"][0] = -1.0
    assert not chart_data(report, namer(report))["intervals_log"]
    assert "Above 0" in render_html(report)


@pytest.mark.parametrize(
    ("low", "high", "logarithmic"),
    [(0.0, 5000.0, False), (-5000.0, -1.0, False), (100.0, 2000.0, False), (0.5, 5000.0, True)],
    ids=["touches 0", "saves", "close together", "decades apart"],
)
def test_the_sentence_below_the_intervals_is_that_of_their_axis(
    tmp_path: Path, low: float, high: float, logarithmic: bool
) -> None:
    """A logarithmic axis shows nothing at 0 and below; it is taken only where a linear one shows too little."""
    report = sample_report(tmp_path, pairs=90)
    for entry in report["overhead"]:
        entry["absolute_ms"] |= {"estimate": (low + high) / 2, "ci95": [low, high]}
    assert chart_data(report, namer(report))["intervals_log"] is logarithmic
    page = render_html(report)
    assert ("Above 0" in page, "ten times the one before" in page) == (not logarithmic, logarithmic)


@pytest.mark.parametrize("segments", [True, False], ids=["segments", "phases only"])
@pytest.mark.parametrize("beside_ms", [1.0, 40.0, 5000.0])
def test_what_is_stacked_adds_up_to_the_whole(tmp_path: Path, segments: bool, beside_ms: float) -> None:
    """Whatever runs beside the phases, and however long, is no part of a bar; nor in reports of an earlier version."""
    report = sample_report(tmp_path, pairs=90)
    for entry in report["operations"]:
        if not segments:
            entry["segments_ms"] = {}
        if entry["phases_ms"].get("ack"):
            entry["phases_ms"]["consensus"] = entry["phases_ms"]["ack"] | {"mean": beside_ms}
    rows = phases(report, namer(report))["rows"]
    assert any(row["consensus"] == beside_ms for row in rows)
    for row in rows:
        assert "consensus" not in row["stack"]
        assert sum(row["stack"].values()) == pytest.approx(row["total"], rel=0.02)


def test_phases_that_overlap_are_marked(tmp_path: Path) -> None:
    """The time to the consensus timestamp stood among the phases as if it were one more part of the sum."""
    report = sample_report(tmp_path, pairs=90)
    assert "timestamped*" not in render_html(report)
    entry = next(one for one in report["operations"] if one["phases_ms"].get("receipt"))
    entry["phases_ms"]["consensus"] = entry["phases_ms"]["receipt"]
    page = render_html(report)
    assert "timestamped*" in page
    assert "is no part of the sum" in page


def test_the_demo_run_answers_its_own_question() -> None:
    """Pairs that `make load` makes, by the time that each takes on the embedded network: enough for what it shows."""
    words = configparser.ConfigParser()
    words.read_string("[profile]\n" + (ROOT / "config" / "profiles" / "quick.conf").read_text())
    profile = words["profile"]
    weights = {one: one.weight for one in (OverheadUser, HcsSubmitter, ModelStorer)}
    users = int(profile["users"]) * weights[OverheadUser] / sum(weights.values())
    load_s = int(profile["run-time"].removesuffix("s")) - int(profile["users"]) / int(profile["spawn-rate"]) / 2
    thinks_s = RunSettings().think_time
    a_receipt_s = RunSettings().localnet_consensus_delay
    # Nine pairs of audit-event, one transaction each, to one of store-model, which are four.
    round_s = 9 * (a_receipt_s + thinks_s) + (4 * a_receipt_s + thinks_s)
    rounds = users * load_s / (1.1 * round_s)  # a tenth more than the bare waits
    assert 9 * rounds >= FEWEST["p95"]
    assert rounds >= FEWEST["p50"] * 0.9
    assert load_s < 60


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests."""
    with browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.mark.parametrize(
    ("resolution_s", "measured", "drawn", "dots"),
    [
        (1, {0: 5.0, 1: 5.0, 20: 5.0}, [[0, 1], [20]], [20]),
        (1, {0: 5.0, 1: None, 2: 5.0}, [[0], [2]], [0, 2]),
        (10, {0: 5.0, 10: 6.0, 40: 7.0}, [[0, 10], [40]], [40]),
    ],
    ids=["seconds without data", "a second of failures", "tens of seconds"],
)
def test_a_line_has_a_hole_wherever_nothing_was_measured(
    tmp_path: Path, resolution_s: int, measured: dict[int, float | None], drawn: list[list[float]], dots: list[float]
) -> None:
    """Also where operations only failed, which have no response time, and in the wider steps of a long run."""
    report = sample_report(tmp_path, pairs=90, load_s=50)
    series = report["timeline"]["series"][0]
    points = [series["points"][0] | {"t": t, "p50_ms": value} for t, value in measured.items()]
    report["timeline"] |= {"series": [series | {"points": points}], "resolution_s": resolution_s}
    plot = over_time.timeline(chart_data(report, namer(report)))
    panel = next(one for one in plot.panels if one.title.startswith("milliseconds"))
    end = report["run"]["duration_s"]
    (line,) = [times_of(shape.path, end) for shape in panel.shapes if shape.kind == "line"]
    assert line == drawn
    alone = [time for shape in panel.shapes if shape.kind == "dots" for time in times_of(shape.path, end)]
    assert sorted({time for stretch in alone for time in stretch}) == dots


def times_of(path: str, end: float) -> list[list[float]]:
    """The seconds at which each unbroken stretch of a path has a corner."""
    stretches = [re.findall(r"(?:^|[ML])([\d.]+) [\d.]+", part) for part in re.split("(?=M)", path) if part]
    return [[round(float(x) / 1000 * end) for x in stretch] for stretch in stretches]


@with_chromium
def test_the_end_of_the_load_is_drawn(chromium: Browser, tmp_path: Path) -> None:
    report = sample_report(tmp_path, pairs=90, load_s=50)
    assert write_report(tmp_path, report) == []
    assert chromium.open(tmp_path / "report.html", 1440).errors == []
    bands = "[...document.querySelectorAll('[data-chart=timeline] .band.muted')].map(one => one.getAttribute('d'))"
    assert [[50, 60, 60, 50]] in [times_of(path, 60) for path in chromium.evaluate(bands)]
    assert "users had been asked to stop" in chromium.evaluate("document.querySelector('#timeline').innerText")
