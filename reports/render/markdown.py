"""A report as Markdown, short enough for a comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from reports.render import head, words
from reports.render.views import held_by_default, namer, observed, shown_gates
from reports.schema.accounting import Accounting
from reports.schema.audit import Audit
from reports.schema.capacity import Capacity
from reports.schema.overhead import Estimate, Overhead
from reports.schema.report import Drill, Error, Report
from reports.schema.resources import Trend
from reports.schema.run import Run
from reports.wording import capacity, collisions, connections, event_streams, mirror_streams, patience, trends
from reports.wording.audit import doubt_of, integrity_faults, unreported
from reports.wording.expectations import RESULTS, injected
from reports.wording.phrases import milliseconds

MAX_ERRORS: Final = 5

MAX_MESSAGE: Final = 160
"""Characters of a message from outside; the HTML has all of them."""

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#+!|<>~@&])")


def render_markdown(report: Report) -> str:
    """Return the Markdown of a report."""
    run = report["run"]
    parts = [f"## {text(run['headline'])}", "", text(head.sentence(report)), "", _state(run), ""]
    parts += _gates(report)
    for told in run.get("answers", [])[1:]:
        parts += [f"{text(told['question'])} {text(told['answer'])}", ""]
    if run.get("limit"):
        parts += [text(run["limit"]["sentence"]), ""]
    parts += _expectations(report["drills"])
    parts += [text(report["run"]["suite"]["sentence"]), ""] if "suite" in report["run"] else []
    parts += _capacity(report.get("capacity"))
    parts += _overhead(report["overhead"])
    parts += _operations(report)
    parts += _accounting(report["accounting"])
    happened = connections.in_words(report["resilience"].get("connections", []))
    parts += [f"- {text(words)}" for words in patience.in_words(report["operations"])]
    parts += [text(happened), ""] if happened else []
    streams = mirror_streams.in_words(report["resilience"].get("mirror_streams", []))
    parts += [f"⚠ {text(streams)}", ""] if streams else []
    events = event_streams.in_words(report["resilience"].get("event_streams", []))
    parts += [text(events), ""] if events else []
    parts += _audit(report["audit"])
    parts += [f"- ⚠ {text(words)}." for words in collisions.told(report)]
    parts += _errors(report["errors"])
    parts += _trends(report["resources"].get("trends", []))
    parts += [f"- ⚠ {text(warning)}" for warning in report["resources"]["warnings"]]
    parts += [_provenance(report), ""]
    return "\n".join(parts)


def text(value: object) -> str:
    """Anything as one line of plain text: what came from the network cannot become Markdown or HTML."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(value).split())).replace("\\<", "&lt;").replace("\\&", "&amp;")


def _state(run: Run) -> str:
    failed = [check for check in run["checks"] if not check["passed"]]
    told = "; ".join(f"{text(check['name'])}: {text(check['detail'])}" for check in failed)
    return f"**{words.state(run['exit_code'])}** (exit code {run['exit_code']}){f': {told}' if told else ''}"


def _gates(report: Report) -> list[str]:
    rows = [
        [
            f"{text(gate['expression'])}{' (by default)' if gate.get('check') else ''}",
            text(observed(gate)),
            RESULTS[gate["passed"]],
        ]
        for gate in shown_gates(report)
    ]
    held = held_by_default(report)
    return [*_table(["Gate", "observed", "result"], rows), *([f"Held by default: {text(held)}", ""] if held else [])]


def _expectations(entries: Sequence[Drill]) -> list[str]:
    cells = [
        [text(entry["name"]), text(injected(entry)), text(entry["expected"]), text(entry["observed"])]
        for entry in entries
    ]
    rows = [[*row, RESULTS[entry["passed"]]] for row, entry in zip(cells, entries, strict=True)]
    return _table(["Expectation", "injected", "expected", "observed", "result"], rows)


def _capacity(searched: Capacity | None) -> list[str]:
    """The steps of a search for the highest rate; empty where there was none."""
    if searched is None:
        return []
    rows = [
        [
            *(step["purpose"], f"{capacity.figure(step['asked_per_s'])}/s", f"{step['kept_percent']:.4g} %"),
            *(f"{capacity.figure(step['succeeded_per_s'])}/s", f"{step['turned_away']:,}"),
            f"{step['failed'] + step['rejected'] + step['unknown']:,}",
            *(milliseconds(time) if time is not None else "–" for time in (step["p50_ms"], step["p95_ms"])),
            text(capacity.outcome(step)),
        ]
        for step in searched["steps"]
    ]
    heads = ["Step", "asked", "kept", "succeeded", "turned away", "errors", "p50", "p95", "result"]
    known = [
        f"- Limit beside it: {text(one['name'])} {one['per_s']:,.4g}/s ({text(one['source'])})."
        for one in searched["published"]
    ]
    return [*_table(heads, rows), f"- Good means {capacity.gates(searched['gates'])}.", *known, ""]


