"""How figures and terms read: durations, counts, instants, and what every term of the report means in a phrase."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Literal

from config.exit_codes import ExitCode
from reports.schema.parts import Percentile
from reports.schema.run import Limit, Run
from reports.wording.phrases import interval, milliseconds

_FIGURE: Final = re.compile(r"(?<=[\d±]) (?=(?:ms|s|%|±|times)\b|%|±)|(?<=±) (?=\d)")

PERCENTILES: Final[tuple[Percentile, ...]] = ("p50", "p95", "p99")

ENDS: Final[tuple[Literal["succeeded", "failed", "rejected", "unknown"], ...]] = (
    "succeeded",
    "failed",
    "rejected",
    "unknown",
)
"""How operations end, in the order in which tables have it."""

CONFIRM: Final[Mapping[str, str]] = {
    "queued": "the operation stood in the client's own queue, and had still to be sent",
    "ack": "a node had accepted the transaction (it may still fail in consensus)",
    "receipt": "the network had reached consensus and the receipt said so",
    "mirror": "a mirror node showed the message to everybody",
    "application": "your own application had answered that it was done",
}

PHASES: Final[Mapping[str, tuple[str, str]]] = {
    "start_delay": ("Late start", "from the scheduled moment until the load generator got round to it"),
    "queue": ("Queue", "waiting in the client's own queue"),
    "limiter": ("Limiter", "held back to keep to the rate, or to the number of calls in flight"),
    "circuit_wait": ("Open circuit", "waiting at an open circuit breaker"),
    "baseline": ("Own work", "the application's own work, which the baseline consists of"),
    "application": ("Your application", "your own application, which did the whole operation with Hedera"),
    "prepare": ("Prepare", "building and signing the transaction"),
    "connection": ("Connection", "waiting for a connection to the node, or for room on one"),
    "ack": ("Acknowledgement", "until the node answered that it accepted it"),
    "retry_wait": ("Retry wait", "slept between two attempts"),
    "consensus": (
        "Timestamped",
        "from sending until the transaction's consensus timestamp; it is known later, with the receipt",
    ),
    "receipt": ("Final (receipt)", "from there until the receipt showed the result of consensus"),
    "mirror": ("Mirror", "from there until the mirror showed the message"),
    "other": ("Other", "whatever is left, such as other users' turns in between"),
    "rest": ("Own work and waiting", "the application's own work, and waits before retries"),
}

LEAST_DRAIN_S: Final = 0.5
"""Seconds after the end of the load that are not worth a word."""


def length(run: Run) -> str:
    """How long a run was: the load, and how long what it had begun took to end."""
    load_s, whole_s = run.get("load_s", run["duration_s"]), run["duration_s"]
    if whole_s - load_s < LEAST_DRAIN_S:
        return f"{whole_s:.0f} s"
    return f"{load_s:.0f} s, and {whole_s - load_s:.0f} s more until what was under way had ended"


def state(code: int) -> str:
    """A run's verdict in one word, by its exit code: what nothing can be said of has not failed, and has not passed."""
    names = {ExitCode.PASSED: "Passed", ExitCode.INCONCLUSIVE: "Inconclusive"}
    return names.get(ExitCode(code), "Failed")


STATES: Final[Mapping[str, str]] = {"Passed": "good", "Inconclusive": "warn", "Failed": "bad"}
"""How each of them is coloured."""


OUTCOMES: Final[Mapping[str, str]] = {
    "scheduled": "were due",
    "shed": "were due but never started",
    "started": "began",
    "succeeded": "reached the level that was asked for",
    "failed": "ended in a refusal, or never got through",
    "rejected": "were never sent: stopped by an open circuit, a limit, the queue or the deadline, or the run was over",
    "unknown": "were sent, but what became of them could not be learned",
    "in_flight": "had not ended when the last count was taken",
    "unreported": "died with a worker before it could tell",
}

CHECKS: Final[Mapping[str, tuple[str, str]]] = {
    "measured": ("Measured", "the run did something"),
    "requests": ("Requests", "nothing failed, and no fate stayed unknown"),
    "success": ("Success", "enough of every kind of operation went through"),
    "rate": ("Rate", "as much load was made as was asked for"),
    "overhead": ("Overhead", "what was compared has an answer"),
    "users": ("Users", "the simulated users ran without errors of their own"),
    "accounting": ("Accounting", "every operation that began is accounted for"),
    "audit": ("Audit", "the mirror could be read back, and had come to every message"),
    "integrity": ("Integrity", "every acknowledged message arrived once, in order"),
    "gates": ("Gates", "what was asked to hold"),
    "expectations": ("Expectations", "what the scenario expects was observed"),
    "payers": ("Payers", "nobody else paid with the account under the same transaction ids"),
}

