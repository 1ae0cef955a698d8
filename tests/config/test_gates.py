"""The language of gates: what parses prints back to itself, what does not gets one line with the position."""

from __future__ import annotations

from locust.argument_parser import get_parser

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.gates.language import (
    BARE,
    COMPARISONS,
    DOLLAR,
    EVERY,
    SECONDS,
    UNITS,
    Argument,
    Call,
    Gate,
    GateError,
    Quantity,
)
from config.gates.parser import LONGEST, parse_gate
from config.gates.reading import expressions, faults_of, split, written
from config.options import add_options
from config.parsing import SettingsError, parse_settings

NUMBERS = st.from_regex(r"[0-9]{1,12}(\.[0-9]{1,6})?", fullmatch=True)
QUOTABLE = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters='"'), min_size=1, max_size=20)
NAMES = st.one_of(st.from_regex(BARE, fullmatch=True).filter(str.isascii), QUOTABLE, st.just("two words; one name"))
ARGUMENTS = st.one_of(st.builds(Argument, NAMES), st.just(Argument(EVERY, every=True)))
CALLS = st.builds(
    Call,
    st.from_regex(r"[a-z][a-z0-9_]{0,15}(\.[0-9]{1,3})?", fullmatch=True).filter(str.isascii),
    st.lists(ARGUMENTS, max_size=3).map(tuple),
)
QUANTITIES = st.builds(Quantity, NUMBERS.filter(str.isascii), st.sampled_from(["", DOLLAR, *UNITS]))
GRACES = st.none() | st.builds(Quantity, NUMBERS.filter(str.isascii), st.sampled_from([*SECONDS]))
COMPARING = st.sampled_from([*COMPARISONS])
GATES = st.one_of(
    st.builds(Gate, CALLS, COMPARING, QUANTITIES), st.builds(Gate, CALLS, COMPARING, QUANTITIES, st.just(True), GRACES)
)


