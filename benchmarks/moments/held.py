"""Holds what a run says of consensus's two moments against the network's ledger, per message and in distribution.

A transaction is *timestamped* some hundred milliseconds after it was sent; its place and outcome are *final* when the
receipt is there, some seconds after it. The run says of the first what the mirror's consensus timestamp tells, counted
from when the message was sent; of the second when its sender had the receipt, and how much of that wait may have been
its own (`patience_s`). The ledger says when each transaction arrived, its timestamp, when that was known, and when the
receipt was first served. All of them are on one machine, so their clocks are one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from localnet.consensus.latency import Latency
from reports.wording.patience import WORTH_SAYING

SUBMIT: Final = "CONSENSUSSUBMITMESSAGE"
OPERATION: Final = "hcs.submit"

WAY_S: Final = 0.025
"""What a message's way to a node and back may take: to build and sign it, loopback, other users' turns on two cores.
Where the machine is busy, the run's own round trips tell how much more that is (`way_s`)."""
LONGEST_WAY_S: Final = 0.1
"""A 95th percentile of round trips above which the machine is too busy for the figures to mean anything."""
READING_S: Final = 0.001
"""Between two readings of one clock that belong together."""
BUCKET: Final = 0.001
"""Width of the report's histograms, relative."""
MOST: Final = 0.95
"""Part of the messages for which has to hold what depends on how busy the machine is; the rest met another's turn."""
ENOUGH: Final = 50
"""Messages below which a run shows too little; report and ledger are of the same ones, so that chance has no part."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message that its sender was told the receipt of: what the run says, and what the ledger says.

    Instants are Unix time in seconds. Of the run: when its message was noted (`sent`), when it was prepared, when a
    node's answer was there, when the receipt was, what of the wait may be the run's own, and by how much its record's
    durations, counted from its start, end before that: the clock of instants is read at the start, that of durations
    just after it, and on a busy machine another program's turn may lie between.
    Of the ledger: its arrival, the node's answer, its timestamp, when that was known, and when the receipt was served.
    """

    sent: float
    prepared: float
    acknowledged: float
    receipt: float
    patience_s: float
    behind_s: float
    attempts: int
    arrival: float
    answered: float
    consensus: float
    known: float
    served: float

    @property
    def way_s(self) -> float:
        """How long it was on its way to the node and back, its preparation included."""
        return self.acknowledged - self.sent - (self.answered - self.arrival)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was held against the ledger: what was found, in words, and whether that is allowed."""

    what: str
    found: str
    kept: bool


class MissingError(ValueError):
    """A message of the run is not in the ledger, or not as the run says."""


def joined(records: Iterable[Mapping[str, Any]], ledger: Iterable[Mapping[str, Any]]) -> list[Message]:
    """Every successful submission with its entry in the ledger.

    Args:
        records: `OperationRecord`s as JSON.
        ledger: The network's entries.

    Raises:
        MissingError: one has none, or another sequence number there.
    """
    entries = {one["transaction_id"]: one for one in ledger if one["type"] == SUBMIT and one["status"] == "SUCCESS"}
    messages = []
    for record in records:
        if record["name"] != OPERATION or record["outcome"] != "succeeded":
            continue
        (sent,) = record["messages"]
        entry = entries.get(record["transaction_ids"][-1])
        if entry is None or entry["receipt_served"] is None or entry["sequence_number"] != sent["sequence_number"]:
            raise MissingError(f"{record['transaction_ids'][-1]}: the run had its receipt, and the ledger says {entry}")
        due, reached = record["scheduled_at"], record["reached_s"]
        messages.append(
            Message(
                *(sent["sent_at"], due + reached["prepare"], due + reached["ack"], sent["seen_at"]),
                *(record["patience_s"], sent["seen_at"] - due - reached["receipt"], record["attempts"]),
                *(entry[name] for name in ("arrival", "ack", "consensus", "known", "receipt_served")),
            )
        )
    return messages


def checks(
    messages: Sequence[Message],
    report: Mapping[str, Any],
    histogram: Sequence[tuple[float, float, int]],
    latency: Latency,
    allowed_s: float = WAY_S,
) -> list[Check]:
    """Everything that has to hold.

    Args:
        messages: Of `joined`.
        report: The run's report.json.
        histogram: The report's buckets of the time from sending to the timestamp: from, to (seconds), how many.
        latency: What the network was started with.
        allowed_s: What the way to a node and back may take in any case.
    """
    (operation,) = [one for one in report["operations"] if one["name"] == OPERATION]
    way_s = max(allowed_s, _nearest_rank([one.way_s for one in messages], 0.95))
    longest_s = max(LONGEST_WAY_S, allowed_s)
    return [
        _counted(messages, operation),
        _one_clock(report),
        Check(
            "machine: there and back, p95 or what is allowed in any case",
            f"{1000 * way_s:.1f} ms (at most {1000 * longest_s:.0f})",
            way_s <= longest_s,
        ),
        *_network(messages, latency),
        *_timestamped(messages, operation["phases_ms"]["consensus"], histogram, way_s),
        *_final(messages, operation, way_s),
    ]


def _counted(messages: Sequence[Message], operation: Mapping[str, Any]) -> Check:
    count, told = len(messages), operation["succeeded"]
    return Check("messages: records, report", f"{count}, {told}; at least {ENOUGH}", count == told and count >= ENOUGH)


def _one_clock(report: Mapping[str, Any]) -> Check:
    senders = (report["audit"]["clock"] or {}).get("senders", [])
    found = "; ".join(
        f"{one['offset_ms']:+.1f} ± {one['uncertainty_ms']:.1f} ms, corrected by {one['correction_ms']:.1f}"
        for one in senders
    )
    same = bool(senders) and all(one["correction_ms"] == 0 for one in senders)
    return Check("clock: every process's is the network's", found, same)


def _network(messages: Sequence[Message], latency: Latency) -> list[Check]:
    """The ledger tells two moments, and they are those of its profile."""
    half = latency.spread_s / 2 + READING_S
    low, high = latency.received_s - half, latency.received_s + half
    return [
        _share(
            f"ledger: arrival to timestamp {1000 * low:.0f} to {1000 * high:.0f} ms, as its profile says",
            [low <= one.consensus - one.arrival <= high for one in messages],
            MOST,
        ),
        _share("ledger: known after the timestamp", [one.known > one.consensus for one in messages], 1.0),
    ]


def _timestamped(
    messages: Sequence[Message],
    figures: Mapping[str, float],
    histogram: Sequence[tuple[float, float, int]],
    way_s: float,
) -> list[Check]:
    """From sending to the consensus timestamp."""
    truth = sorted(one.consensus - one.sent for one in messages)
    told = [bounds for *bounds, count in histogram for _ in range(count)]
    same = [low - READING_S <= true <= high + READING_S for true, (low, high) in zip(truth, told, strict=False)]
    alone = [one for one in messages if one.attempts == 1]
    return [
        Check(
            "timestamped: each in the report's histogram at its place",
            f"{sum(same)} of {len(truth)} (all)",
            len(told) == len(truth) and all(same),
        ),
        _share(
            "timestamped: arrived after it was prepared, before the answer",
            [
                one.prepared - READING_S <= one.arrival <= one.acknowledged + max(one.behind_s, READING_S)
                for one in alone
            ],
            1.0,
        ),
        _share(
            f"timestamped: from sending within {1000 * way_s:.0f} ms of from arrival",
            [-READING_S <= one.arrival - one.sent <= way_s for one in messages],
            MOST,
        ),
        *_figures("timestamped", figures, [one.consensus - one.arrival for one in messages], way_s),
    ]


def _final(messages: Sequence[Message], operation: Mapping[str, Any], way_s: float) -> list[Check]:
    """From sending to the receipt."""
    figures = operation["latency_ms"]
    return [
        _share(
            f"final: by its duration, and by its instant, within {1000 * way_s:.0f} ms",
            [-READING_S <= one.behind_s <= way_s for one in messages],
            MOST,
        ),
        _share(
            "final: known, then served, then received",
            [one.known <= one.served + READING_S and one.served <= one.receipt + READING_S for one in messages],
            1.0,
        ),
        _share(
            f"final: received within {1000 * way_s:.0f} ms of served",
            [one.receipt - one.served <= way_s for one in messages],
            MOST,
        ),
        _share(
            f"final: known within what is said to be our looking, and {1000 * way_s:.0f} ms",
            [one.receipt - one.patience_s - way_s <= one.known for one in messages],
            MOST,
        ),
        *_figures("final, as served", figures, [one.served - one.arrival for one in messages], 2 * way_s),
        *_figures(
            "final, as known",
            figures,
            [one.known - one.arrival for one in messages],
            2 * way_s,
            [(one.receipt - one.sent, one.patience_s) for one in messages],
        ),
        _looking(messages, way_s),
    ]


def _looking(messages: Sequence[Message], way_s: float) -> Check:
    """How much of the mean was our own looking, in truth; the report says so from WORTH_SAYING on."""
    known_s = math.fsum(one.known - one.arrival for one in messages) / max(1, len(messages))
    ours_s = math.fsum(one.served - one.known for one in messages) / max(1, len(messages))
    most_s = WORTH_SAYING * known_s + way_s
    words = f"{1000 * ours_s:.0f} ms of {1000 * known_s:.0f} ms (at most {1000 * most_s:.0f})"
    return Check("final: from known to served, which is our own looking, in the mean", words, ours_s <= most_s)


def _figures(
    moment: str,
    told: Mapping[str, float],
    truth: Sequence[float],
    more_s: float,
    ours: Sequence[tuple[float, float]] = (),
) -> list[Check]:
    """Median and 95th percentile: the report's is the ledger's, or later by at most what is allowed.

    Args:
        moment: What they are of.
        told: The report's figures.
        truth: The ledger's, in seconds.
        more_s: Seconds that are allowed.
        ours: What each took by its record, and how much of that may have been our looking, which is allowed besides.
    """
    found = []
    for name, share in (("median", 0.50), ("p95", 0.95)):
        key = f"p{100 * share:.0f}"
        true_ms = 1000 * _nearest_rank(truth, share)
        whole_s, theirs_s = [took for took, _ in ours], [took - patience for took, patience in ours]
        looking_s = _nearest_rank(whole_s, share) - _nearest_rank(theirs_s, share) if ours else 0.0
        allowed_ms = 1000 * (more_s + looking_s)
        excess_ms = told[key] - true_ms
        kept = -BUCKET * true_ms - 1000 * READING_S <= excess_ms <= allowed_ms
        words = f"ledger {true_ms:.1f}, report {told[key]:.1f} ms ({excess_ms:+.1f}; at most +{allowed_ms:.0f})"
        found.append(Check(f"{moment}: {name}", words, kept))
    return found


def _share(what: str, held: Sequence[bool], least: float) -> Check:
    """Whether something holds for enough of the messages, and of at least one."""
    kept = bool(held) and sum(held) >= least * len(held)
    wanted = "all" if least == 1 else f"{100 * least:.0f} %"
    return Check(what, f"{sum(held)} of {len(held)} ({wanted})", kept)


def _nearest_rank(values: Sequence[float], share: float) -> float:
    """The smallest value with at least this share at or below it, as the report has it; nan for none."""
    ordered = sorted(values)
    return ordered[max(1, math.ceil(share * len(ordered) - 1e-9)) - 1] if ordered else math.nan