def _overhead(entries: Iterable[Overhead]) -> list[str]:
    rows = []
    for entry in entries:
        baseline, hedera = entry["baseline_ms"], entry["hedera_ms"]
        rows.append(
            [
                *(text(entry["operation"]), text(entry["confirm"]), f"{entry['pairs']:,}"),
                *(milliseconds(arm["mean"]) if arm else "–" for arm in (baseline, hedera)),
                _estimate(entry["absolute_ms"], words.signed_ms),
                _estimate(entry["relative_pct"], words.signed_percent),
            ]
        )
    heads = ["Overhead", "measured to", "pairs", "baseline mean", "Hedera mean", "difference (95 %)", "relative (95 %)"]
    return _table(heads, rows)


def _estimate(estimate: Estimate, show: Callable[[float | None], str]) -> str:
    if estimate["estimate"] is None:
        return "cannot tell"
    if estimate["ci95"] is None:
        return show(estimate["estimate"])
    return f"{show(estimate['estimate'])} ({show(estimate['ci95'][0])} to {show(estimate['ci95'][1])})"


def _operations(report: Report) -> list[str]:
    name_of = namer(report)
    rows = []
    for entry in report["operations"]:
        latency = entry["latency_ms"]
        rows.append(
            [
                text(name_of(entry)),
                *(f"{entry[name]:,}" for name in words.ENDS),
                f"{entry['throughput_per_s']:.1f}",
                *(milliseconds(latency[name]) if latency else "–" for name in words.PERCENTILES),
            ]
        )
    return _table(["Operation", "succeeded", "failed", "rejected", "unknown", "per s", "p50", "p95", "p99"], rows)


def _table(heads: list[str], rows: list[list[str]]) -> list[str]:
    if not rows:
        return []
    lines = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines] + [""]


def _accounting(accounting: Accounting) -> list[str]:
    if accounting["balanced"]:
        arrivals = accounting.get("arrivals")
        due = f" of {arrivals['due']:,} that were due ({arrivals['shed']:,} shed)" if arrivals else ""
        return [f"- Accounting: all {accounting['started']:,} started operations{due} are accounted for."]
    return [f"- ⚠ Accounting: {text(reason)}" for reason in accounting["reasons"]]


def _audit(audit: Audit) -> list[str]:
    doubt = doubt_of(audit)
    if doubt:
        return [f"- ⚠ Audit: {text('; '.join(filter(None, [doubt, *integrity_faults(audit), unreported(audit)])))}"]
    chain = {True: "hash chain verified", False: "**hash chain broken**", None: "no hash chain to verify"}
    died = unreported(audit)
    return [
        f"- Audit: {audit['delivered']:,} of {audit['acknowledged']:,} acknowledged messages arrived exactly once; "
        f"{audit['lost']} lost, {audit['duplicated']} duplicated, {audit['out_of_order']} out of order; "
        f"{chain[audit['running_hash_verified']]}{f'; {died}' if died else ''}."
    ]


def _errors(entries: Sequence[Error]) -> list[str]:
    lines = [
        f"- {entry['count']:,} × {text(entry['operation'])}: {text(entry['status'])} – {text(_why(entry))}"
        for entry in entries[:MAX_ERRORS]
    ]
    if len(entries) > MAX_ERRORS:
        lines.append(f"- … and {len(entries) - MAX_ERRORS} more kinds of error")
    return lines


def _trends(entries: Sequence[Trend]) -> list[str]:
    rows = [
        [
            *(text(one["subject"]), one["measure"], trends.percent(one)),
            f"{trends.figure(one['per_hour'])} {one['unit']}" if one["per_hour"] else "–",
            one["verdict"],
        ]
        for one in trends.telling(entries)
    ]
    return ["", *_table(["Growth of", "what", "growth", "per hour (95 %)", "verdict"], rows)] if rows else []


def _why(entry: Error) -> str:
    """The first sentence of the cause, or what was said where the cause is not known."""
    cause = entry["cause"]
    return entry["message"][:MAX_MESSAGE] if cause is None else cause.partition(". ")[0].rstrip(".") + "."


def _provenance(report: Report) -> str:
    """What the first sentence leaves out of the head, in small print."""
    told = [f"{fact.term}: {fact.value}{f' ({fact.besides})' if fact.besides else ''}" for fact in head.facts(report)]
    told = [report["run"]["id"], *told, f"seed {report['run']['seed']}"]
    return f"\n<sub>{text(' · '.join(told))}</sub>"
