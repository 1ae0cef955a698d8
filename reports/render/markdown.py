"""A report as Markdown, short enough for a comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from reports.judge import collisions, connections, mirror_streams, patience
from reports.judge.audit import doubt_of, integrity_faults, unreported
from reports.judge.phrases import milliseconds
from reports.render import head, words
from reports.render.views import namer

MAX_ERRORS: Final = 5

MAX_MESSAGE: Final = 160
"""Characters of a message from outside; the HTML has all of them."""

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#+!|<>~@&])")


def render_markdown(report: Mapping[str, Any]) -> str:
    """Return the Markdown of a report."""
    run = report["run"]
    parts = [f"## {text(run['headline'])}", "", text(head.sentence(report)), "", _state(run), ""]
    for told in run.get("answers", [])[1:]:
        parts += [f"{text(told['question'])} {text(told['answer'])}", ""]
    if run.get("limit"):
        parts += [text(run["limit"]["sentence"]), ""]
    parts += _overhead(report["overhead"])
    parts += _operations(report)
    parts += _accounting(report["accounting"])
    told = connections.in_words(report["resilience"].get("connections", []))
    parts += [f"- {text(words)}" for words in patience.in_words(report["operations"])]
    parts += [text(told), ""] if told else []
    streams = mirror_streams.in_words(report["resilience"].get("mirror_streams", []))
    parts += [f"⚠ {text(streams)}", ""] if streams else []
    parts += _audit(report["audit"])
    parts += [f"- ⚠ {text(words)}." for words in collisions.told(report)]
    parts += _errors(report["errors"])
    parts += [f"- ⚠ {text(warning)}" for warning in report["resources"]["warnings"]]
    parts += [_provenance(report), ""]
    return "\n".join(parts)


def text(value: object) -> str:
    """Anything as one line of plain text: what came from the network cannot become Markdown or HTML."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(value).split())).replace("\\<", "&lt;").replace("\\&", "&amp;")


def _state(run: Mapping[str, Any]) -> str:
    failed = [check for check in run["checks"] if not check["passed"]]
    if not failed:
        return "**Passed** (exit code 0)"
    return f"**{words.state(run['exit_code'])[0]}** (exit code {run['exit_code']}): " + "; ".join(
        f"{text(check['name'])}: {text(check['detail'])}" for check in failed
    )


def _overhead(entries: Iterable[Mapping[str, Any]]) -> list[str]:
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


def _estimate(estimate: Mapping[str, Any], show: Any) -> str:
    if estimate["estimate"] is None:
        return "cannot tell"
    if estimate["ci95"] is None:
        return str(show(estimate["estimate"]))
    return f"{show(estimate['estimate'])} ({show(estimate['ci95'][0])} to {show(estimate['ci95'][1])})"


def _operations(report: Mapping[str, Any]) -> list[str]:
    name_of = namer(report)
    rows = []
    for entry in report["operations"]:
        latency = entry["latency_ms"]
        rows.append(
            [
                text(name_of(entry)),
                *(f"{entry[name]:,}" for name in ("succeeded", "failed", "rejected", "unknown")),
                f"{entry['throughput_per_s']:.1f}",
                *(milliseconds(latency[name]) if latency else "–" for name in ("p50", "p95", "p99")),
            ]
        )
    return _table(["Operation", "succeeded", "failed", "rejected", "unknown", "per s", "p50", "p95", "p99"], rows)


def _table(heads: list[str], rows: list[list[str]]) -> list[str]:
    if not rows:
        return []
    lines = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines] + [""]


def _accounting(accounting: Mapping[str, Any]) -> list[str]:
    if accounting["balanced"]:
        arrivals = accounting.get("arrivals")
        due = f" of {arrivals['due']:,} that were due ({arrivals['shed']:,} shed)" if arrivals else ""
        return [f"- Accounting: all {accounting['started']:,} started operations{due} are accounted for."]
    return [f"- ⚠ Accounting: {text(reason)}" for reason in accounting["reasons"]]


def _audit(audit: Mapping[str, Any]) -> list[str]:
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


def _errors(entries: list[Mapping[str, Any]]) -> list[str]:
    lines = [
        f"- {entry['count']:,} × {text(entry['operation'])}: {text(entry['status'])} – {text(_why(entry))}"
        for entry in entries[:MAX_ERRORS]
    ]
    if len(entries) > MAX_ERRORS:
        lines.append(f"- … and {len(entries) - MAX_ERRORS} more kinds of error")
    return lines


def _why(entry: Mapping[str, Any]) -> str:
    """The first sentence of the cause, or what was said where the cause is not known."""
    cause: str | None = entry["cause"]
    return str(entry["message"])[:MAX_MESSAGE] if cause is None else cause.partition(". ")[0].rstrip(".") + "."


def _provenance(report: Mapping[str, Any]) -> str:
    """What the first sentence leaves out of the head, in small print."""
    told = [f"{fact.term}: {fact.value}{f' ({fact.besides})' if fact.besides else ''}" for fact in head.facts(report)]
    told = [report["run"]["id"], *told, f"seed {report['run']['seed']}"]
    return f"\n<sub>{text(' · '.join(told))}</sub>"
