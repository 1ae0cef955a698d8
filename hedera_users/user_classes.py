"""Which user classes take part in a run, and whether its network has what they need."""

from __future__ import annotations

from locust import User
from locust.env import Environment

from collections.abc import Iterable
from typing import Any, Final

from config.networks import Network
from config.option_conflicts import given, told
from config.settings import RunSettings

OF_CLASSES: Final = (
    "confirm",
    "baseline",
    "with_hedera",
    "message_bytes",
    "model_bytes",
    "chunk_bytes",
    "hcs1_parallel",
)
"""Options that only some user classes look at; each class says which (`HederaUser.looks_at`)."""

OF_OUR_CLIENT: Final = frozenset({"confirm", "chunk_bytes"})
"""Those of them that an application of the user's own decides by itself: who looks at `--with-hedera` does not look at
these then."""


def leave_out_unnamed(environment: Environment) -> None:
    """Let all user classes take part but those that want to be named, where neither they nor a scenario is named.

    Locust would take all. A locustfile with no other classes keeps them: loading it counts as naming them. Locust's
    class picker in the web form offers all in any case, and takes what is picked.
    """
    options = environment.parsed_options
    if options is None or options.user_classes or getattr(options, "scenario", ""):
        return
    others = [one for one in environment.user_classes if not getattr(one, "by_name_only", False)]
    environment.user_classes = others or environment.user_classes


def named_beside(scenario: str, names: Iterable[str]) -> list[str]:
    """Return one line where user classes are named beside a scenario, which brings its own; empty when all is well."""
    named = " ".join(names)
    if not scenario or not named:
        return []
    return [f"--scenario {scenario!r}: it brings its own user classes; leave {named} out, or the scenario"]


def faults(user_classes: Iterable[type[User]], network: Network) -> list[str]:
    """Return one line for each user class that cannot work on a network; empty when all can."""
    if network.relay is not None:
        return []
    return [
        f"--network {network.name!r}: it has no JSON-RPC relay, which {one.__name__} reads from; "
        f'give the network\'s file a "relay" (its URL), or leave {one.__name__} out'
        for one in user_classes
        if getattr(one, "needs_relay", False)
    ]


def without_effect(user_classes: Iterable[type[User]], settings: RunSettings) -> list[str]:
    """Return one line for each option that was given and that none of a run's user classes looks at."""
    classes = list(user_classes)
    said: list[Any] = [getattr(one, "looks_at", None) for one in classes]
    if None in said:
        return []  # a class from another locustfile does not declare its options
    looked_at = {name for names in said for name in _looked_at(names, settings)}
    names = ", ".join(sorted(one.__name__ for one in classes))
    by_application = {name for declared in said for name in declared} - looked_at
    return [
        f"{told(settings, name)} has no effect: {names} does without it"
        + (" where --with-hedera is given" if name in by_application else "")
        for name in OF_CLASSES
        if name not in looked_at and given(settings, name)
    ]


def _looked_at(names: frozenset[str], settings: RunSettings) -> frozenset[str]:
    """The options of those that a class declares that it looks at in this run."""
    return names - OF_OUR_CLIENT if settings.with_hedera and "with_hedera" in names else names
