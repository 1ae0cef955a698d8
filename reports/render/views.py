"""What the HTML shows, read off a report: sentences, bars and tables. Pure; knows no HTML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal

from typing_extensions import TypedDict

from reports.render.words import PHASES
from reports.schema.operations import Operation
from reports.schema.overhead import Overhead
from reports.schema.report import Error, Gate, Report
from reports.schema.resilience import Limits
from reports.schema.run import Check
from reports.schema.timeline import Series
from reports.wording import gates

Named = Operation | Series | Error
"""What has a line of its own under an operation's name."""

Namer = Callable[[Named], str]

OVERLAPPING: Final = ("consensus",)
"""Phases that run beside the others and are no part of the sum."""

REST: Final = "rest"

LEAST_SHARE: Final = 0.0005

_FLOW: Final[tuple[Literal["succeeded", "failed", "rejected", "unknown", "in_flight", "unreported"], ...]] = (
    "succeeded",
    "failed",
    "rejected",
    "unknown",
    "in_flight",
    "unreported",
)


class OverheadCard(Overhead):
    """A comparison as it is drawn.

    Attributes:
        share: Length of each arm's bar, percent of the longer one.
        chart: Number of its charts; None where it has no figures.
    """

    share: dict[str, float]
    chart: int | None


class PhaseRow(TypedDict):
    """Where one operation's time went in the mean, milliseconds."""

    label: str
    total: float
    stack: dict[str, float]
    consensus: float | None


class PhaseChart(TypedDict):
    """All of them, and what the phases are called."""

    rows: list[PhaseRow]
    names: dict[str, str]


class LimiterRow(Limits):
    """One limit, under its limiter's name."""

    name: str


class FlowPart(TypedDict):
    """Where some of the started operations went; `share` in percent."""

    name: str
    count: int
    share: float


def namer(report: Report) -> Namer:
    """How the lines of a report are called: with their confirmation level only where it has several."""
    levels = {entry["confirm"] for entry in report["operations"] if entry["confirm"]}

    def name_of(entry: Named) -> str:
        name = str(entry.get("name") or entry.get("operation"))
        arm = entry["arm"]
        full = name if arm is None else f"{name} · {'Hedera' if arm == 'hedera' else arm}"
        confirm = entry.get("confirm")
        return f"{full} ({confirm})" if confirm and len(levels) > 1 else full

    return name_of


def overhead_entries(report: Report) -> list[Overhead]:
    """The comparisons that have figures."""
    return [entry for entry in report["overhead"] if entry["reason"] is None]


def overhead_cards(report: Report) -> list[OverheadCard]:
    """One card per compared operation and level: two bars to scale, and the number of its charts."""
    cards: list[OverheadCard] = []
    drawn = 0
    for entry in report["overhead"]:
        arms = {"baseline": entry["baseline_ms"], "hedera": entry["hedera_ms"]}
        longest = max((arm["mean"] for arm in arms.values() if arm), default=0.0)
        share = {name: 100 * arm["mean"] / longest if arm and longest else 0 for name, arm in arms.items()}
        cards.append({**entry, "share": share, "chart": None if entry["reason"] else drawn})
        drawn += entry["reason"] is None
    return cards


def phase_names(report: Report) -> list[str]:
    """Every phase that took place, in order; phases that this version has no words for come last."""
    seen = {name for entry in report["operations"] for name, figures in entry["phases_ms"].items() if figures}
    known = [name for name in PHASES if name in seen]
    return known + sorted(seen - set(known))


def phase_words(name: str) -> tuple[str, str]:
    """What a phase is called, and what it is."""
    return PHASES.get(name, (name.replace("_", " ").capitalize(), ""))


def phases(report: Report, name_of: Namer) -> PhaseChart:
    """Mean time per phase of every operation that has phases, with what is left over; milliseconds.

    Where the operation's segments were measured, which add up to its response time, they are shown; otherwise its
    phases, which leave a rest.
    """
    rows: list[PhaseRow] = []
    for entry in report["operations"]:
        spent = _spent(entry)
        total = entry["response_ms"] if entry.get("segments_ms") else entry["latency_ms"]
        if not spent or not total:
            continue
        stack = spent | {REST: max(0.0, total["mean"] - sum(spent.values()))}
        consensus = entry["phases_ms"].get("consensus")
        at = consensus["mean"] if consensus else None
        rows.append({"label": name_of(entry), "total": total["mean"], "stack": stack, "consensus": at})
    used = {name for row in rows for name, took in row["stack"].items() if took > LEAST_SHARE * row["total"]}
    names = [name for name in PHASES if name in used] + sorted(used - set(PHASES))
    for row in rows:
        row["stack"] = {name: row["stack"].get(name, 0.0) for name in names}
    return {"rows": rows, "names": {name: phase_words(name)[0] for name in names}}


def _spent(entry: Operation) -> dict[str, float]:
    """What an operation's time was spent on, in the mean, in parts that do not overlap."""
    segments = entry.get("segments_ms")
    if segments:
        return {name: figures["mean"] for name, figures in segments.items() if figures}
    phases_ms = entry["phases_ms"].items()
    return {name: figures["mean"] for name, figures in phases_ms if figures and name not in OVERLAPPING}


def longest_phase(rows: Sequence[PhaseRow]) -> str:
    """One sentence on where the slowest operation's time goes."""
    slowest = max(rows, key=lambda row: row["total"])
    phase, took = max(slowest["stack"].items(), key=lambda item: item[1])
    share = 100 * took / slowest["total"] if slowest["total"] else 0
    name, meaning = phase_words(phase)
    return (
        f"{slowest['label']} spends {share:.0f} % of its time in “{name.lower()}”{': ' + meaning if meaning else ''}."
    )


def limiter_rows(report: Report) -> list[LimiterRow]:
    """Every limit of every limiter: one that is made of several has a row for each."""
    rows: list[LimiterRow] = []
    for limiter in report["resilience"]["limiters"]:
        limits: Sequence[Limits] = limiter.get("limits") or [limiter]
        for limit in limits:
            rows.append({"busy": 0, "waits": 0, **limit, "name": limiter["name"]})
    return rows


def failed_checks(report: Report) -> list[Check]:
    """The checks that did not hold."""
    return [check for check in report["run"]["checks"] if not check["passed"]]


def observed(gate: Gate) -> str:
    """What was observed of a gate; reports of before say no more than the figure."""
    return gate.get("detail") or gates.value(gate["observed"], gate.get("unit", ""))


def shown_gates(report: Report) -> list[Gate]:
    """The gates that have a line of their own: those that somebody named, and of the default set those not passed."""
    return [gate for gate in report["gates"] if not gate.get("check") or not gate["passed"]]


def held_by_default(report: Report) -> str:
    """The gates of the default set that passed, in one line; "" where there are none."""
    return ", ".join(gate["expression"] for gate in report["gates"] if gate.get("check") and gate["passed"])


def account_flow(report: Report) -> list[FlowPart]:
    """Where started operations went, as shares of a bar; empty when nothing was started."""
    accounting = report["accounting"]
    total = sum(max(0, accounting[name]) for name in _FLOW)
    return [
        {"name": name, "count": accounting[name], "share": 100 * accounting[name] / total}
        for name in _FLOW
        if total and accounting[name] > 0
    ]
