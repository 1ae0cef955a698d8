"""Attempts over time as the report has them."""

from __future__ import annotations

from reports.judge.attempts import attempts


def test_services_are_those_of_all_processes() -> None:
    """Guards are called after their process; the report adds processes up, in seconds since the start."""
    one = {"width": 1, "points": [[998, 1, 0, 1], [1_003, 4, 2, 3]]}
    hcs, mirror = attempts({"0/hcs": one, "1/hcs": one, "0/mirror": one}, 1_000.0)
    assert (hcs["service"], mirror["service"]) == ("hcs", "mirror")
    assert hcs["resolution_s"] == 1
    assert hcs["points"] == [
        {"t": 0.0, "first": 2, "further": 0, "most": 1},
        {"t": 3.0, "first": 8, "further": 4, "most": 3},
    ]
    assert mirror["points"][1] == {"t": 3.0, "first": 4, "further": 2, "most": 3}
