"""What an audit found, in words: why it cannot say everything, and what is wrong."""

from __future__ import annotations

from typing import Final

from reports.schema.audit import Audit
from reports.wording.operation_names import one, several
from reports.wording.phrases import counted

NOT_AUDITED: Final = "the audit could not be carried out"
"""How an audit's error begins that is not the mirror's."""


def not_read(error: str) -> str:
    """Why an audit is not there, as a sentence's beginning: the mirror, unless it was something else."""
    return error if error.startswith(NOT_AUDITED) else f"the mirror could not be read: {error}"


def doubt_of(audit: Audit) -> str | None:
    """Why an audit could not say everything, one sentence without a full stop; None where it did.

    Args:
        audit: The report's; that of an earlier version has no `doubt` of its own.
    """
    return audit.get("doubt") or (not_read(audit["error"]) if audit["error"] else None)


def not_forwarded(operation: str, acknowledged: int, topic: str, changed: int, rows: int) -> str:
    """What an audit asks where the user's own application does not write what it is given; without a full stop.

    Args:
        operation: Its name.
        acknowledged: How many of it the application said it had done.
        topic: Where they should stand.
        changed: How many of them stand there with other bytes.
        rows: How many messages stand there.
    """
    if changed:
        there = f"{changed:,} of them {'stands' if changed == 1 else 'stand'} there with other bytes"
    elif rows:
        there = f"where {rows:,} other {'message stands' if rows == 1 else 'messages stand'}"
    else:
        there = "which is empty"
    those = f"{acknowledged:,} {several(operation) if acknowledged != 1 else one(operation)}"
    return (
        f"the application (--with-hedera) said that {those} {'was' if acknowledged == 1 else 'were'} done, and none "
        f"stands on topic {topic} as it was given, {there}: does it write the payload, byte for byte, to the topic "
        "that it is told (header X-Hedera-Topic)?"
    )


def unreported(audit: Audit) -> str:
    """What is to be said of messages whose senders died before they told of them; "" where there are none."""
    count = audit.get("of_unreported_senders", 0)
    if not count:
        return ""
    if count == 1:
        return "1 more message is on the mirror whose sender died before it was told of"
    return f"{count:,} more messages are on the mirror whose senders died before they were told of"


def reordering(audit: Audit) -> str:
    """What an application should know of its messages' order, a sentence without a full stop; "" where all kept it.

    Args:
        audit: The report's; that of an earlier version counts nothing of the kind.
    """
    changed = audit.get("reordered", 0)
    if not changed:
        return ""
    places = audit["reordered_by"]
    share = 100 * changed / max(1, audit["acknowledged"])
    return (
        f"{changed:,} of {audit['acknowledged']:,} messages ({share:.2g} %) changed places with others of their "
        f"sender, by up to {places} {'position' if places == 1 else 'positions'}: a node's acknowledgement fixes no "
        "order, only a receipt that was waited for does"
    )


def integrity_faults(audit: Audit) -> list[str]:
    """What is wrong with a run's messages and files, in words; empty when nothing is."""
    wrong = [
        f"{count:,} {kind}"
        for kind, count in (
            ("lost", audit["lost"]),
            ("corrupted", audit["corrupted"]),
            ("duplicated", audit["duplicated"]),
            ("out of order", audit["out_of_order"]),
        )
        if count
    ]
    if audit["unreported_corrupted"]:
        wrong.append(f"{audit['unreported_corrupted']:,} of a dead process corrupted")
    if audit["running_hash_verified"] is False:
        wrong.append("the running hash of a topic does not follow from its messages")
    if audit["files"] and audit["files"]["mismatched"]:
        wrong.append(
            f"{counted(audit['files']['mismatched'], 'file', 'files')} read back with another SHA-256 than was stored"
        )
    return wrong
