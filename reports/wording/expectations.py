"""What came of a scenario's expectations, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reports.schema.report import Drill

RESULTS: Final = {True: "passed", False: "failed", None: "cannot tell"}


def left_to(detail: str) -> str:
    """That a check was left to the expectations."""
    return f"left to the scenario's expectations: {detail}"


def answer(entries: Sequence[Drill]) -> str:
    """How many expectations held, and which did not, with what was observed; one sentence."""
    held = sum(entry["passed"] is True for entry in entries)
    others = [entry for entry in entries if entry["passed"] is not True]
    told = "".join(f"; {entry['name']}: {RESULTS[entry['passed']]} ({entry['observed']})" for entry in others)
    return f"{held} of {len(entries)} expectations held{told}."


def suite(tests: int, percent: float, rating: str, duration_s: float) -> str:
    """A suite of tests summed up, as one sentence."""
    return f"{tests} tests, success rate {percent:.4g} %, {rating}, {duration_s:.2f} s."


def injected(entry: Drill) -> str:
    """What was injected for a drill when, and how often it hit; "" for nothing. Those of one kind are told together."""
    told = []
    for kind in dict.fromkeys(fault.get("kind", "") for fault in entry.get("faults", [])):
        faults = [fault for fault in entry.get("faults", []) if fault.get("kind", "") == kind]
        times = ", ".join(
            f"{fault['from_s']:.1f} s to {'the end' if fault['to_s'] is None else format(fault['to_s'], '.1f') + ' s'}"
            for fault in faults
        )
        hits = sum(fault.get("hits", 0) for fault in faults)
        where = " at the client's edge" if any(fault.get("edge") for fault in faults) else ""
        told.append(f"{kind}{where} {times}" + (f", hit {hits:,} times" if hits else ""))
    return "; ".join(told)