@given(GATES)
def test_what_a_gate_prints_is_the_gate(gate: Gate) -> None:
    """Every gate can be written, and reads back as itself."""
    assert parse_gate(str(gate)) == gate
    assert split(f"{gate}; {gate}") == [str(gate), str(gate)], "also beside another one"


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A gate with characters put in, left out or exchanged."""
    text = str(draw(GATES))
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(st.text(max_size=3)) + text[at + draw(st.integers(0, 3)) :]


def parsed_or_refused(text: str) -> Gate | GateError:
    """The gate, or why it is none; nothing else may come of a text."""
    try:
        return parse_gate(text)
    except GateError as error:
        return error


@given(st.one_of(damaged(), st.text(max_size=60), st.text('p95(x)<>= 5s%*$".,;abortfe', max_size=40)))
def test_every_text_is_a_gate_or_gets_one_line_with_the_position(text: str) -> None:
    """What parses prints to what parses to the same; everything else is told where it stops to be a gate."""
    read = parsed_or_refused(text)
    if isinstance(read, GateError):
        assert 1 <= read.column <= len(text) + 1
        assert str(read).startswith(f"column {read.column}: ")
        assert len(str(read).splitlines()) == 1
    else:
        assert parse_gate(str(read)) == read
        assert str(parse_gate(str(read))) == str(read)


@pytest.mark.parametrize(
    "text",
    [
        "p95(hcs.submit.receipt) < 5s",
        "overhead(audit-event, receipt) < 300%",
        "error_rate(*) < 1%",
        "rate_kept >= 95%",
        "lost == 0",
        "rss_growth < 1%",
        "cost_per_1000(hcs.submit) < $0.30",
        'p99.9("connect.node 0.0.3") <= 3ms abort after 2m',
        "rate(hcs.submit) > 50/s abort",
    ],
)
def test_the_gates_of_the_documentation(text: str) -> None:
    """As they stand, and with other blanks."""
    assert str(parse_gate(text)) == text
    assert str(parse_gate(f" \t{text.replace('<', '  <  ').replace('(', ' ( ')} ".replace("  <  =", " <= "))) == text


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("", 1, "nothing more stands where a metric"),
        ("p95(x < 5s", 7, """'<' stands where ")" or "," should"""),
        ("p95(x) = 5s", 8, "'=' stands where one of < <= > >= == should"),
        ("p95() < 5s", 5, "')' stands where an operation or * should"),
        ("p95(x) < 5 parsecs", 12, "'p' stands where a unit (us ms s m h % /s MB hbar)"),
        ("lost == 0 abort after 5", 24, "nothing more stands where a unit of time"),
        ("lost", 5, "nothing more stands where one of < <= > >= =="),
        ("lost == 0\n", 10, "'\\n' stands where"),
        (f"lost == {' ' * LONGEST}0", LONGEST + 1, "at most 500 characters"),
    ],
)
def test_a_slip_is_told_with_its_place(text: str, column: int, says: str) -> None:
    """What stands there, and what could."""
    with pytest.raises(GateError) as raised:
        parse_gate(text)
    assert raised.value.column == column
    assert says in raised.value.what


def test_a_gate_says_how_long_it_waits() -> None:
    """10 s, unless it says otherwise; one that ends no run waits for its end."""
    graces = [parse_gate(f"lost == 0 abort{after}").grace_s for after in ("", " after 0s", " after 2m", " after 500ms")]
    assert graces == [10.0, 0.0, 120.0, 0.5]
    assert not parse_gate("lost == 0").aborts


def test_a_file_has_a_gate_in_each_line(tmp_path: Path) -> None:
    """Comments and empty lines are none; a line may hold several; each counts once, whoever named it."""
    file = tmp_path / "gates.txt"
    file.write_text("# release\n\nlost == 0;  p95(hcs.submit)<5s\n  # more\nlost==0\n")
    assert expressions("error_rate(*) < 1%; lost == 0", str(file)) == (
        "error_rate(*) < 1%",
        "lost == 0",
        "p95(hcs.submit) < 5s",
    )
    assert [one.place for one in written("", str(file))] == [f"--gates '{file}', line {n}:" for n in (3, 3, 5)]
    file.write_text("lost == 0\nlost = 0\n\np95(x < 5s\n")
    assert faults_of("", str(file)) == [
        f"--gates '{file}', line 2: 'lost = 0': column 6: '=' stands where one of < <= > >= == or \"(\" should; "
        "see docs/gates.md",
        f"--gates '{file}', line 4: 'p95(x < 5s': column 7: '<' stands where \")\" or \",\" should; see docs/gates.md",
    ]


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b"lost == 0\n" * 20_000])
def test_a_file_that_holds_no_gates_is_refused(tmp_path: Path, content: bytes | None) -> None:
    """One that is not there, is no text, or is something else altogether."""
    file = tmp_path / "gates.txt"
    if content is not None:
        file.write_bytes(content)
    (line,) = faults_of("", str(file))
    assert line.startswith(f"--gates '{file}': ")
    assert "name a text file" in line


@pytest.mark.parametrize("way", ["twice", "once", "variable", "profile"])
def test_each_way_of_naming_gates(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option given twice, several in one, a variable, a profile; Locust's own parser reads them."""
    both = "p95(hcs.submit) < 5s; lost == 0"
    profile = tmp_path / "gates.conf"
    profile.write_text(f"gate = {both}\n")
    if way == "variable":
        monkeypatch.setenv("LOCUST_GATE", both)
    arguments = {
        "twice": ["--gate", "p95(hcs.submit) < 5s", "--gate=lost == 0"],
        "once": ["--gate", both],
        "variable": [],
        "profile": ["--config", str(profile)],
    }
    parser: Any = get_parser()
    add_options(parser)
    options, _ = parser.parse_known_args(arguments[way])
    assert parse_settings(vars(options)).gate == both


def test_settings_tell_all_that_is_wrong_at_once() -> None:
    """Of several gates, and of other options that are read from files."""
    with pytest.raises(SettingsError) as raised:
        parse_settings({"gate": "lost = 0; p95(x) < 1s; rate(x > 2", "gates": ""})
    assert [fault.split(": column")[0] for fault in raised.value.faults] == ["--gate 'lost = 0'", "--gate 'rate(x > 2'"]
