"""Reads a gate. The grammar is lark's, which is imported at the first gate: it takes 80 ms, and few runs name one."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from config.gates.language import BARE, DOLLAR, EVERY, SECONDS, UNITS, Argument, Call, Gate, GateError, Quantity

if TYPE_CHECKING:
    from lark import Lark, Token
    from lark.exceptions import UnexpectedInput

LONGEST: Final = 500
"""Characters of a gate at most: what is longer is no gate, and would not fit a line."""


def _any_of(words: Iterable[str]) -> str:
    return " | ".join(f'"{word}"' for word in words)


GRAMMAR: Final = rf"""
gate: call COMPARISON quantity [abort]
call: METRIC ["(" argument ("," argument)* ")"]
?argument: EVERY | NAME | QUOTED
?quantity: measured | dollars
measured: NUMBER [UNIT]
dollars: "$" NUMBER
abort: "abort" ["after" duration]
duration: NUMBER DURATION

COMPARISON: "<=" | ">=" | "==" | "<" | ">"
METRIC: /[a-z][a-z0-9_]*(\.[0-9]+)?/
EVERY: "*"
NAME: /{BARE}/
QUOTED: /"[^"\x00-\x1f\x7f-\x9f\u2028\u2029]+"/
NUMBER: /[0-9]{{1,12}}(\.[0-9]{{1,6}})?(?![0-9.])/
UNIT: {_any_of(UNITS)}
DURATION: {_any_of(SECONDS)}
%ignore /[ \t]+/
"""

WORDS: Final = {
    "METRIC": "a metric such as p95(hcs.submit)",
    "COMPARISON": "one of < <= > >= ==",
    "NUMBER": "a number",
    "NAME": "an operation",
    "QUOTED": "",
    "EVERY": "*",
    "UNIT": f"a unit ({' '.join(UNITS)})",
    "DURATION": f"a unit of time ({' '.join(SECONDS)})",
    "LPAR": '"("',
    "RPAR": '")"',
    "COMMA": '","',
    "DOLLAR": '"$"',
    "ABORT": '"abort"',
    "AFTER": '"after"',
    "$END": "its end",
}
"""What could have stood where something else does, in words."""


def parse_gate(text: str) -> Gate:
    """Read one gate.

    Raises:
        GateError: it is none; with where, what stands there, and what could.
    """
    from lark.exceptions import UnexpectedInput

    if len(text) > LONGEST:
        raise GateError(LONGEST + 1, f"a gate has at most {LONGEST} characters")
    try:
        tree = _lark().parse(text)
    except UnexpectedInput as error:
        raise _fault(text, error) from None
    return _gate(tree)


@cache
def _lark() -> Lark:
    from lark import Lark

    return Lark(GRAMMAR, start="gate", parser="lalr", maybe_placeholders=True)


def _gate(tree: Any) -> Gate:
    call, comparison, quantity, abort = tree.children
    metric, *arguments = (token for token in call.children if token is not None)
    aborts = abort is not None
    grace = abort.children[0] if aborts else None
    return Gate(
        Call(str(metric), tuple(_argument(token) for token in arguments), metric.column),
        str(comparison),
        _quantity(quantity),
        aborts,
        None if grace is None else _quantity(grace),
    )


def _argument(token: Token) -> Argument:
    if token.type == "EVERY":
        return Argument(EVERY, every=True, column=token.column or 1)
    text = token[1:-1] if token.type == "QUOTED" else str(token)
    return Argument(text, column=token.column or 1)


def _quantity(tree: Any) -> Quantity:
    number, *unit = tree.children
    named = DOLLAR if tree.data == "dollars" else str(unit[0]) if unit and unit[0] is not None else ""
    return Quantity(str(number), named, number.column or 1)


def _fault(text: str, error: UnexpectedInput) -> GateError:
    """Where a text stops to be a gate."""
    at = min(max(0, error.pos_in_stream or 0), len(text))
    token = getattr(error, "token", None)
    if token is not None and token.type == "$END":
        at = len(text.rstrip(" \t"))
    allowed: set[str] = next(
        (set(names) for kind in ("accepts", "expected", "allowed") if (names := getattr(error, kind, None))), set()
    )
    found = repr(text[at]) if at < len(text) else "nothing more"
    wanted = " or ".join(words for name, words in WORDS.items() if name in allowed and words)
    return GateError(at + 1, f"{found} stands where {wanted or 'a gate'} should; see docs/gates.md")
