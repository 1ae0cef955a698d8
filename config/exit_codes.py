"""The table of exit codes. Users' scripts rely on them.

`python -m config` and the commands' `--help` show it; the README and docs/exit-codes.md hold it as Markdown
(`python -m config exit-codes`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import Final, NamedTuple


class ExitCode(IntEnum):
    """Exit codes of `locust` with this project, and of `python -m reports`."""

    PASSED = 0
    FAILED = 1
    CONFIGURATION = 2
    AUDIT = 3
    BUDGET = 4
    INCONCLUSIVE = 5


class Meaning(NamedTuple):
    """When a run ends with a code, and what to do then."""

    when: str
    remedy: str


MEANINGS: Final[dict[ExitCode, Meaning]] = {
    ExitCode.PASSED: Meaning("everything that was asked for held", "nothing"),
    ExitCode.FAILED: Meaning(
        "requests or a gate failed, the run could not be set up on the network, or its report could not be written",
        "read the failed checks, which stand below the verdict; a report that is missing: the last lines say where its "
        "data still are",
    ),
    ExitCode.CONFIGURATION: Meaning(
        "wrong configuration, or a network, operator or baseline that is not as the run needs it: nothing was started, "
        "nothing was paid",
        "mend what the lines on standard error name",
    ),
    ExitCode.AUDIT: Meaning(
        "the audit found messages lost, duplicated, out of order or corrupted",
        "read the report's audit: it names the messages",
    ),
    ExitCode.BUDGET: Meaning("stopped by the budget (reserved: no run ends with it yet)", "raise the budget"),
    ExitCode.INCONCLUSIVE: Meaning(
        "inconclusive: too little happened, less than the asked-for rate was kept, a gate cannot be told, or the "
        "mirror could not be read",
        "run longer, or with more users; where only the mirror was away: `python -m reports audit RUN_DIR`",
    ),
}
"""The meaning of each code, short enough for a table's cell."""


def as_markdown() -> str:
    """The table in Markdown."""
    rows = [f"| {int(code)} | {when} | {remedy} |" for code, (when, remedy) in MEANINGS.items()]
    return "\n".join(["| exit code | when | what to do |", "|---|---|---|", *rows]) + "\n"


def as_text(codes: Iterable[ExitCode] = tuple(ExitCode)) -> str:
    """The table for a terminal: one line for each of some codes."""
    return "\n".join(["exit codes:", *_lines(codes)]) + "\n"


def page() -> str:
    """The content of docs/exit-codes.md."""
    return f"""# Exit codes

What `locust` ends with when it runs this project. `python -m reports audit` ends with 0, 1, 2, 3 or 5 in the same
sense. Where several apply, what weighs most counts: 2 before anything has begun, then 3, 1, 5.

{as_markdown()}
A signal that comes a second time ends a run at once with 128 plus its number, as shells do. Locust itself ends with 1
or 255 where one of its own options is wrong in a way that it finds after its command line was read, such as the name of
a user class that is not there.

This page is written by `python -m config exit-codes`; the table is `config/exit_codes.py`.
"""


def _lines(codes: Iterable[ExitCode]) -> Iterator[str]:
    for code in codes:
        yield f"  {int(code)}  {MEANINGS[code].when}"
