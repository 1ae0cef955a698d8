"""Whether the run passed: the checks, and the exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from config.exit_codes import ExitCode
from reports.judge import collisions
from reports.judge.audit import doubt_of, integrity_faults
from reports.judge.rate import in_words
from reports.judge.success import LEAST_DONE, shortfalls

MOST_SHORT: Final = 2
"""Kinds of operation that a check names; the table has them all."""


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


@dataclass(frozen=True, slots=True)
class KeptRate:
    """How much of the rate that was asked for was kept.

    Attributes:
        rate: The report's `run.rate`; None where no rate was asked for.
        least_percent: How much of it has to be kept.
        limit_by: Who was at the limit: the report's `run.limit.by`. Where that is the network, it is an answer that the
            rate could not be kept; elsewhere nothing can be said of the network.
    """

    rate: Mapping[str, float] | None
    least_percent: float
    limit_by: str


def checks(
    accounting: Mapping[str, Any],
    audit: Mapping[str, Any],
    exceptions: Sequence[str],
    operations: Sequence[Mapping[str, Any]],
    overhead: Sequence[Mapping[str, Any]],
    kept: KeptRate,
) -> list[Check]:
    """Judge a run.

    Args:
        accounting: The report's.
        audit: The report's.
        exceptions: Messages of exceptions that Locust caught in users.
        operations: The report's.
        overhead: The report's.
        kept: The rate that was asked for and kept.
    """
    return [
        _measured(accounting),
        _requests(accounting),
        _success(operations, accounting),
        *_rate(kept),
        *_overhead(overhead, operations),
        _users(exceptions),
        Check(
            "accounting", accounting["balanced"], "; ".join(accounting["reasons"]) or "every operation is accounted for"
        ),
        _audit(audit),
        _integrity(audit),
        *_payers(audit, accounting),
    ]


def exit_code(results: Sequence[Check]) -> ExitCode:
    """The exit code of a run: broken integrity weighs most, then failures, then that nothing can be said."""
    failed = {check.exit_code for check in results if not check.passed}
    for code in (ExitCode.AUDIT, ExitCode.FAILED, ExitCode.INCONCLUSIVE):
        if code in failed:
            return code
    return ExitCode.PASSED


def _measured(accounting: Mapping[str, Any]) -> Check:
    done = accounting["started"]
    detail = f"{done:,} operations were started" if done else "no operation was started, so nothing can be said"
    return Check("measured", bool(done), detail, ExitCode.INCONCLUSIVE)


def _requests(accounting: Mapping[str, Any]) -> Check:
    unsettled = accounting["unknown"] - accounting["stopped"]
    failed = accounting["failed"] - accounting["stopped_reads"]
    if failed or unsettled:
        return Check("requests", False, f"{failed:,} operations failed and {unsettled:,} ended with an unknown fate")
    notes = [f"all {accounting['succeeded']:,} operations that ran to their end succeeded"]
    if accounting["rejected"]:
        notes.append(f"{accounting['rejected']:,} were never sent")
    stopped = accounting["stopped"] + accounting["stopped_reads"]
    if stopped:
        notes.append(f"{stopped:,} were cut off by the end of the run")
    return Check("requests", True, "; ".join(notes))


def _success(operations: Sequence[Mapping[str, Any]], accounting: Mapping[str, Any]) -> Check:
    short = shortfalls(operations, accounting)
    if not short:
        return Check("success", True, f"at least {LEAST_DONE:.0%} of every kind of operation succeeded")
    code = ExitCode.FAILED if any(one.conclusive for one in short) else ExitCode.INCONCLUSIVE
    words = [one.words for one in short[:MOST_SHORT]]
    if len(short) > MOST_SHORT:
        words.append(f"and the like of {len(short) - MOST_SHORT} more kinds of operation")
    return Check("success", False, "; ".join(words), code)


def _rate(kept: KeptRate) -> list[Check]:
    """Whether the load that was asked for was made; nothing to check where no rate was asked for."""
    if kept.rate is None:
        return []
    words = in_words(kept.rate)
    if kept.rate["kept_percent"] >= kept.least_percent:
        return [Check("rate", True, words)]
    code = ExitCode.FAILED if kept.limit_by == "network" else ExitCode.INCONCLUSIVE
    return [Check("rate", False, f"{words}, less than {kept.least_percent:g} % (--least-rate)", code)]


def _overhead(overhead: Sequence[Mapping[str, Any]], operations: Sequence[Mapping[str, Any]]) -> list[Check]:
    """Whether a run that did nothing but compare can tell what Hedera costs.

    One that did other things as well has answers all the same; its comparison says by itself what it cannot tell.
    """
    if not overhead or any(entry["arm"] is None and entry["succeeded"] for entry in operations):
        return []
    told = [entry for entry in overhead if entry["conclusion"] != "cannot tell"]
    if told:
        return [Check("overhead", True, f"{len(told)} of {len(overhead)} comparisons have an answer")]
    return [Check("overhead", False, str(overhead[0]["verdict"]).rstrip("."), ExitCode.INCONCLUSIVE)]


def _users(exceptions: Sequence[str]) -> Check:
    if not exceptions:
        return Check("users", True, "no user raised an exception")
    return Check("users", False, f"{len(exceptions)} kinds of exception in users, first: {exceptions[0][:200]}")


def _audit(audit: Mapping[str, Any]) -> Check:
    doubt = doubt_of(audit)
    if doubt:
        return Check("audit", False, doubt, ExitCode.INCONCLUSIVE)
    return Check("audit", True, f"{sum(topic['rows'] for topic in audit['topics']):,} mirror rows were read")


def _payers(audit: Mapping[str, Any], accounting: Mapping[str, Any]) -> list[Check]:
    """Whether nobody else used the run's transaction ids; nothing to check where nothing of the kind was met."""
    vanished, met = collisions.vanished(audit), collisions.met(accounting)
    if vanished:
        return [Check("payers", False, vanished, ExitCode.INCONCLUSIVE)]
    return [Check("payers", True, met)] if met else []


def _integrity(audit: Mapping[str, Any]) -> Check:
    wrong = integrity_faults(audit)
    if wrong:
        return Check("integrity", False, "; ".join(wrong), ExitCode.AUDIT)
    seen = f"{audit['delivered']:,} of {audit['acknowledged']:,} acknowledged messages were seen exactly once"
    return Check("integrity", True, seen, ExitCode.AUDIT)
