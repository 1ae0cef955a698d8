"""The head of a report: what was run, on what, by how many users, for how long and with which code, in every form."""

from __future__ import annotations

import copy
import html
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.render.console import render_console
from reports.render.head import Fact, facts, line, project, sentence
from reports.render.html import render_html
from reports.render.markdown import render_markdown
from reports.schema.published import violations
from tests.reports.sample import sample_report


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A report with everything in it."""
    return sample_report(tmp_path_factory.mktemp("run"), pairs=90, load_s=58.0)


def told(report: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """The entries of the head, with plain blanks."""
    return {fact.term: (fact.value.replace("\u00a0", " "), fact.besides) for fact in facts(report)}


def with_load(report: dict[str, Any], **load: Any) -> dict[str, Any]:
    """The same report with another load."""
    run = report["run"] | {"load": report["run"]["load"] | load}
    return report | {"run": run}


def test_the_head_says_what_was_run(report: dict[str, Any]) -> None:
    found = told(report)
    besides = "a simulation of Hedera on the same machine; 0.1 s to consensus, as configured"
    assert sentence(report) == (
        f"30 simulated users (19 HcsSubmitter, 11 OverheadUser) ran for 58 s on the embedded network ({besides}). "
        "Faults that were injected: BUSY 30 %."
    )
    assert found["Network"] == ("embedded network", besides)
    assert found["Users"] == ("30", "started at 10 per second")
    assert found["User classes"] == ("19 HcsSubmitter, 11 OverheadUser", "weights 5 : 3")
    assert found["Run time"] == ("58 s", "60 s asked for; then 2 s until what was under way had ended")
    assert found["Rate"][0] == "none asked for"
    assert found["Load from"] == ("1 process", "2 cores, 8.1 GB, Linux 6.1")
    assert found["Project"] == ("hedera-load 0.1.0", "revision 47ee47c0ffee, modified")
    assert found["Run with"][0] == "Python 3.11.7 · Locust 2.47.0 · hiero-sdk-python 0.3.0"
    assert found["Run at"][0].endswith(" UTC")


def test_every_form_has_it(report: dict[str, Any]) -> None:
    """HTML and Markdown have all entries; the terminal has the sentence, the code and the moment."""
    shown = html.unescape(render_html(report)).replace("\u00a0", " ")
    top = shown[shown.index('id="verdict"') : shown.index('id="overhead"')]
    assert top.index(sentence(report)) < top.index("<h1")
    markdown = render_markdown(report).replace("\\", "")
    for fact in facts(report):
        for words in filter(None, (fact.value.replace("\u00a0", " "), fact.besides)):
            assert words in top
            assert words in markdown
    console = render_console(report, "report.html")
    assert f"\n{sentence(report)}\n{line(report)}\n" in console
    assert "hedera-load 0.1.0, revision 47ee47c0ffee, modified · Python 3.11.7" in console


def test_fewer_users_than_were_asked_for_are_told_beside_them(report: dict[str, Any]) -> None:
    """A run that is over before all users are there has not had them."""
    short = with_load(report, users=1_000, users_there=30)
    assert sentence(short).startswith("30 simulated users (of 1,000 asked for: 19 HcsSubmitter")
    assert told(short)["Users"][0] == "30 of 1,000 asked for"


def test_a_rate_is_told_as_asked_and_kept(report: dict[str, Any]) -> None:
    kept = {"asked_per_s": 100.0, "kept_per_s": 10.7, "kept_percent": 10.7}
    run = report | {"run": report["run"] | {"rate": kept}}
    assert told(run)["Rate"][0] == "100/s asked, 10.7/s kept (10.7 %)"


def test_a_shape_has_no_spawn_rate_and_no_run_time(report: dict[str, Any]) -> None:
    shaped = with_load(report, shape="Steps", spawn_rate_per_s=None, run_time_s=None)
    assert told(shaped)["Users"] == ("30", "most at once, by the load shape Steps")
    assert told(shaped)["Run time"][1].startswith("by a load shape; then")
    assert told(with_load(report, run_time_s=None))["Run time"][1].startswith("until stopped; then")


def test_workers_are_told_apart_from_a_single_process(report: dict[str, Any]) -> None:
    led = copy.deepcopy(report)
    led["run"]["workers"] = 2
    led["resources"]["processes"] = [process | {"role": "worker"} for process in led["resources"]["processes"]]
    assert told(led)["Load from"][0] == "2 workers"


def test_a_baseline_that_nobody_did_is_not_told(report: dict[str, Any]) -> None:
    assert told(report)["Baseline"][0] == "sqlite"
    assert "Baseline" not in told(report | {"overhead": []})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "hedera-load 0.1.0, revision 47ee47c0ffee, modified"),
        ({"modified": False}, "hedera-load 0.1.0, revision 47ee47c0ffee"),
        ({"revision": "", "modified": None}, "hedera-load 0.1.0"),
    ],
)
def test_the_code_is_told_as_far_as_it_is_known(report: dict[str, Any], changes: dict[str, Any], words: str) -> None:
    run = report["run"] | {"project": report["run"]["project"] | changes}
    assert project(run) == words


def test_a_report_of_an_earlier_version_can_still_be_drawn(report: dict[str, Any]) -> None:
    """It says nothing of users and code, and what it says stands."""
    old = copy.deepcopy(report)
    for name in ("load", "project"):
        del old["run"][name]
    for name in ("words", "besides"):
        del old["run"]["network"][name]
    assert violations(old) == []
    assert sentence(old).startswith("Simulated users ran for 58 s on localnet.")
    assert not {"Users", "User classes", "Project"} & set(told(old))
    assert "localnet" in render_html(old) + render_markdown(old) + render_console(old, "")


@given(
    there=st.integers(0, 10_000),
    more=st.integers(0, 10_000),
    spawn_rate=st.none() | st.floats(0.01, 1e4),
    run_time=st.none() | st.floats(0.5, 1e6),
    shape=st.none() | st.just("Steps"),
    classes=st.lists(
        st.fixed_dictionaries(
            {
                "name": st.text(min_size=1, max_size=30),
                "weight": st.integers(0, 100) | st.floats(0.1, 9.9),
                "fixed_count": st.integers(0, 5),
                "users": st.integers(0, 10_000),
            }
        ),
        max_size=8,
    ),
)
def test_whatever_the_load_it_is_valid_and_told(
    report: dict[str, Any],
    there: int,
    more: int,
    spawn_rate: float | None,
    run_time: float | None,
    shape: str | None,
    classes: list[dict[str, Any]],
) -> None:
    """The schema takes it; no entry is empty; asked and there both stand where they differ, however many classes."""
    load = {"users": there + more, "users_there": there, "spawn_rate_per_s": spawn_rate, "run_time_s": run_time}
    made = with_load(report, **load, shape=shape, user_classes=classes)
    assert violations(made) == []
    found = {fact.term: fact for fact in facts(made)}
    assert all(isinstance(fact, Fact) and fact.value for fact in found.values())
    assert (f"{there + more:,} asked for" in found["Users"].value) == (more > 0)
    assert sentence(made).startswith(f"{there:,} simulated user")
    for one in classes:
        assert f"{one['users']:,}\u00a0{one['name']}" in found["User classes"].value


def test_names_of_user_classes_stay_text(tmp_path: Path) -> None:
    """A class is named by whoever wrote the locustfile; a name cannot become markup."""
    hostile = sample_report(tmp_path, pairs=0, text="<img src=x>")
    assert "HcsSubmitter<img src=x>" in sentence(hostile)
    assert "<img src=x" not in render_html(hostile)
    assert "<img" not in render_markdown(hostile)
