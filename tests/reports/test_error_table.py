"""The report's table of errors: one line for each group of the measurements."""

from __future__ import annotations

from reports.judge.errors import errors
from reports.measure.errors import ErrorGroup, GroupKey
from reports.measure.keys import OperationKey

BEGAN = 1_795_500_000.0
SUBMIT = OperationKey("hcs.submit")


def group(key: OperationKey, status: str, message: str = "", phase: str = "") -> GroupKey:
    """The key of a group of failed operations."""
    return key, "failed", status, message, phase


def test_a_group_is_a_line() -> None:
    """Instants are seconds since the start, none before it; what is not known is null."""
    hedera = OperationKey("audit-event", "hedera", "receipt")
    found = errors(
        {
            group(hedera, "RATE_LIMITED", "no token", "limiter"): ErrorGroup(5, BEGAN + 1.23456, BEGAN + 9.5),
            group(SUBMIT, "NEVER_HEARD_OF"): ErrorGroup(2, BEGAN - 0.4, BEGAN - 0.1),
        },
        BEGAN,
    )
    assert found == [
        {
            "operation": "audit-event",
            "arm": "hedera",
            "outcome": "failed",
            "status": "RATE_LIMITED",
            "message": "no token",
            "phase": "limiter",
            "count": 5,
            "first_s": 1.235,
            "last_s": 9.5,
            "cause": "The limiter on our side (--rate-limit, --concurrency) said wait, and there was no queue to wait "
            "in (--queue).",
        },
        {
            "operation": "hcs.submit",
            "arm": None,
            "outcome": "failed",
            "status": "NEVER_HEARD_OF",
            "message": "",
            "phase": None,
            "count": 2,
            "first_s": 0.0,
            "last_s": 0.0,
            "cause": None,
        },
    ]


def test_the_most_frequent_stands_first() -> None:
    """Then by operation, status and message."""
    store = OperationKey("hfs.store")
    groups = {
        group(store, "BUSY", "node 3"): ErrorGroup(1, BEGAN, BEGAN),
        group(SUBMIT, "UNAVAILABLE", "node 3"): ErrorGroup(1, BEGAN, BEGAN),
        group(SUBMIT, "BUSY", "node 4"): ErrorGroup(1, BEGAN, BEGAN),
        group(SUBMIT, "BUSY", "node 3"): ErrorGroup(1, BEGAN, BEGAN),
        group(store, "UNAVAILABLE", "node 3"): ErrorGroup(2, BEGAN, BEGAN),
    }
    assert [(line["operation"], line["status"], line["message"]) for line in errors(groups, BEGAN)] == [
        ("hfs.store", "UNAVAILABLE", "node 3"),
        ("hcs.submit", "BUSY", "node 3"),
        ("hcs.submit", "BUSY", "node 4"),
        ("hcs.submit", "UNAVAILABLE", "node 3"),
        ("hfs.store", "BUSY", "node 3"),
    ]
