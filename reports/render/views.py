"""What the HTML shows, read off a report: sentences, bars and tables. Pure; knows no HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from reports.render.words import PHASES

Report = Mapping[str, Any]
Namer = Callable[[Mapping[str, Any]], str]

OVERLAPPING: Final = ("consensus",)
"""Phases that run beside the others and are no part of the sum."""

REST: Final = "rest"

LEAST_SHARE: Final = 0.0005


def namer(report: Report) -> Namer:
    """How the lines of a report are called: with their confirmation level only where it has several."""
    levels = {entry["confirm"] for entry in report["operations"] if entry["confirm"]}

    def name_of(entry: Mapping[str, Any]) -> str:
        name = str(entry.get("name") or entry.get("operation"))
        arm = entry["arm"]
        full = name if arm is None else f"{name} · {'Hedera' if arm == 'hedera' else arm}"
        confirm = entry.get("confirm")
        return f"{full} ({confirm})" if confirm and len(levels) > 1 else full

    return name_of


def overhead_entries(report: Report) -> list[Mapping[str, Any]]:
    """The comparisons that have figures."""
    return [entry for entry in report["overhead"] if entry["reason"] is None]


def overhead_cards(report: Report) -> list[dict[str, Any]]:
    """One card per compared operation and level: two bars to scale, and the number of its charts."""
    cards: list[dict[str, Any]] = []
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


def stacked(names: Sequence[str]) -> list[str]:
    """Those of them that add up to the whole."""
    return [name for name in names if name not in OVERLAPPING]


def phase_words(name: str) -> tuple[str, str]:
    """What a phase is called, and what it is."""
    return PHASES.get(name, (name.replace("_", " ").capitalize(), ""))


def phases(report: Report, name_of: Namer) -> dict[str, Any]:
    """Mean time per phase of every operation that has phases, with what is left over; milliseconds."""
    names = stacked(phase_names(report))
    rows = []
    for entry in report["operations"]:
        means = {phase: figures["mean"] for phase, figures in entry["phases_ms"].items() if figures}
        if not means or entry["latency_ms"] is None:
            continue
        total = entry["latency_ms"]["mean"]
        stack = {phase: means.get(phase, 0.0) for phase in names}
        stack[REST] = max(0.0, total - sum(stack.values()))
        rows.append({"label": name_of(entry), "total": total, "stack": stack, "consensus": means.get("consensus")})
    used = [name for name in [*names, REST] if any(row["stack"][name] > LEAST_SHARE * row["total"] for row in rows)]
    return {"rows": rows, "names": {name: phase_words(name)[0] for name in used}}


def longest_phase(rows: Sequence[Mapping[str, Any]]) -> str:
    """One sentence on where the slowest operation's time goes."""
    slowest = max(rows, key=lambda row: float(row["total"]))
    phase, took = max(slowest["stack"].items(), key=lambda item: item[1])
    share = 100 * took / slowest["total"] if slowest["total"] else 0
    name, meaning = phase_words(phase)
    return (
        f"{slowest['label']} spends {share:.0f} % of its time in “{name.lower()}”{': ' + meaning if meaning else ''}."
    )


def failed_checks(report: Report) -> list[Mapping[str, Any]]:
    """The checks that did not hold."""
    return [check for check in report["run"]["checks"] if not check["passed"]]


def account_flow(report: Report) -> list[dict[str, Any]]:
    """Where started operations went, as shares of a bar; empty when nothing was started."""
    accounting = report["accounting"]
    names = ("succeeded", "failed", "rejected", "unknown", "in_flight", "unreported")
    total = sum(max(0, accounting[name]) for name in names)
    return [
        {"name": name, "count": accounting[name], "share": 100 * accounting[name] / total}
        for name in names
        if total and accounting[name] > 0
    ]
