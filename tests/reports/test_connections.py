"""What became of the connections to the nodes, over all processes, and in a sentence where it needs one."""

from __future__ import annotations

from pathlib import Path

from reports.judge.connections import connections
from reports.render.html import render_html
from reports.wording.connections import in_words
from tests.reports.sample import QUIET_CONNECTIONS, sample_report


def counts(**changes: float) -> dict[str, float]:
    """One node's in one process."""
    return QUIET_CONNECTIONS | changes


def test_numbers_of_all_processes_add_up_by_node() -> None:
    """In the order of the nodes' numbers, not of their texts."""
    found = connections(
        [
            {"0.0.10": counts(opened=2, waited_s=0.25), "0.0.9": counts(opened=1)},
            {"0.0.10": counts(opened=3, waited_s=0.5, most_open=3)},
            {},
        ]
    )
    assert [one["node"] for one in found] == ["0.0.9", "0.0.10"]
    assert (found[1]["opened"], found[1]["most_open"], found[1]["waited_s"]) == (5, 4, 0.75)
    assert connections([]) == []


def test_a_quiet_run_needs_no_sentence() -> None:
    assert in_words(connections([{"0.0.3": counts(opened=4)}])) == ""


def test_what_happened_is_said() -> None:
    """A restart of what stands before a node, as a reader wants to know of it."""
    found = connections([{"0.0.3": counts(opened=40, aged=12, lost=2, failed=3), "0.0.4": counts(opened=8, moved=17)}])
    assert in_words(found) == (
        "48 connections to nodes were opened; 12 replaced for their age, 2 lost with calls under way, "
        "3 could not be opened, 17 calls moved to another one before the node had seen them."
    )


def test_the_report_shows_them(tmp_path: Path) -> None:
    """A table per node; a report of an earlier version, which has none, is drawn without."""
    report = sample_report(tmp_path, pairs=30)
    report["resilience"]["connections"] = connections([{"0.0.3": counts(opened=1_234, aged=7)}])
    page = render_html(report)
    assert "<h3>Connections</h3>" in page
    assert "1,234" in page
    assert "7 replaced for their age" in page
    del report["resilience"]["connections"]
    assert "<h3>Connections</h3>" not in render_html(report)
