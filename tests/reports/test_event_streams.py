"""Live subscriptions in a report: one entry each, their breaks since the start of the run, and what is said of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hedera_client.event_stream import Break, EventCounts
from reports.judge.event_streams import event_streams
from reports.render.console import render_console
from reports.render.html import render_html
from reports.render.markdown import render_markdown
from reports.schema.published import violations
from reports.wording.event_streams import in_words
from tests.reports.sample import sample_report

BEGAN_AT = 1_795_500_000.0


def counts(delivered: int = 100, *breaks: Break, **changes: int) -> dict[str, Any]:
    """What a process publishes of one subscription."""
    counted = EventCounts()
    counted.delivered = counted.last_sequence = delivered
    counted.opened = 1 + len(breaks)
    counted.breaks.extend(breaks)
    for name, value in changes.items():
        setattr(counted, name, value)
    return counted.snapshot()


BREAKS = (Break(BEGAN_AT + 5, 0.5, 3, 0.1), Break(BEGAN_AT + 12, 8.25, 160, 0.2))


def test_one_entry_for_each_subscription() -> None:
    """Also where two processes hold one to the same topic: neither got the other's events."""
    found = event_streams([{"0.0.9": counts(5)}, {"0.0.8": counts(7, *BREAKS), "0.0.9": counts(6)}, {}], BEGAN_AT)
    assert [(one["topic"], one["delivered"]) for one in found] == [("0.0.8", 7), ("0.0.9", 5), ("0.0.9", 6)]
    assert found[0]["breaks"][1] == {"from_s": 12.0, "lasted_s": 8.25, "caught_up": 160, "catch_up_s": 0.2}
    assert event_streams([], BEGAN_AT) == []


def test_what_came_is_told() -> None:
    """And what did not, as an application would miss it."""
    assert in_words([]) == ""
    told = in_words(event_streams([{"0.0.9": counts(1_200)}], BEGAN_AT))
    assert told == (
        "Live subscriptions brought 1,200 events: 0 left out, 0 out of order, 0 twice. They were never interrupted."
    )
    broken = counts(100, *BREAKS, skipped=3, disordered=1, repeated=4)
    told = in_words(event_streams([{"0.0.9": broken}], BEGAN_AT))
    assert told == (
        "Live subscriptions brought 100 events: 2 left out, 1 out of order, 4 twice. They were interrupted 2 times, "
        "for 8.25 s at most; 163 events were caught up, within 0.2 s of the stream's return."
    )


def test_every_form_of_the_report_has_it(tmp_path: Path) -> None:
    """And reports without any say nothing."""
    report = sample_report(tmp_path)
    assert "Live subscriptions" not in render_console(report, "report.html") + render_markdown(report)
    assert "Live subscriptions" not in render_html(report)
    report["resilience"]["event_streams"] = event_streams([{"0.0.9": counts(100, *BREAKS)}], BEGAN_AT)
    assert violations(report) == []
    for text in (render_console(report, "report.html"), render_markdown(report), render_html(report)):
        assert "163 events were caught up" in text
    assert "interrupted at 12.0 s for 8.25 s; 160 events caught up in 0.20 s" in render_html(report)
