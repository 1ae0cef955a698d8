"""What a client of a JSON-RPC relay does: wallets that move hbar and ask what wallets ask, and readers beside them.

Each wallet checks now and then that its till has exactly what its transfers add up to.
"""

from __future__ import annotations

from typing import Final

from hedera_users.relay_reader import RelayReader
from hedera_users.relay_transfers import CHECK, SEND, RelayTransfers
from reports.schema.report import Report
from scenarios.scenario import Expectation, Judged, Scenario

LIMITED: Final = "RELAY_RATE_LIMITED"


def succeeded(report: Report, names: frozenset[str] | None) -> Judged:
    """Whether operations succeed; `names` are those that count, None for all but transfers and checks."""
    found = [
        one
        for one in report["operations"]
        if one["started"] and (one["name"] in names if names is not None else one["name"] not in (SEND, CHECK))
    ]
    started, done = sum(one["started"] for one in found), sum(one["succeeded"] for one in found)
    slowest = max((one["latency_ms"]["p95"] for one in found if one["latency_ms"]), default=None)
    took = "" if slowest is None else f", p95 {slowest:,.0f} ms at most"
    return Judged(f"{done:,} of {started:,} succeeded{took}", done == started if started else None)


def transfers(report: Report) -> Judged:
    """Every transfer has its receipt."""
    return succeeded(report, frozenset({SEND}))


def reads(report: Report) -> Judged:
    """Every question is answered."""
    return succeeded(report, None)


def balances(report: Report) -> Judged:
    """No check may have found another balance."""
    return succeeded(report, frozenset({CHECK}))


def refusals(report: Report) -> Judged:
    """Whatever the relay refused is called by its code, and a limit by its name."""
    told = {one["status"]: one["count"] for one in report["errors"] if one["operation"].startswith("relay.")}
    limited = report["resilience"]["retries"]["by_status"].get(LIMITED, 0) + told.get(LIMITED, 0)
    nameless = sum(count for status, count in told.items() if not status)
    kinds = ", ".join(f"{status} {count:,}" for status, count in sorted(told.items())) or "none"
    return Judged(f"{limited:,} calls were limited; errors: {kinds}", not nameless)


SCENARIO = Scenario(
    name="relay",
    question="Does what wallets do through the JSON-RPC relay work, how fast, and do the balances add up?",
    users=(RelayTransfers, RelayReader),
    expectations=(
        Expectation("transfers", "every signed transfer is carried out, and has its receipt", transfers),
        Expectation("reads", "every read, fee history, filter of logs and batch is answered", reads),
        Expectation("balances", "each till has exactly what its wallet has sent, at every check", balances),
        Expectation("errors", "every error of the relay is named by its code, a limit by its name", refusals),
    ),
    brief=("--run-time", "20s"),
)
