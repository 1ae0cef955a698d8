"""The details of the checks, in words: phrases without a full stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from reports.schema.accounting import Account, Accounting
from reports.schema.audit import Audit
from reports.schema.operations import Operation
from reports.schema.overhead import Overhead
from reports.schema.parts import Side
from reports.schema.run import Rate
from reports.wording.failures import KindOfFailure, failed_most
from reports.wording.phrases import counted
from reports.wording.rate import in_words

NO_EXCEPTION: Final = "no user raised an exception"
ALL_ACCOUNTED_FOR: Final = "every operation is accounted for"

_ENDS: Final[Mapping[str, str]] = {
    "failed": "failed",
    "unknown": "without a known outcome",
    "rejected": "never sent",
}


def measured(started: int) -> str:
    """Whether anything was done."""
    told = counted(started, "operation was started", "operations were started")
    return told if started else "no operation was started, so nothing can be said"


def failed(number: int, unsettled: int, kinds: Sequence[KindOfFailure]) -> str:
    """That requests failed, and which most of all."""
    most = f": {failed_most(kinds).rstrip('.')}" if kinds else ""
    return f"{counted(number, 'operation', 'operations')} failed and {unsettled:,} ended with an unknown fate{most}"


def succeeded(accounting: Accounting) -> str:
    """That all requests that were sent succeeded."""
    done = accounting["succeeded"]
    notes = [f"all {done:,} operations that ran to their end succeeded" if done != 1 else "the one operation succeeded"]
    if accounting["rejected"]:
        notes.append(counted(accounting["rejected"], "was never sent", "were never sent"))
    stopped = accounting["stopped"] + accounting["stopped_reads"]
    if stopped:
        notes.append(counted(stopped, "was cut off by the end of the run", "were cut off by the end of the run"))
    return "; ".join(notes)


def enough(least: float) -> str:
    """That enough of every kind of operation succeeded."""
    return f"at least {least:.0%} of every kind of operation succeeded"


def too_few(entry: Operation, others: Mapping[str, int]) -> str:
    """That too few operations of a kind succeeded, and how many of the others ended how, the most frequent first."""
    done = entry["succeeded"]
    ended = ", ".join(f"{number:,} {_ENDS[outcome]}" for outcome, number in others.items())
    kind = _kind(entry["name"], entry["arm"], entry.get("confirm"))
    return f"{f'{done:,}' if done else 'none'} of {entry['started']:,} {kind} succeeded ({ended})"


def too_few_started(account: Account) -> str:
    """That too few operations of a kind were started when they were due."""
    return (
        f"{account['succeeded']:,} of the {account['scheduled']:,} {_kind(account['name'], account['arm'])} that were "
        f"due succeeded, and {account['shed']:,} were never started"
    )


def more_kinds(number: int) -> str:
    """That further kinds of operation fell short."""
    return f"and the like of {counted(number, 'more kind', 'more kinds')} of operation"


def rate_kept(kept: Rate) -> str:
    """The rate that was asked for and kept."""
    return in_words(kept)


def rate_not_kept(kept: Rate, least_percent: float) -> str:
    """That less of it was kept than has to be."""
    return f"{in_words(kept)}, less than {least_percent:g} % (--least-rate)"


def compared(told: int, comparisons: int) -> str:
    """How many comparisons have an answer."""
    return f"{told} of {counted(comparisons, 'comparison has', 'comparisons have')} an answer"


def not_compared(first: Overhead) -> str:
    """Why no comparison has one."""
    return first["verdict"].rstrip(".")


def exceptions(messages: Sequence[str]) -> str:
    """What users raised; at least one."""
    return f"{counted(len(messages), 'kind', 'kinds')} of exception in users, first: {messages[0][:200]}"


def read(audit: Audit) -> str:
    """That the mirror was read."""
    return f"{sum(topic['rows'] for topic in audit['topics']):,} mirror rows were read"


def seen(audit: Audit) -> str:
    """How many messages were seen exactly once."""
    return f"{audit['delivered']:,} of {audit['acknowledged']:,} acknowledged messages were seen exactly once"


def not_written(reason: str) -> str:
    """That the run's journal is not whole."""
    return f"not all of it could be written: {reason}"


def _kind(name: str, arm: Side, confirm: str | None = None) -> str:
    return f"{name}{f' [{arm}]' if arm else ''}{f' at level {confirm}' if confirm else ''}"
