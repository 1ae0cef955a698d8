"""Attempts at endpoints, counted and timed."""

from __future__ import annotations

from hedera_client.attempts import Attempts, by_subject, table
from hedera_client.findings import Finding


def test_attempts_are_counted_by_their_subject() -> None:
    """Times are of those that were well; each fault stands once."""
    findings = [
        Finding("node", True, 0.010, "ok"),
        Finding("relay", False, 9.0, "away"),
        Finding("node", False, 5.0, "refuses"),
        Finding("node", True, 0.030, "ok"),
        Finding("relay", False, 9.0, "away"),
    ]
    found = by_subject(findings)
    assert found == {"node": Attempts([0.010, 0.030], ["refuses"]), "relay": Attempts([], ["away", "away"])}
    assert (found["node"].count, found["relay"].success_rate, Attempts().success_rate) == (3, 0.0, 0.0)
    assert list(table(found)) == [
        "               well  least  median  longest",
        "node   2 of 3 (67%)  10 ms   20 ms    30 ms",
        "  FAILED 1 × refuses",
        "relay   0 of 2 (0%)      –       –        –",
        "  FAILED 2 × away",
    ]
