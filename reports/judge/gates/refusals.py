"""Finds gates that mean nothing, or that a run cannot have, before the run starts: one line each, with the position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from config.gates.language import Argument, Call, Gate, GateError
from config.gates.parser import parse_gate
from config.gates.reading import written
from config.settings import RunSettings
from records.possible import Possible
from reports.judge.gates.catalogue import METRICS
from reports.judge.gates.metric import EXAMPLES, FACTORS, Metric, Parameter
from reports.judge.gates.metrics.growth import PROCESSES
from reports.judge.gates.metrics.overhead import FIGURES
from reports.judge.gates.subjects import BASELINE, REACHED, named

WHOLE_NUMBERS: Final = ("count",)

Known = Mapping[str, Possible] | None
"""What the users of a run can do; None where they do not say, and may do anything."""


def refusals(settings: RunSettings, possible: Known) -> list[str]:
    """One line for each gate of a run that cannot be judged in it; empty where all can.

    Args:
        settings: Of the run; each of its gates was read.
        possible: What its users can do.
    """
    found = []
    for one in written(settings.gate, settings.gates):
        try:
            check(parse_gate(one.text), settings, possible)
        except GateError as error:
            found.append(one.refused(error))
    return found


def check(gate: Gate, settings: RunSettings, possible: Known) -> None:
    """See that a gate has a meaning in a run.

    Raises:
        GateError: it has none.
    """
    call = gate.call
    metric = METRICS.get(call.metric)
    if metric is None:
        raise GateError(call.column, f"there is no metric {call.metric!r}; use one of {', '.join(METRICS)}")
    _check_bound(gate, metric)
    if gate.aborts and not metric.live:
        raise GateError(call.column, f"{metric.name} is known after the run only; leave abort out")
    if not metric.required <= len(call.arguments) <= len(metric.parameters):
        raise GateError(call.column, f"{metric.name} is written {metric.form}")
    for argument, parameter in zip(call.arguments, metric.parameters, strict=False):
        _check_argument(argument, parameter)
    if metric.name == "rate_kept" and not settings.arrival_rate:
        raise GateError(call.column, "no rate is asked for; give --arrival-rate, or leave this gate out")
    if possible is not None:
        _check_operation(call, metric, possible)


def _check_bound(gate: Gate, metric: Metric) -> None:
    bound = gate.bound
    kind = metric.kind_of(bound.unit)
    if kind is None:
        units = [unit for one in metric.kinds for unit in FACTORS[one] if unit] or ["none"]
        examples = " or ".join(EXAMPLES[one] for one in metric.kinds)
        raise GateError(bound.column, f"{metric.name} has the unit {' or '.join(units)}; write {examples}, not {bound}")
    if kind in WHOLE_NUMBERS and not bound.value.is_integer():
        raise GateError(bound.column, f"{metric.name} counts whole ones; write {EXAMPLES[kind]}, not {bound}")
    if metric.estimate and gate.comparison == "==":
        raise GateError(bound.column, f"{metric.name} is an estimate, which equals nothing; use one of < <= > >=")


def _check_argument(argument: Argument, parameter: Parameter) -> None:
    if argument.every and parameter != "operation or *":
        raise GateError(argument.column, f"* is no {parameter}; name one")
    choices: Mapping[Parameter, Sequence[str]] = {
        "level": (*sorted(REACHED), *FIGURES),
        "figure": FIGURES,
        "process": PROCESSES,
    }
    allowed = choices.get(parameter)
    if allowed is not None and argument.text not in allowed:
        what = "level or figure" if parameter == "level" else parameter
        raise GateError(argument.column, f"{argument.text!r} is no {what}; use one of {', '.join(allowed)}")


def _check_operation(call: Call, metric: Metric, possible: Mapping[str, Possible]) -> None:
    """See that the users of a run do what a gate speaks of, up to the level that it names."""
    if not call.arguments or call.arguments[0].every or "operation" not in metric.parameters[0]:
        return
    argument, *rest = call.arguments
    name, level = named(argument, possible)
    pairs_only = metric.parameters[0] == "paired operation"
    known = {one: what for one, what in possible.items() if what.paired or not pairs_only}
    if name not in known:
        raise GateError(argument.column, _no_such(name, known, pairs_only))
    what = known[name]
    at = next((one for one in rest if one.text in REACHED), None)
    level, column = (at.text, at.column) if at is not None else (level, argument.column)
    sides = {BASELINE} if what.paired and not pairs_only else set[str]()
    if level and level not in what.levels | sides:
        levels = ", ".join(sorted(what.levels)) or "no level"
        raise GateError(column, f"{name} does not go up to {level!r} in this run; it has {levels}")


def _no_such(name: str, known: Mapping[str, Possible], pairs_only: bool) -> str:
    kind = "pairs of " if pairs_only else ""
    some = f"it has {', '.join(known)}" if known else "it has none at all"
    return f"this run has no {kind}{name!r}; {some}"
