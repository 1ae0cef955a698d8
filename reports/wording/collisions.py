"""Collisions of payers: somebody else pays with the run's account, and has issued a transaction id of ours.

A network takes an id once. Of two transactions with one id the second is refused as a duplicate, or, where both got
past their nodes, vanishes at consensus; its sender asks for the receipt of the id and is told the other one's. So what
was acknowledged never came about, and the network did nothing wrong: hiero-consensus-node, `HandleWorkflow` (the first
of an id is handled, later ones are recorded as duplicates) and `SubmissionManager` (DUPLICATE_TRANSACTION).

What tells them apart from bytes that the mirror changed is the running hash: at its place in an unbroken chain, a
message is what consensus put there. Where no receipt named a place, the mirror says what the id did (`taken`).
"""

from __future__ import annotations

from typing import Final

from reports.schema.accounting import Accounting
from reports.schema.audit import Audit
from reports.schema.report import Report

CAUSE: Final = "another process pays with the same account and issued the same transaction ids"
REMEDY: Final = (
    "give each of them an account of its own (OPERATOR_ID); a second payer is the only way to none, and processes of "
    "this project meet once in ten million ids at up to 100 a second"
)


def vanished(audit: Audit) -> str:
    """What is to be said of acknowledged messages that never came about; "" where there are none.

    Args:
        audit: The report's; that of an earlier version knows nothing of the kind.
    """
    count = audit.get("collided", 0)
    if not count:
        return ""
    one = count == 1
    return (
        f"collision of payers: {count:,} acknowledged message{'' if one else 's'} never came about, because "
        f"{'its transaction id was' if one else 'their transaction ids were'} used by somebody else: {CAUSE}; {REMEDY}"
    )


def met(accounting: Accounting) -> str:
    """What is to be said of ids that were taken before their first attempt; "" where there were none.

    Args:
        accounting: The report's; that of an earlier version counts nothing of the kind.
    """
    count = accounting.get("collisions", 0)
    if not count:
        return ""
    one = count == 1
    return (
        f"collision of payers: {count:,} transaction id{' was' if one else 's were'} refused because somebody else had "
        f"used {'it' if one else 'them'}, and the transaction{'' if one else 's'} went on under "
        f"{'another' if one else 'others'}: {CAUSE}; {REMEDY}"
    )


def told(report: Report) -> list[str]:
    """Both, as far as there is something to be said that no failed check says; sentences without a full stop."""
    said = {check["detail"] for check in report["run"]["checks"] if not check["passed"]}
    both = (vanished(report["audit"]), met(report["accounting"]))
    return [words for words in both if words and words not in said]
