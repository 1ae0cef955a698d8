"""Where every operation went: two identities, held per operation and in total over all processes.

    scheduled = shed + started
    started   = succeeded + failed + rejected + unknown + in_flight

Scheduled, shed, started and in-flight operations are counted by the users' own counts, outcomes by the records, so the
identities compare two independent counts. Where operations are due by a schedule, its own count is the third:

    due = started on schedule + shed + unreported

where `unreported` is what processes owed that died (`dead.debts`) or left before the end (`dead.left_due`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Final

from reports.collect.collector import Sender
from reports.judge.dead_workers import ARRIVALS, COUNTS, Debt, Schedule, debts, idle_due, left_due
from reports.measure.keys import OperationKey, side_of
from reports.measure.measurements import OUTCOMES, OperationMeasure
from reports.schema.accounting import Accounting, Arrivals, Counts
from reports.wording import accounting as wording

COLLISIONS: Final = "collisions"
_BEGUN: Final = ("scheduled", "shed", "started", "in_flight")


@dataclass(slots=True)
class Account:
    """One operation's or the total's counts; the fields are those of the report."""

    scheduled: int = 0
    shed: int = 0
    started: int = 0
    succeeded: int = 0
    failed: int = 0
    rejected: int = 0
    unknown: int = 0
    in_flight: int = 0
    unreported: int = 0

    @property
    def balanced(self) -> bool:
        """Whether both identities hold with nothing unreported."""
        closed = self.succeeded + self.failed + self.rejected + self.unknown
        return (
            self.scheduled == self.shed + self.started
            and self.started == closed + self.in_flight
            and self.unreported == 0
        )

    def add(self, other: Account) -> None:
        """Add another account's counts."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def as_report(self) -> Counts:
        """The counts and whether they balance."""
        return {
            "scheduled": self.scheduled,
            "shed": self.shed,
            "started": self.started,
            "succeeded": self.succeeded,
            "failed": self.failed,
            "rejected": self.rejected,
            "unknown": self.unknown,
            "in_flight": self.in_flight,
            "unreported": self.unreported,
            "balanced": self.balanced,
        }


def account(
    senders: Iterable[Sender], measures: Mapping[OperationKey, OperationMeasure], schedule: Schedule | None = None
) -> Accounting:
    """Return the report's `accounting`.

    Besides the counts in total it holds `operations` (the same per operation and arm), `stopped` (unknown ones that the
    end of the run cut off), `stopped_reads` (failed ones that it cut off: they had only asked), `incomplete_workers`
    (processes whose last data never came) and `reasons` (why it does not balance, in words). `arrivals` is what the
    schedule counted, None in a closed model: operations that were `due`, `started` and `shed`, and those that processes
    owed which died or left before the end (`unreported`); `behind` of the shed ones were never handed out, for want of
    processor time, and `idle` of them were the share of processes without a user; those that started `late` because no
    user was free
    (`no_user`) or no processor (`process`), and how late the latest was (`latest_ms`). `dead_workers` names what each
    of the incomplete ones owed.
    `collisions` counts transaction ids that somebody else had used before.

    Args:
        senders: All processes.
        measures: What was measured.
        schedule: What made operations due; None in a closed model.
    """
    everyone = list(senders)
    accounts: dict[str, Account] = {}
    for sender in everyone:
        for key, begun in sender.sources.get(COUNTS, {}).items():
            accounts.setdefault(key, Account()).add(_begun(sender, key, begun))
    for measured, measure in measures.items():
        closed = Account(**{outcome: measure.counts[outcome] for outcome in OUTCOMES})
        accounts.setdefault(measured.count_key, Account()).add(closed)
    total = Account()
    for one in accounts.values():
        total.add(one)
    owed = debts(everyone, schedule)
    idle = idle_due(everyone, schedule)
    reasons = _reasons(everyone, accounts, owed)
    return {
        **total.as_report(),
        "balanced": not reasons,
        "stopped": sum(measure.stopped for measure in measures.values()),
        "stopped_reads": sum(measure.stopped_reads for measure in measures.values()),
        "operations": [
            {"name": key.partition("|")[0], "arm": side_of(key.partition("|")[2]), **one.as_report()}
            for key, one in sorted(accounts.items())
        ],
        "arrivals": _arrivals(everyone, owed, idle, left_due(everyone, schedule, owed, idle)),
        "collisions": sum(sender.sources.get(COLLISIONS, {}).get("count", 0) for sender in everyone),
        "dead_workers": [
            {"name": debt.name, "due": debt.due, "waiting": debt.waiting, "in_flight": debt.in_flight} for debt in owed
        ],
        "incomplete_workers": [sender.name for sender in everyone if not sender.complete],
        "reasons": reasons,
    }


def _begun(sender: Sender, key: str, begun: Mapping[str, int]) -> Account:
    """What a process began, and which part of it died with it.

    A process that is complete still has its in-flight operations; what one that fell silent had in flight or closed
    without telling will never be known.
    """
    counted = Account(**{name: begun[name] for name in _BEGUN})
    if not sender.complete:
        told = sum(sender.received.get(key, {}).values())
        counted.unreported = counted.started - told
        counted.in_flight = 0
    return counted


def _arrivals(senders: list[Sender], owed: list[Debt], idle: int, left: int) -> Arrivals | None:
    """What the schedules of all processes counted, as far as it is known; None where nothing was due by a schedule."""
    came = [sender.sources[ARRIVALS] for sender in senders if sender.sources.get(ARRIVALS)]
    if not came:
        return None
    return {
        "due": sum(one["due"] for one in came) + sum(debt.due for debt in owed) + idle + left,
        "started": sum(one["started"] for one in came),
        "shed": sum(one["shed"] for one in came) + idle,
        "idle": idle,
        "unreported": sum(debt.due + debt.waiting for debt in owed) + left,
        "behind": sum(one.get("behind", 0) for one in came),
        "late": {
            "no_user": sum(one["late"]["no_user"] for one in came),
            "process": sum(one["late"]["process"] for one in came),
        },
        "latest_ms": round(1000 * max(one["latest_s"] for one in came), 3),
    }


def _reasons(senders: list[Sender], accounts: Mapping[str, Account], owed: list[Debt]) -> list[str]:
    """Why the accounting does not balance; empty when it does."""
    reasons = [wording.debt(*debt) for debt in owed]
    reasons += [
        wording.uncounted(sender.name) for sender in senders if sender.complete and COUNTS not in sender.sources
    ]
    for sender in senders:
        came = sender.sources.get(ARRIVALS)
        if came and sender.complete and came["due"] != came["started"] + came["shed"]:
            reasons.append(wording.schedule_does_not_add_up(sender.name, came["due"], came["started"], came["shed"]))
    for key, one in sorted(accounts.items()):
        if not one.balanced:
            name, _, arm = key.partition("|")
            reasons.append(wording.does_not_add_up(name, arm, asdict(one)))
    if not senders:
        reasons.append(wording.NOBODY_REPORTED)
    return reasons
