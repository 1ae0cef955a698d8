"""Whether the run passed: the checks, the exit code, and the one sentence that a reader sees first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any

from reports.judge.audit import doubt_of, integrity_faults
from reports.judge.overhead_words import summary


class ExitCode(IntEnum):
    """Exit codes of a run; part of the contract with other people's scripts."""

    PASSED = 0
    FAILED = 1
    AUDIT = 3
    INCONCLUSIVE = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that had to hold. `exit_code` is what the run ends with when it does not."""

    name: str
    passed: bool
    detail: str
    exit_code: ExitCode = ExitCode.FAILED

    def as_report(self) -> dict[str, Any]:
        """As an entry of `run.checks`."""
        return asdict(self) | {"exit_code": int(self.exit_code)}


def checks(accounting: Mapping[str, Any], audit: Mapping[str, Any], exceptions: Sequence[str]) -> list[Check]:
    """Judge a run.

    Args:
        accounting: The report's.
        audit: The report's.
        exceptions: Messages of exceptions that Locust caught in users.
    """
    return [
        _measured(accounting),
        _requests(accounting),
        _users(exceptions),
        Check(
            "accounting", accounting["balanced"], "; ".join(accounting["reasons"]) or "every operation is accounted for"
        ),
        _audit(audit),
        _integrity(audit),
    ]


def exit_code(results: Sequence[Check]) -> ExitCode:
    """The exit code of a run: broken integrity weighs most, then failures, then that nothing can be said."""
    failed = {check.exit_code for check in results if not check.passed}
    for code in (ExitCode.AUDIT, ExitCode.FAILED, ExitCode.INCONCLUSIVE):
        if code in failed:
            return code
    return ExitCode.PASSED


def headline(overhead: Sequence[Mapping[str, Any]], results: Sequence[Check]) -> str:
    """The answer to what Hedera costs; where no pairs were run, how the run went."""
    if overhead:
        return summary(overhead)
    failed = [check.name for check in results if not check.passed]
    if failed:
        return f"No baseline was run beside Hedera, so there is no overhead to tell; failed: {', '.join(failed)}."
    return "No baseline was run beside Hedera, so there is no overhead to tell; everything else passed."


def _measured(accounting: Mapping[str, Any]) -> Check:
    done = accounting["started"]
    detail = f"{done:,} operations were started" if done else "no operation was started, so nothing can be said"
    return Check("measured", bool(done), detail, ExitCode.INCONCLUSIVE)


def _requests(accounting: Mapping[str, Any]) -> Check:
    unsettled = accounting["unknown"] - accounting["stopped"]
    failed = accounting["failed"]
    if failed or unsettled:
        return Check("requests", False, f"{failed:,} operations failed and {unsettled:,} ended with an unknown fate")
    notes = [f"all {accounting['succeeded']:,} operations that ran to their end succeeded"]
    if accounting["rejected"]:
        notes.append(f"{accounting['rejected']:,} were never sent")
    if accounting["stopped"]:
        notes.append(f"{accounting['stopped']:,} were cut off by the end of the run")
    return Check("requests", True, "; ".join(notes))


def _users(exceptions: Sequence[str]) -> Check:
    if not exceptions:
        return Check("users", True, "no user raised an exception")
    return Check("users", False, f"{len(exceptions)} kinds of exception in users, first: {exceptions[0][:200]}")


def _audit(audit: Mapping[str, Any]) -> Check:
    doubt = doubt_of(audit)
    if doubt:
        return Check("audit", False, doubt, ExitCode.INCONCLUSIVE)
    return Check("audit", True, f"{sum(topic['rows'] for topic in audit['topics']):,} mirror rows were read")


def _integrity(audit: Mapping[str, Any]) -> Check:
    wrong = integrity_faults(audit)
    if wrong:
        return Check("integrity", False, "; ".join(wrong), ExitCode.AUDIT)
    seen = f"{audit['delivered']:,} of {audit['acknowledged']:,} acknowledged messages were seen exactly once"
    return Check("integrity", True, seen, ExitCode.AUDIT)
