"""Options that conflict though each is valid: contradictions, which are refused, and options without effect.

An option counts as given where it differs from its default. A contradiction is refused because the run would answer
another question than the one asked, or fail after it was paid for. An option without effect is only reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from config.secrets import without_secrets
from config.settings import RunSettings
from config.shapes import CAPACITY


class Part(NamedTuple):
    """A part of a run, which the options of it need.

    Attributes:
        needs: What switches it on, as the remedy names it.
        is_on: Whether a run has it.
        options: Fields that have an effect only then.
    """

    needs: str
    is_on: Callable[[RunSettings], bool]
    options: tuple[str, ...]


PARTS: Final = (
    Part(
        "--network localnet",
        lambda run: run.network == "localnet",
        ("localnet_latency", "localnet_consensus_delay", "localnet_throttles", "localnet_limits"),
    ),
    Part("--scenario", lambda run: bool(run.scenario), ("drills", "edge_faults")),
    Part("--arrival-rate", lambda run: run.arrival_rate > 0, ("least_rate", "arrival_patience")),
    Part("--attempts of 2 or more", lambda run: run.attempts > 1, ("backoff", "backoff_max", "retry_budget")),
    Part("--queue", lambda run: run.queue > 0, ("queue_expiry",)),
    Part("no --arrival-rate, under which nobody thinks,", lambda run: run.arrival_rate == 0, ("think_time",)),
)
"""Options of a part that is switched off have no effect."""


def contradictions(run: RunSettings) -> list[str]:
    """Contradictions, one line each: options, values, remedy."""
    return list(_contradictions(run))


def without_effect(run: RunSettings) -> list[str]:
    """Options that were given and have no effect in this run, one line each."""
    return [
        f"{told(run, name)} has no effect: it needs {part.needs}"
        for part in PARTS
        if not part.is_on(run)
        for name in part.options
        if given(run, name)
    ]


def _contradictions(run: RunSettings) -> Iterator[str]:
    if run.arrivals == "poisson" and not run.arrival_rate:
        yield "--arrivals 'poisson': it says how the operations of --arrival-rate are spread; give a rate too"
    if run.shape.partition(":")[0] == CAPACITY and not run.arrival_rate:
        yield (
            f"{told(run, 'shape')}: it searches among rates; give the highest that it may try with --arrival-rate, "
            "such as 5000"
        )
    if run.network == "localnet" and run.localnet_latency != "standard" and given(run, "localnet_consensus_delay"):
        yield (
            f"{told(run, 'localnet_consensus_delay')}: --localnet-latency {run.localnet_latency!r} has times of its "
            "own; leave one of the two out"
        )
    if run.backoff > run.backoff_max and run.attempts > 1:
        yield (
            f"--backoff {run.backoff:g}: the first wait is longer than --backoff-max {run.backoff_max:g} allows any; "
            "raise that too"
        )
    if run.with_hedera and run.baseline == "sqlite":
        yield (
            f"{told(run, 'with_hedera')}: it would be compared with a write to a local database; name the same "
            "operation of your application without Hedera by --baseline http:URL, python:module:callable or fixed:51ms"
        )
    if run.receipt_interval > run.confirm_timeout:
        yield (
            f"--receipt-interval {run.receipt_interval:g}: --confirm-timeout {run.confirm_timeout:g} is over before "
            "the second look; make it longer"
        )


def given(run: RunSettings, name: str) -> bool:
    """Whether an option differs from its default."""
    return bool(getattr(run, name) != type(run).model_fields[name].default)


def told(run: RunSettings, name: str) -> str:
    """An option and its value as typed on a command line, without the secrets of a URL."""
    value: Any = getattr(run, name)
    if isinstance(value, tuple):
        value = ",".join(value)
    shown = repr(value) if isinstance(value, str) else f"{value:g}"
    return without_secrets(f"--{name.replace('_', '-')} {shown}")
