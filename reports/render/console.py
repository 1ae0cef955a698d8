"""A report in a few lines for the terminal: the verdict first, the path last. Plain text, no colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from config.exit_codes import ExitCode
from reports.render import head, views, words
from reports.schema.audit import Audit
from reports.schema.operations import Operation
from reports.schema.report import Gate, Report
from reports.wording import capacity, collisions, connections, event_streams, mirror_streams, patience
from reports.wording import expectations as wording
from reports.wording.audit import doubt_of, integrity_faults, unreported
from reports.wording.phrases import milliseconds

GATES: Final = "gates"
"""The check that sums them up."""


def render_console(report: Report, path: str, unwritten: str = "") -> str:
    """Return the summary of a report.

    Args:
        report: The report.
        path: Where its HTML is.
        unwritten: Where its data are instead, in one line, when not all of its files could be written.
    """
    run, accounting = report["run"], report["accounting"]
    failed = [check for check in run["checks"] if not check["passed"]]
    told = [check for check in failed if check["name"] != GATES]  # each of them has a line of its own
    names = [check["name"] for check in failed] + (["report"] if unwritten else [])
    code = run["exit_code"] if not unwritten else code_without_report(run["exit_code"])
    state = ": ".join(filter(None, [words.state(code).upper(), ", ".join(names)]))
    lines = ["", run["headline"], f"{state} (exit code {code})"]
    lines += [f"  {check['name']}: {check['detail']}" for check in told]
    lines += _gates(report["gates"])
    lines += [f"{told['question']} {told['answer']}" for told in run.get("answers", [])[1:]]
    lines += _expectations(report)
    if run.get("limit"):
        lines.append(run["limit"]["sentence"])
    searched = report.get("capacity")
    lines += ["", *(f"  {capacity.line(step)}" for step in searched["steps"])] if searched else []
    lines += ["", head.sentence(report), head.line(report), ""]
    lines += _table(report["operations"])
    unsent = accounting["rejected"] + accounting["shed"]
    lines.append(
        f"{accounting['succeeded']:,} of {accounting['started']:,} operations succeeded in {words.length(run)}; "
        f"{accounting['failed']:,} failed, {accounting['unknown']:,} unknown, {unsent:,} never sent, "
        f"{report['resilience']['retries']['attempts']:,} retries."
    )
    happened = connections.in_words(report["resilience"].get("connections", []))
    lines += patience.in_words(report["operations"])
    lines += [happened] if happened else []
    streams = mirror_streams.in_words(report["resilience"].get("mirror_streams", []))
    lines += [f"Warning: {streams}"] if streams else []
    events = event_streams.in_words(report["resilience"].get("event_streams", []))
    lines += [events] if events else []
    lines.append(_audit_line(report["audit"]))
    lines += [f"Warning: {told}." for told in collisions.told(report)]
    lines += [f"Warning: {warning}" for warning in report["resources"]["warnings"]]
    return "\n".join([*lines, f"Report: {unwritten or path}", ""])


def _gates(gates: Sequence[Gate]) -> list[str]:
    """Each gate that somebody named; those of the default set say what the checks say, and stand in the report."""
    named = [gate for gate in gates if not gate.get("check")]
    width = max((len(wording.RESULTS[gate["passed"]]) for gate in named), default=0)
    return [
        f"  {wording.RESULTS[gate['passed']]:<{width}}  {gate['expression']}: {views.observed(gate)}" for gate in named
    ]


def _expectations(report: Report) -> list[str]:
    """Each expectation's result with what was observed, and the suite in one sentence where there is one."""
    entries = report["drills"]
    width = max((len(wording.RESULTS[entry["passed"]]) for entry in entries), default=0)
    lines = [
        f"  {wording.RESULTS[entry['passed']]:<{width}}  {entry['name']}: {entry['observed']}" for entry in entries
    ]
    suite = report["run"].get("suite")
    return lines + ([suite["sentence"]] if suite else [])


def code_without_report(code: int) -> int:
    """What a run ends with whose report could not be written: 1, unless something weighs more."""
    return int(ExitCode.FAILED if code in (ExitCode.PASSED, ExitCode.INCONCLUSIVE) else code)


def _table(operations: Sequence[Operation]) -> list[str]:
    rows: list[tuple[str, ...]] = [("operation", "arm", "done", "failed", *words.PERCENTILES)]
    levels = {entry["confirm"] for entry in operations if entry["confirm"]}
    for entry in operations:
        level = f" ({entry['confirm']})" if entry["confirm"] and len(levels) > 1 else ""
        latency = entry["latency_ms"]
        times = [milliseconds(latency[name]) if latency else "-" for name in words.PERCENTILES]
        bad = entry["failed"] + entry["unknown"] + entry["rejected"]
        rows.append((f"{entry['name']}{level}", entry["arm"] or "", f"{entry['succeeded']:,}", f"{bad:,}", *times))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  "
        + "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ] + [""]


def _audit_line(audit: Audit) -> str:
    doubt = doubt_of(audit)
    if doubt:
        return "; ".join(filter(None, [f"Audit: {doubt}", *integrity_faults(audit), unreported(audit)]))
    chain = {True: "hash chain verified", False: "HASH CHAIN BROKEN", None: "no hash chain to verify"}
    return (
        f"Audit: {audit['delivered']:,} of {audit['acknowledged']:,} acknowledged messages arrived exactly once; "
        f"{audit['lost']} lost, {audit['duplicated']} duplicated, {audit['out_of_order']} out of order; "
        f"{chain[audit['running_hash_verified']]}{_also(unreported(audit))}."
    )


def _also(told: str) -> str:
    return f"; {told}" if told else ""
