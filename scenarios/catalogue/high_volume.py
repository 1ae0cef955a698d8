"""Many writers at once: 20 submits in flight in batches of 5, and 8 model stores, then ten and a hundred times as many.

At the first scale 4 users submit batches of 5 events, each batch when all of the one before have ended, and 8 users
store one model after another. The network takes 10,000 messages but only 10 file transactions a second, so that models
are beyond what it takes from the second scale on. There the client's own policy has to give way, not the network: with
the profile's `rate-limit` and its short queue models are refused before anything is sent, and all that are begun end
well. With `--rate-limit off` the network turns transactions away in the middle of models, and less gets done the more
there is to do. A circuit does not open for that: BUSY is no failure of a node (docs/resilience.md). The first scale is
made once more at the end, for what overload leaves behind.
"""

from __future__ import annotations

from argparse import Namespace
from typing import Final, TypeVar

from hedera_users.batch_submitter import BatchSubmitter
from hedera_users.model_writer import ModelWriter
from hedera_users.possible_operations import OF_RUN, TO_RECEIPT, declare
from reports.schema.operations import Operation
from reports.schema.report import Report
from scenarios.scales import Scale, Scales
from scenarios.scenario import Expectation, Judged, Scenario
from scenarios.timeline import counts, span

USERS: Final = 12
"""At the first scale: 4 with batches of 5 submits, 8 with models."""

FACTORS: Final = (1, 10, 100)
AFTER: Final = "after"
"""What the first scale is called when it is made once more."""

SHARES: Final = {1: 1.0, 10: 1.5, 100: 2.5}
"""A larger scale takes longer to begin, and its operations to end."""

RUN_S: Final = 100.0
"""Where no run time is given."""

FILE_TRANSACTIONS: Final = 3
"""Of one model, at the default sizes."""

MOST_ATTEMPTS: Final = 1.5
"""Attempts per transaction at most, in the mean."""

_Writer = TypeVar("_Writer", type[BatchSubmitter], type[ModelWriter])


def at(user: _Writer, scale: int | str) -> _Writer:
    """A user class whose operations are called by their scale, `hcs.submit-x10`."""
    name = f"{user.operation}-x{scale}"
    operations = declare({name: OF_RUN if issubclass(user, BatchSubmitter) else TO_RECEIPT})
    own = {"operation": name, "operations": operations, "__module__": __name__, "__doc__": user.__doc__}
    return type(f"{user.__name__}X{scale}", (user,), own)


class Submits(BatchSubmitter):
    """A third of the users."""

    weight = 1


class Stores(ModelWriter):
    """Two thirds."""

    weight = 2


SCALES: Final[dict[int | str, tuple[type[BatchSubmitter], type[ModelWriter]]]] = {
    scale: (at(Submits, scale), at(Stores, scale)) for scale in (*FACTORS, AFTER)
}


def shape(options: Namespace) -> Scales:
    """The scales that `--users` allows, in `--run-time`; and the first one once more."""
    most = options.num_users or USERS * FACTORS[-1]
    factors = [factor for factor in FACTORS if factor == 1 or factor * USERS <= most]
    scales = [Scale(factor * USERS, SCALES[factor], SHARES[factor]) for factor in factors]
    return Scales([*scales, Scale(USERS, SCALES[AFTER])], options.run_time or RUN_S)


def of(report: Report, name: str) -> Operation | None:
    """An operation of the report; None where none of it was begun."""
    return next((one for one in report["operations"] if one["name"] == name and one["started"]), None)


def told(report: Report, operation: Operation) -> str:
    """Throughput, success and response times of an operation, in words."""
    name, latency = operation["name"], operation["latency_ms"]
    share = 100 * operation["succeeded"] / operation["started"]
    times = f", p50 {latency['p50']:,.0f} ms, p95 {latency['p95']:,.0f} ms" if latency else ""
    return f"{name}: {throughput(report, name):,.1f}/s, {share:.4g} % of {operation['started']:,} succeeded{times}"


