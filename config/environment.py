"""Environment variables that look like options but are not: a misspelt name must not change a run silently."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final, NamedTuple

OPTION: Final = "LOCUST_"
CREDENTIAL: Final = "OPERATOR_"

CREDENTIALS: Final = ("OPERATOR_ID", "OPERATOR_KEY", "OPERATOR_KEY_TYPE")

LOCUSTS_OWN: Final = frozenset(
    {
        "LOCUST_MASTER_NODE_HOST",
        "LOCUST_MASTER_NODE_PORT",
        "LOCUST_PLAYWRIGHT",
        "LOCUST_SKIP_MONKEY_PATCH",
        "LOCUST_SKIP_URLLIB",
        "LOCUST_USER_CLASSES",
        "LOCUST_WAIT_FOR_WORKERS_REPORT_AFTER_RAMP_UP",
        "LOCUST_WORKER_ADDITIONAL_WAIT_BEFORE_READY_AFTER_STOP",
    }
)
"""Variables that Locust 2.47 reads beside those of its options (argument_parser.py, runners.py, __init__.py)."""

_KUBERNETES: Final = re.compile(r".+_(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)")
"""Variables that Kubernetes sets in every container for a service named `locust-…` (kubelet, service environment)."""

_ALIKE: Final = 0.8
"""Similarity from which a name counts as a misspelling; `NETWROK` and `NETWORK` have 0.86."""


class Strange(NamedTuple):
    """Warnings about variables that nothing reads.

    Attributes:
        slips: Lines on probable misspellings; a run is refused while there is one.
        unknown: Lines on the others.
    """

    slips: list[str]
    unknown: list[str]


def strange_variables(names: Iterable[str], options: Iterable[str]) -> Strange:
    """Check the names of the environment's variables.

    Args:
        names: Of the variables that are set.
        options: Of the variables that options are read from, Locust's and this project's.
    """
    known = {OPTION: LOCUSTS_OWN | set(options), CREDENTIAL: frozenset(CREDENTIALS)}
    found = Strange([], [])
    for name in sorted(names):
        prefix = next((one for one in known if name.upper().startswith(one)), None)
        if prefix is None or name in known[prefix] or _KUBERNETES.fullmatch(name):
            continue
        meant = _meant(name[len(prefix) :], [one.removeprefix(prefix) for one in known[prefix]])
        if meant:
            found.slips.append(f"{name}: no option is read from this variable; did you mean {prefix}{meant}?")
        elif prefix == OPTION:  # OPERATOR_… may belong to other software
            found.unknown.append(
                f"{name} is ignored: no option is read from this variable (`python -m config` lists them)"
            )
    return found


def _meant(name: str, known: Iterable[str]) -> str:
    """The known name that is most similar; "" where none is similar enough."""
    bare = name.upper().replace("_", "").replace("-", "")

    def likeness(one: str) -> float:
        other = one.replace("_", "")
        if sorted(bare) == sorted(other):
            return 1.0  # the same letters in another order, which the matcher rates low in short names
        return SequenceMatcher(None, bare, other).ratio()

    best = max(known, key=likeness, default="")
    return best if likeness(best) >= _ALIKE else ""