REFUSALS: Final[Mapping[str, str]] = {
    "CIRCUIT_OPEN": "no node could be called",
    "RATE_LIMITED": "a limit was reached, and there was no queue",
    "QUEUE_FULL": "the queue was full",
    "QUEUE_EXPIRED": "waited too long in the queue",
    "QUEUE_LEFT": "still waiting when the run ended",
    "BUDGET_EXHAUSTED": "the retry budget was spent",
    "DEADLINE_PASSED": "no time was left for an attempt",
}

FIGURES: Final[Mapping[str, str]] = {
    "mean": "mean",
    "p50": "median (p50)",
    "p95": "95 of 100 faster (p95)",
    "p99": "99 of 100 faster (p99)",
    "throughput": "per second, one caller",
}

LIMITS: Final[Mapping[Limit, str]] = {
    "generator": "warn",
    "policy": "warn",
    "network": "warn",
    "none": "good",
}

AUDIT: Final[Mapping[str, tuple[str, str]]] = {
    "acknowledged": ("Acknowledged", "messages whose sender was told that they succeeded"),
    "delivered": ("Delivered", "of these, on the mirror exactly once, byte for byte"),
    "lost": ("Lost", "acknowledged, but not on the mirror, which is past the time they can be of"),
    "not_shown_yet": ("Not shown yet", "acknowledged, and the mirror had not come to the time they can be of"),
    "corrupted": ("Corrupted", "acknowledged, and on the mirror with other bytes"),
    "collided": ("Collided", "acknowledged by a receipt that is somebody else's, who issued the same transaction id"),
    "duplicated": ("Duplicated", "on the mirror more than once"),
    "out_of_order": ("Out of order", "standing before a message whose receipt its sender had before it sent this one"),
    "reordered": (
        "Changed places",
        "with others of their sender that were on their way together, which nobody promised an order",
    ),
    "landed_after_failure": ("Landed after failure", "not acknowledged to the sender, yet on the mirror"),
    "of_unreported_senders": ("Of dead processes", "on the mirror, of senders that died before they told of them"),
}


FILES: Final[Mapping[str, tuple[str, str]]] = {
    "stored": ("Files stored", "models whose writer was told that all of it is there"),
    "verified": ("Verified", "of these, read back with the SHA-256 that was stored"),
    "mismatched": ("Mismatched", "read back with other bytes than were stored"),
    "deleted": ("Cleared away", "could not be completed, and were deleted again"),
    "left_over": ("Left over", "could not be completed, and deleting them did not succeed"),
    "uncertain": ("Uncertain", "not completed, and whether they exist could not be learned"),
}
"""Counts of files in the audit; the last four are shown where they are not 0."""

BAD_FILES: Final = ("mismatched", "left_over", "uncertain")


def signed_ms(value: float | None) -> str:
    """A difference: `+116 ms`, `−0.41 ms`."""
    if value is None:
        return "–"
    return ("+" if value >= 0 else "−") + milliseconds(abs(value))


def signed_percent(value: float | None) -> str:
    """A relative difference: `+227 %`, `−1.5 %`."""
    if value is None:
        return "–"
    digits = 0 if abs(value) >= 10 else 1
    return ("+" if value >= 0 else "−") + f"{abs(value):,.{digits}f} %"


def count(value: int | None) -> str:
    """A count with thousands separated; a dash for none."""
    return "–" if value is None else f"{value:,}"


def instant(unix: float) -> str:
    """A moment in UTC, to the second."""
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def rate(value: float) -> str:
    """A rate per second."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def size_rate(value: float) -> str:
    """Bytes per second."""
    for unit in ("B/s", "kB/s", "MB/s"):
        if value < 1000 or unit == "MB/s":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if value >= 10 else f"{value:.1f} {unit}"


def figure(value: float | None, unit: str) -> str:
    """A latency, or a rate per second."""
    if unit == "ms" or value is None:
        return milliseconds(value)
    return f"{value:,.0f}/s" if abs(value) >= 100 else f"{value:.3g}/s"


def signed_figure(value: float | None, unit: str) -> str:
    """A difference of latencies or rates: `+116 ms`, `−13.6/s`."""
    if value is None:
        return "–"
    return ("+" if value >= 0 else "−") + figure(abs(value), unit)


def spread(bounds: Sequence[float] | None, unit: str) -> str:
    """An interval: `+112 ms to +120 ms`; a dash for none."""
    if bounds is None:
        return "–"
    if unit == "ms":
        return interval(bounds[0], bounds[1])
    return f"{signed_figure(bounds[0], unit)} to {signed_figure(bounds[1], unit)}"


def tied(sentence: str) -> str:
    """A sentence whose figures stay on one line with their units and margins (by no-break spaces)."""
    return _FIGURE.sub("\u00a0", sentence)