def throughput(report: Report, name: str) -> float:
    """Operations that succeeded per second, from the first that started to the last that ended."""
    window = span(report, name)
    return counts(report, window, name)["succeeded"] / (window.to_s - window.from_s) if window else 0.0


def every(report: Report, scales: tuple[int | str, ...], *, kinds: tuple[int, ...] = (0, 1)) -> Judged:
    """Every operation at these scales has to succeed."""
    found = [of(report, SCALES[scale][kind].operation) for scale in scales for kind in kinds]
    seen = [one for one in found if one is not None]
    if len(seen) < len(found):
        return Judged("not every kind of operation was begun", None)
    return Judged("; ".join(told(report, one) for one in seen), all(one["succeeded"] == one["started"] for one in seen))


def first_scale(report: Report) -> Judged:
    """Everything succeeds."""
    return every(report, (1,))


def messages(report: Report) -> Judged:
    """Messages do not suffer from the models, which share the throttle of no message."""
    scales = tuple(scale for scale in FACTORS if scale > 1 and of(report, SCALES[scale][0].operation))
    return every(report, scales, kinds=(0,)) if scales else Judged("there was one scale only", None)


def goodput(report: Report) -> Judged:
    """More writers get more done, or as much as the network takes; overload must not destroy work.

    It is judged at the second scale. At the largest one the embedded network and the load generator share the machine's
    processors, so that what is left of either says nothing about a network.
    """
    rates: dict[str, list[float]] = {"messages": [], "models": []}
    for scale in FACTORS:
        for kind, name in enumerate(rates):
            if of(report, SCALES[scale][kind].operation):
                rates[name].append(throughput(report, SCALES[scale][kind].operation))
    if any(len(found) < 2 for found in rates.values()):
        return Judged("there was one scale only", None)
    words = "; ".join(f"{name} {' → '.join(f'{rate:,.1f}' for rate in found)}/s" for name, found in rates.items())
    return Judged(words, all(found[1] >= found[0] for found in rates.values()))


def protection(report: Report) -> Judged:
    """What is too much is never sent, so that nothing is begun in vain and the network is not asked again and again."""
    stores = [one for scale in FACTORS[1:] if (one := of(report, SCALES[scale][1].operation))]
    ended = sum(one["succeeded"] + one["failed"] + one["unknown"] for one in stores)
    if not ended:
        return Judged("no model was begun beyond the first scale", None)
    failed = sum(one["failed"] + one["unknown"] for one in stores)
    attempts = sum(one["attempts"] for one in stores) / ended / FILE_TRANSACTIONS
    breakers = report["resilience"]["breakers"]
    refused, opened = sum(one["rejected"] for one in stores), sum(one["opened"] for one in breakers)
    words = (
        f"{failed:,} of {ended:,} models that were begun failed, {refused:,} were never sent; "
        f"{attempts:.2f} attempts per transaction; circuits opened {opened:,} times"
    )
    return Judged(words, not failed and attempts <= MOST_ATTEMPTS)


def recovery(report: Report) -> Judged:
    """The first scale works as it did before."""
    return every(report, (AFTER,))


SCENARIO = Scenario(
    name="high-volume",
    question="How much does it take when many write at once, and what gives way first?",
    users=tuple(user for pair in SCALES.values() for user in pair),
    brief=("--users", "120", "--run-time", "45s"),
    shape=shape,
    expectations=(
        Expectation("usual volume", "all of 20 concurrent submits and 8 concurrent model stores succeed", first_scale),
        Expectation("more messages", "every message succeeds at ten and at a hundred times as many", messages),
        Expectation("no collapse", "ten times the writers get as much done per second as before, or more", goodput),
        Expectation(
            "protection",
            f"no model that was begun fails, and its transactions take {MOST_ATTEMPTS:g} attempts or fewer in the mean",
            protection,
        ),
        Expectation("recovery", "all operations succeed at the first scale afterwards", recovery),
    ),
    instead_of=frozenset({"requests", "success"}),
)
