"""What a process that died owed is named, counted as due, and missed in the rate; people read what landed of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.collect.collector import Sender, Sequence
from reports.judge.accounting import account
from reports.judge.dead_workers import Schedule, debts
from reports.judge.limits import limit
from reports.judge.rate import rate
from reports.render.console import render_console
from reports.render.html import render_html
from reports.render.markdown import render_markdown
from reports.schema.published import violations
from tests.reports.sample import sample_report

BEGAN, ENDED = 1_000.0, 1_040.0


def sender(
    name: str, until: float | None, *, complete: bool, due: int = 0, waiting: int = 0, flying: int = 0
) -> Sender:
    """A process whose latest report is of `until`; None for one that never said a word."""
    one = Sender(name)
    if until is not None:
        one.seen, one.last_sequence, one.final = Sequence(1), 1, complete
        begun = due - waiting
        one.totals = {"hcs.submit|": {"succeeded": begun - flying}}
        one.received = one.totals
        one.sources = {
            "operation_counts": {"hcs.submit|": {"scheduled": begun, "shed": 0, "started": begun, "in_flight": flying}},
            "arrivals": {
                "due": due,
                "started": begun,
                "shed": 0,
                "waiting": waiting,
                "latest_s": 0.0,
                "late": {"no_user": 0, "process": 0},
                "since": BEGAN,
                "until": until,
            },
        }
    return one


def one_of_three_died() -> list[Sender]:
    """30 a second for 40 s over three; the third was last heard after 11.2 s."""
    lived = [sender(name, ENDED, complete=True, due=400) for name in ("a", "b")]
    return [*lived, sender("c", BEGAN + 11.2, complete=False, due=112, waiting=2, flying=3)]


def test_what_a_dead_worker_owed_is_due_and_named() -> None:
    """912 were told, 1,200 were asked: the 288 of its share are due, named by its name, and not kept."""
    accounting = account(one_of_three_died(), {}, Schedule(30.0, 3, ENDED))
    came = accounting["arrivals"]
    assert (came["due"], came["started"], came["unreported"]) == (1_200, 910, 290)
    assert came["due"] == came["started"] + came["shed"] + came["unreported"]
    assert accounting["dead_workers"] == [{"name": "c", "due": 288, "waiting": 2, "in_flight": 3}]
    assert accounting["reasons"][0] == (
        "c: its last data never arrived; about 288 operations of its share were due after its last report, 2 waited "
        "for a user and 3 under way at its last report: what became of them is missing"
    )
    kept = rate(30.0, came)
    assert kept is not None
    assert (kept["kept_per_s"], kept["kept_percent"]) == (22.75, 75.83)


def test_a_worker_that_never_said_a_word_owed_its_whole_share() -> None:
    """It was there when the run began, so its share was asked for."""
    senders = [*one_of_three_died()[:2], sender("c", None, complete=False)]
    accounting = account(senders, {}, Schedule(30.0, 3, ENDED))
    assert accounting["arrivals"]["due"] == 1_200
    assert accounting["dead_workers"][0]["due"] == 400


def test_a_share_that_was_taken_over_is_not_owed_twice() -> None:
    """A worker that joined late makes the dead one's share up from when it came: the rest is owed."""
    late = sender("d", ENDED, complete=True, due=250)
    late.sources["arrivals"]["since"] = BEGAN + 15.0
    accounting = account([*one_of_three_died(), late], {}, Schedule(30.0, 3, ENDED))
    assert (accounting["arrivals"]["due"], accounting["dead_workers"][0]["due"]) == (1_200, 38)


def test_what_is_due_of_one_that_left_in_good_order_is_not_kept() -> None:
    """20 a second for 40 s over two; one is told to leave after 10 s, and all that it did is known."""
    senders = [sender("a", ENDED, complete=True, due=400), sender("b", BEGAN + 10, complete=True, due=100)]
    accounting = account(senders, {}, Schedule(20.0, 2, ENDED))
    came = accounting["arrivals"]
    assert (came["due"], came["started"], came["unreported"]) == (800, 500, 300)
    assert accounting["dead_workers"] == []
    kept = rate(20.0, came)
    assert kept is not None
    assert kept["kept_percent"] == 62.5


def test_one_that_stands_in_for_one_that_left_keeps_its_share() -> None:
    """What was told by all is all that was asked for."""
    senders = [sender("a", ENDED, complete=True, due=400), sender("b", BEGAN + 10, complete=True, due=100)]
    late = sender("c", ENDED, complete=True, due=300)
    late.sources["arrivals"]["since"] = BEGAN + 10.0
    came = account([*senders, late], {}, Schedule(20.0, 2, ENDED))["arrivals"]
    assert (came["due"], came["unreported"]) == (800, 0)


def test_who_left_and_who_died_owe_no_more_than_was_asked() -> None:
    """A third has made some of both shares."""
    left = sender("b", BEGAN + 10, complete=True, due=100)
    died = sender("c", BEGAN + 20, complete=False, due=200)
    late = sender("d", ENDED, complete=True, due=500)
    senders = [sender("a", ENDED, complete=True, due=400), left, died, late]
    came = account(senders, {}, Schedule(30.0, 3, ENDED))["arrivals"]
    assert came["due"] == 1_200
    assert came["due"] == came["started"] + came["shed"] + came["unreported"]


