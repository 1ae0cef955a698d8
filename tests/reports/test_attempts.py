"""Attempts over time as the report has them."""

from __future__ import annotations

from reports.judge.attempts import attempts, backoffs
from resilience.stats import Waited, bucket_of


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


def test_percentiles_of_back_offs_lie_between_their_extremes() -> None:
    """Buckets are 2 % wide; the smallest and the greatest are exact."""
    buckets = {str(bucket_of(0.225)): 6, str(bucket_of(0.275)): 4}
    (entry,) = backoffs({"1": Waited(count=10, seconds=2.5, min_s=0.225, max_s=0.275, buckets=buckets)}).values()
    assert entry["min_s"] == 0.225 <= entry["p50_s"] < 0.23
    assert 0.27 < entry["p90_s"] <= 0.275 == entry["max_s"]
