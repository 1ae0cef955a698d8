"""What of the times is our own looking: carried from the record to where people read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from records.operation import OperationRecord, Outcome
from reports.measure.measurements import Measurements
from reports.render.console import render_console
from reports.render.html import render_html
from reports.render.markdown import render_markdown
from reports.wording.patience import in_words
from tests.reports.sample import sample_report


def measured(*patience_s: float) -> Measurements:
    """Operations of half a second each."""
    found = Measurements(0.0)
    for one in patience_s:
        found.record(OperationRecord("hcs.submit", latency_s=0.5, outcome=Outcome.SUCCEEDED, patience_s=one))
    return found


def entry(**changes: Any) -> dict[str, Any]:
    base = {"name": "hcs.submit", "confirm": "receipt", "succeeded": 10, "noticed_late": 10}
    return base | {"latency_ms": {"mean": 502.0}, "patience_ms": {"mean": 250.0, "p95": 251.0}} | changes


def test_it_travels_between_processes() -> None:
    """A worker's dump is added to the master's; one of an earlier version has none."""
    total = measured(0.25)
    total.merge_dump(measured(0.25, 0.0, 0.5).dump())
    (measure,) = total.operations.values()
    assert (measure.patience.count, measure.latency.count) == (3, 4)
    old = measured(0.25).dump()
    for fields in old["operations"].values():
        del fields["distributions"]["patience"]
    total.merge_dump(old)
    assert (measure.patience.count, measure.latency.count) == (3, 5)


def test_polling_that_matters_is_said() -> None:
    """The case in which consensus at 301 ms was told as 502 ms."""
    (said,) = in_words([entry()])
    assert said.startswith("hcs.submit (receipt): up to 50 % of its mean latency is our own waiting between two looks")
    assert said.endswith("A shorter --receipt-interval looks more closely, with more calls.")
    for confirm in ("mirror", None):
        (said,) = in_words([entry(confirm=confirm)])
        assert "--receipt-interval" not in said, "which has nothing to do with looking at the mirror"


def test_what_does_not_matter_is_not() -> None:
    assert in_words([entry(patience_ms={"mean": 2.0, "p95": 3.0}), entry(patience_ms=None)]) == []
    assert in_words([entry(noticed_late=0)]) == []


def test_it_is_shared_out_over_all_that_succeeded() -> None:
    (said,) = in_words([entry(noticed_late=4)])
    assert "up to 20 %" in said


def test_it_stands_in_every_form_of_the_report(tmp_path: Path) -> None:
    report = sample_report(tmp_path, pairs=30)
    assert "our own waiting" not in render_console(report, "")
    one = next(entry for entry in report["operations"] if entry["latency_ms"])
    one.update(patience_ms=dict(one["latency_ms"]), noticed_late=one["succeeded"])
    for rendered in (render_console(report, ""), render_markdown(report), render_html(report)):
        assert "our own waiting between two looks" in rendered
