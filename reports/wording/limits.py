"""What limited a run, in words. A sign's words are a phrase without a full stop, that begins with a small letter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from reports.schema.run import Limit
from reports.wording import phrases
from reports.wording.causes import cause_of
from reports.wording.failures import KindOfFailure, failed_most
from reports.wording.operation_names import several
from reports.wording.phrases import counted

_WHO: Final[Mapping[Limit, str]] = {
    "generator": "the load generator",
    "policy": "the client's own policy",
    "network": "the network",
}

SCHEDULE_SET_THE_PACE: Final = "Nothing was at its limit. The schedule set the pace (--arrival-rate)."
NOTHING_WAS_DONE: Final = "Nothing was done, so nothing was at its limit."

NOTHING_DUE: Final = (
    "no operation was due before the run was over: the schedule begins when all users are there (--users, "
    "--spawn-rate, --run-time)"
)


def sentence(by: Limit, words: str) -> str:
    """The line, of the sign that decides."""
    return f"The limit was {_WHO[by]}: {words}."


def evidence(words: str) -> str:
    """A further sign as a sentence."""
    return f"{words[0].upper()}{words[1:]}."


def users_set_the_pace(name: str, mean_ms: float) -> str:
    """The line where nothing was at its limit, with the operation that the most time went to."""
    return (
        "Nothing was at its limit. The users set the pace: each begins an operation when its last one has ended "
        f"(the most time went to {several(name)}, {phrases.milliseconds(mean_ms)} each)."
    )


def failing(failures: Sequence[KindOfFailure]) -> str:
    """That something failed although nothing was at its limit, and what most; at least one kind."""
    total = sum(kind.number for kind in failures)
    told = counted(total, "operation", "operations")
    return f"Nothing was at its limit, and yet {told} did not succeed: {failed_most(failures)}"


def no_processor(name: str, mean: float, busy: int, seconds: int, over: float) -> str:
    """A process that had none left: percent of a core in the mean, and in how many of its seconds it used more."""
    return (
        f"{name} had no processor time left ({mean:.0f} % of a core in the mean, over {over:.0f} % in {busy} of "
        f"{seconds} seconds), so latencies hold its own queue; use more workers or fewer users"
    )


def no_user_free(missed: int, scheduled: int) -> str:
    """Starts that were missed for want of users."""
    return (
        f"{missed:,} of {counted(scheduled, 'scheduled start was', 'scheduled starts were')} missed, because no user "
        "was free; use more users or a lower rate"
    )


def not_handed_out(missed: int, scheduled: int) -> str:
    """Starts that were missed for want of processor time."""
    return (
        f"{missed:,} of {scheduled:,} scheduled starts were missed, because the process had no time to hand them out; "
        "use more workers or a lower rate"
    )


def share_of_nobody(idle: int, due: int) -> str:
    """Due operations of processes without a user."""
    return (
        f"{idle:,} of {due:,} due operations were the share of processes that had no user; "
        "use as many users as workers at least"
    )


def late_for_users(late: int, due: int, latest_ms: float, stalled: str) -> str:
    """Starts that were late because no user was free; `stalled` is what the network did to keep them busy, or ""."""
    remedy = "" if stalled else "; use more users or a lower rate"
    return _late(late, due, latest_ms, f"no user was free{stalled}") + remedy


def late_for_processor(late: int, due: int, latest_ms: float) -> str:
    """Starts that were late because the process was busy."""
    return _late(late, due, latest_ms, "the process had something else to do") + "; use more workers or a lower rate"


def _late(late: int, due: int, latest_ms: float, why: str) -> str:
    return (
        f"{late:,} of {due:,} starts were late, by up to {phrases.milliseconds(latest_ms)}, because {why} (response "
        "times hold that, latencies do not)"
    )


def stalled(name: str, longest_ms: float, usual_ms: float) -> str:
    """What the network did, to stand behind other words."""
    longest, usual = phrases.milliseconds(longest_ms), phrases.milliseconds(usual_ms)
    return f" while {name} took up to {longest} instead of {usual}"


def started_late(percent: float) -> str:
    """Time that went to late starts."""
    return f"operations started late, which took {percent:.0f} % of their time; use more users or workers"


def held_back(percent: float, opened: str) -> str:
    """Time that went to the client's own policy; `opened` is what `circuits` says, or ""."""
    told = f"operations spent {percent:.0f} % of their time in the queue, at the limiter or an open circuit"
    return told + (f" ({opened})" if opened else "")


def waited_for_room(percent: float) -> str:
    """Time that went to waits for a connection."""
    return (
        f"operations spent {percent:.0f} % of their time waiting for a connection to a node; allow more of them "
        "(--connections)"
    )


def slept_between_attempts(percent: float) -> str:
    """Time that went to retries."""
    return f"operations spent {percent:.0f} % of their time between two attempts, because of what the network answered"


def never_sent(refused: Mapping[str, int], opened: str) -> str:
    """Operations that the policy turned away, by status; `opened` is what `circuits` says, or ""."""
    after = f"; {opened}" if opened else ""
    told = counted(sum(refused.values()), "operation was", "operations were")
    return f"{told} never sent ({_listed(refused)}{after})"


def left_waiting(left: Mapping[str, int]) -> str:
    """Operations that the end of the run cut off while they waited for the network, by phase."""
    told = counted(sum(left.values()), "operation was", "operations were")
    waiting = f"{told} still waiting for the network when the run ended"
    return f"{waiting}, longer than --stop-timeout lets them ({_listed(left)})"


def turned_away(answers: Mapping[str, int]) -> str:
    """Attempts that the network did not serve, by status, with what the most frequent of them means and asks for."""
    attempts = sum(answers.values())
    cause = cause_of(max(answers, key=lambda status: answers[status]))
    why = f": {cause[0].lower()}{cause[1:].rstrip('.')}" if cause else ""
    return (
        f"{attempts:,} {'attempt was' if attempts == 1 else 'attempts were'} turned away, broken off or not "
        f"answered in time ({_listed(answers)}){why}"
    )


def circuits(opened: int, answers: Mapping[str, int]) -> str:
    """How often breakers opened, and after which answers of the network."""
    times = "once" if opened == 1 else f"{opened:,} times"
    return f"circuit breakers opened {times}{f' after {_listed(answers)}' if answers else ''}"


def _listed(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{status} {number:,}" for status, number in ordered[:3])
