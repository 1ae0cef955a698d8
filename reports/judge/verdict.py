"""Whether the run passed: the checks, and the exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from config.exit_codes import ExitCode
from reports.judge.failures import kinds_of_failures
from reports.judge.success import LEAST_DONE, shortfalls
from reports.schema import run as schema
from reports.schema.accounting import Accounting
from reports.schema.audit import Audit
from reports.schema.operations import Operation
from reports.schema.overhead import Overhead
from reports.schema.report import Error
from reports.wording import checks as wording
from reports.wording import collisions
from reports.wording.audit import doubt_of, integrity_faults

MOST_SHORT: Final = 2
"""Kinds of operation that a check names; the table has them all."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that had to hold. `exit_code` is what the run ends with when it does not."""

    name: str
    passed: bool
    detail: str
    exit_code: ExitCode = ExitCode.FAILED

    def as_report(self) -> schema.Check:
        """As an entry of `run.checks`."""
        return {
            "name": self.name,
            "passed": self.passed,
            "detail": self.detail,
            "exit_code": int(self.exit_code),
        }


@dataclass(frozen=True, slots=True)
class KeptRate:
    """How much of the rate that was asked for was kept.

    Attributes:
        rate: The report's `run.rate`; None where no rate was asked for.
        least_percent: How much of it has to be kept.
        limit_by: Who was at the limit: the report's `run.limit.by`. Where that is the network, it is an answer that the
            rate could not be kept; elsewhere nothing can be said of the network.
    """

    rate: schema.Rate | None
    least_percent: float
    limit_by: schema.Limit


def checks(
    accounting: Accounting,
    audit: Audit,
    exceptions: Sequence[str],
    operations: Sequence[Operation],
    overhead: Sequence[Overhead],
    kept: KeptRate,
    errors: Sequence[Error] = (),
) -> list[Check]:
    """Judge a run.

    Args:
        accounting: The report's.
        audit: The report's.
        exceptions: Messages of exceptions that Locust caught in users.
        operations: The report's.
        overhead: The report's.
        kept: The rate that was asked for and kept.
        errors: The report's.
    """
    return [
        _measured(accounting),
        _requests(accounting, errors),
        _success(operations, accounting),
        *_rate(kept),
        *_overhead(overhead, operations),
        _users(exceptions),
        Check("accounting", accounting["balanced"], "; ".join(accounting["reasons"]) or wording.ALL_ACCOUNTED_FOR),
        _audit(audit),
        _integrity(audit),
        *_payers(audit, accounting),
    ]


def exit_code(results: Sequence[Check]) -> ExitCode:
    """The exit code of a run: broken integrity weighs most, then failures, then that nothing can be said."""
    return exit_code_of_checks([check.as_report() for check in results])


def exit_code_of_checks(results: Sequence[schema.Check]) -> ExitCode:
    """The same, of a report's `run.checks`."""
    failed = {check["exit_code"] for check in results if not check["passed"]}
    for code in (ExitCode.AUDIT, ExitCode.FAILED, ExitCode.INCONCLUSIVE):
        if code in failed:
            return code
    return ExitCode.PASSED


def exit_code_of(audit: Audit) -> int:
    """What an audit alone lets a command end with: 0 clean, 3 integrity broken, 5 nothing to be said of the network."""
    if integrity_faults(audit):
        return ExitCode.AUDIT
    return ExitCode.INCONCLUSIVE if doubt_of(audit) or audit.get("collided") else ExitCode.PASSED


def _measured(accounting: Accounting) -> Check:
    started = accounting["started"]
    return Check("measured", bool(started), wording.measured(started), ExitCode.INCONCLUSIVE)


def _requests(accounting: Accounting, errors: Sequence[Error]) -> Check:
    unsettled = accounting["unknown"] - accounting["stopped"]
    failed = accounting["failed"] - accounting["stopped_reads"]
    if failed or unsettled:
        return Check("requests", False, wording.failed(failed, unsettled, kinds_of_failures(errors)))
    return Check("requests", True, wording.succeeded(accounting))


def _success(operations: Sequence[Operation], accounting: Accounting) -> Check:
    short = shortfalls(operations, accounting)
    if not short:
        return Check("success", True, wording.enough(LEAST_DONE))
    code = ExitCode.FAILED if any(one.conclusive for one in short) else ExitCode.INCONCLUSIVE
    words = [one.words for one in short[:MOST_SHORT]]
    if len(short) > MOST_SHORT:
        words.append(wording.more_kinds(len(short) - MOST_SHORT))
    return Check("success", False, "; ".join(words), code)


def _rate(kept: KeptRate) -> list[Check]:
    """Whether the load that was asked for was made; nothing to check where no rate was asked for."""
    if kept.rate is None:
        return []
    if kept.rate["kept_percent"] >= kept.least_percent:
        return [Check("rate", True, wording.rate_kept(kept.rate))]
    code = ExitCode.FAILED if kept.limit_by == "network" else ExitCode.INCONCLUSIVE
    return [Check("rate", False, wording.rate_not_kept(kept.rate, kept.least_percent), code)]


def _overhead(overhead: Sequence[Overhead], operations: Sequence[Operation]) -> list[Check]:
    """Whether a run that did nothing but compare can tell what Hedera costs.

    One that did other things as well has answers all the same; its comparison says by itself what it cannot tell.
    """
    if not overhead or any(entry["arm"] is None and entry["succeeded"] for entry in operations):
        return []
    told = sum(entry["conclusion"] != "cannot tell" for entry in overhead)
    if told:
        return [Check("overhead", True, wording.compared(told, len(overhead)))]
    return [Check("overhead", False, wording.not_compared(overhead[0]), ExitCode.INCONCLUSIVE)]


def _users(exceptions: Sequence[str]) -> Check:
    return Check("users", not exceptions, wording.exceptions(exceptions) if exceptions else wording.NO_EXCEPTION)


def _audit(audit: Audit) -> Check:
    doubt = doubt_of(audit)
    if doubt:
        return Check("audit", False, doubt, ExitCode.INCONCLUSIVE)
    return Check("audit", True, wording.read(audit))


def _payers(audit: Audit, accounting: Accounting) -> list[Check]:
    """Whether nobody else used the run's transaction ids; nothing to check where nothing of the kind was met."""
    vanished, met = collisions.vanished(audit), collisions.met(accounting)
    if vanished:
        return [Check("payers", False, vanished, ExitCode.INCONCLUSIVE)]
    return [Check("payers", True, met)] if met else []


def _integrity(audit: Audit) -> Check:
    wrong = integrity_faults(audit)
    return Check("integrity", not wrong, "; ".join(wrong) or wording.seen(audit), ExitCode.AUDIT)
