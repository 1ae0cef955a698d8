"""What the guard rests on in pybreaker and tenacity, so that an upgrade that changes it fails here, by name."""

from __future__ import annotations

import ast
from pathlib import Path

import pybreaker
import pytest
import tenacity

import resilience

ROOM = Path(resilience.__file__).parent


class DownError(Exception):
    """A failure."""


def fail() -> None:
    raise DownError


def listening_circuit(**options: object) -> tuple[pybreaker.CircuitBreaker, list[tuple[str, str]]]:
    moves: list[tuple[str, str]] = []

    class Listener(pybreaker.CircuitBreakerListener):
        def state_change(self, cb, old_state, new_state):
            moves.append((old_state.name, new_state.name))

    return pybreaker.CircuitBreaker(listeners=[Listener()], throw_new_error_on_trip=False, **options), moves


def test_a_replayed_failure_raises_itself_also_on_the_trip():
    """With throw_new_error_on_trip=False the call that trips raises its own error; the listener hears one change."""
    circuit, moves = listening_circuit(fail_max=2)
    for count in (1, 2):
        with pytest.raises(DownError):
            circuit.call(fail)
        assert circuit.fail_counter == count
    assert circuit.current_state == pybreaker.STATE_OPEN == "open"
    assert moves == [("closed", "open")]


def test_a_replayed_success_resets_the_count():
    """A success in the closed state sets the failures in a row to zero."""
    circuit, moves = listening_circuit(fail_max=2)
    with pytest.raises(DownError):
        circuit.call(fail)
    circuit.call(lambda: None)
    assert circuit.fail_counter == 0
    assert moves == []


def test_half_open_can_be_ordered_and_closes_at_the_threshold():
    """`half_open()` is public; successes there count up to success_threshold, a failure opens at once."""
    circuit, moves = listening_circuit(fail_max=1, success_threshold=2)
    circuit.open()
    circuit.half_open()
    circuit.call(lambda: None)
    assert circuit.current_state == pybreaker.STATE_HALF_OPEN == "half-open"
    circuit.call(lambda: None)
    assert circuit.current_state == pybreaker.STATE_CLOSED == "closed"
    circuit.open()
    circuit.half_open()
    with pytest.raises(DownError):
        circuit.call(fail)
    assert moves == [
        ("closed", "open"),
        ("open", "half-open"),
        ("half-open", "closed"),
        ("closed", "open"),
        ("open", "half-open"),
        ("half-open", "open"),
    ]


def test_tenacity_says_the_wait_or_raises_the_error_itself():
    """Told of a failure, its controller asks for the wait and then whether to stop; then it returns the seconds, or
    raises the error's own object, which has no other for its cause.
    """
    asked: list[tuple[str, int, float]] = []

    def stop(state: tenacity.RetryCallState) -> bool:
        asked.append(("stop?", state.attempt_number, state.upcoming_sleep))
        return state.attempt_number == 2

    retrying = tenacity.Retrying(stop=stop, wait=lambda state: 10 * state.attempt_number, reraise=True)
    retrying.begin()
    state = tenacity.RetryCallState(retrying, fn=None, args=(), kwargs={})
    first, second = DownError("first"), DownError("second")
    state.set_exception((DownError, first, None))
    assert state.retry_object.iter(state) == 10.0
    state.prepare_for_next_attempt()
    state.set_exception((DownError, second, None))
    with pytest.raises(DownError) as raised:
        state.retry_object.iter(state)
    assert raised.value is second
    assert (second.__cause__, second.__context__) == (None, None)
    assert asked == [("stop?", 1, 10.0), ("stop?", 2, 20.0)]


def test_only_public_names_of_the_libraries_are_used():
    """The room reads no underscored attribute of an object that is not its own."""
    found = [
        f"{path.name}:{node.lineno} .{node.attr}"
        for path in ROOM.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and ast.unparse(node.value) not in ("self", "super()")
    ]
    assert found == []


def test_statistics_of_tenacity_are_not_read():
    """The `.statistics` of tenacity mix greenlets that share an object; attempts are counted per operation instead."""
    assert not [path.name for path in ROOM.glob("*.py") if ".statistics" in path.read_text()]