def test_those_that_stop_at_the_end_have_not_left() -> None:
    """Some hear of it a little later than others."""
    senders = [sender("a", ENDED, complete=True, due=400), sender("b", ENDED - 1.5, complete=True, due=385)]
    came = account(senders, {}, Schedule(20.0, 2, ENDED))["arrivals"]
    assert (came["due"], came["unreported"]) == (785, 0)


def test_where_all_died_the_end_of_the_run_is_the_last_that_is_known() -> None:
    """Nobody lived to say when it ended."""
    senders = [sender("a", 1_010.0, complete=False, due=50), sender("b", 1_020.0, complete=False, due=100)]
    owed = debts(senders, Schedule(10.0, 2, 1_030.0))
    assert [debt.due for debt in owed] == [100, 50]


@pytest.mark.parametrize("idle", [1, 2])
def test_the_share_of_a_worker_without_a_user_is_due_and_not_kept(idle: int) -> None:
    """30 a second for 40 s over three, of which some had no user: nobody was there to count what fell due."""
    lived = [sender(name, ENDED, complete=True, due=400) for name in ("a", "b", "c")[idle:]]
    empty = [sender(f"idle-{number}", ENDED, complete=True) for number in range(idle)]
    for one in empty:
        one.sources["arrivals"]["since"] = None
    accounting = account([*empty, *lived], {}, Schedule(30.0, 3, ENDED))
    came = accounting["arrivals"]
    assert (came["due"], came["shed"], came["idle"]) == (1_200, 400 * idle, 400 * idle)
    assert came["due"] == came["started"] + came["shed"] + came["unreported"]
    kept = rate(30.0, came)
    assert kept is not None
    assert kept["kept_percent"] == pytest.approx(100 * (3 - idle) / 3, abs=0.01)
    found = limit(
        {
            "accounting": accounting,
            "resources": {"processes": []},
            "resilience": {"retries": {"by_status": {}}, "breakers": []},
            "errors": [],
            "operations": [],
        }
    )
    assert found["by"] == "generator"
    assert "share of processes that had no user" in found["sentence"]


def test_where_no_process_had_begun_nothing_is_owed() -> None:
    """The run was over before all users were there: there is no time in which anything was due."""
    early = [sender(name, ENDED, complete=True) for name in ("a", "b")]
    for one in early:
        one.sources["arrivals"]["since"] = None
    assert account(early, {}, Schedule(30.0, 2, ENDED))["arrivals"]["due"] == 0


def test_in_a_closed_model_nothing_was_due() -> None:
    """What it had under way is named all the same."""
    dead = sender("c", BEGAN + 5, complete=False, due=10, flying=4)
    del dead.sources["arrivals"]
    accounting = account([dead], {}, Schedule(0.0, 1, ENDED))
    assert (accounting["arrivals"], accounting["dead_workers"][0]["due"]) == (None, 0)
    assert accounting["reasons"][0].startswith("c: its last data never arrived")
    assert "4 under way at its last report" in accounting["reasons"][0]


@given(
    workers=st.integers(1, 8),
    rate_per_s=st.floats(1, 500),
    died=st.dictionaries(st.integers(0, 7), st.floats(0, 60)),
)
def test_due_is_what_was_asked(workers: int, rate_per_s: float, died: dict[int, float]) -> None:
    """Whoever dies, and whenever: due is the rate times the time, give or take a rounding for each process."""
    ended = BEGAN + 60
    senders = []
    for index in range(workers):
        until = BEGAN + died.get(index, 60)
        due = round(rate_per_s / workers * (until - BEGAN))
        senders.append(sender(str(index), until, complete=index not in died, due=due))
    came = account(senders, {}, Schedule(rate_per_s, workers, ended))["arrivals"]
    assert came["due"] == pytest.approx(rate_per_s * 60, abs=workers + 1)
    assert came["due"] == came["started"] + came["shed"] + came["unreported"]


def with_dead_worker(tmp_path: Path) -> dict[str, Any]:
    """A report of a run that lost a worker."""
    report = sample_report(tmp_path)
    told = account(one_of_three_died(), {}, Schedule(30.0, 3, ENDED))
    report["accounting"] |= {
        name: told[name] for name in ("arrivals", "dead_workers", "reasons", "balanced", "incomplete_workers")
    }
    check = next(check for check in report["run"]["checks"] if check["name"] == "accounting")
    check |= {"passed": False, "detail": "; ".join(told["reasons"])}
    report["audit"]["of_unreported_senders"] = 32
    assert violations(report) == []
    return report


@pytest.mark.parametrize("render", [render_html, render_markdown, lambda report: render_console(report, "x.html")])
def test_people_read_of_it(tmp_path: Path, render: Any) -> None:
    """HTML, Markdown and the terminal name the worker, what it owed, and what the mirror shows of the dead."""
    shown = " ".join(render(with_dead_worker(tmp_path)).split())
    assert "about 288 operations of its share were due after its last report" in shown
    assert "32 more messages are on the mirror whose senders died before they were told of" in shown


def test_the_starts_name_what_nobody_can_tell(tmp_path: Path) -> None:
    """The section of starts adds up for who reads it."""
    shown = " ".join(render_html(with_dead_worker(tmp_path)).split())
    assert "1,200 operations were due by the schedule; 910 were started and 0 shed" in shown
    assert "290 were due to processes that died" in shown
