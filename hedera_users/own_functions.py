"""Finds functions of the user's own that options name, before anything is paid."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from typing import Any, Final

WRITES: Final = ("kind", "payload")
"""What a function is called with that does the operation without Hedera."""

WRITES_WITH_HEDERA: Final = ("kind", "payload", "topic")
"""What a function is called with that does it with Hedera: the topic is the one to write the payload to."""


def find_function(option: str, target: str, arguments: tuple[str, ...]) -> Callable[..., object]:
    """Return a function that an option names.

    Args:
        option: The option and its value, as typed, for the message.
        target: `package.module:callable`.
        arguments: Names of what it will be called with, by position.

    Raises:
        ValueError: it cannot be imported, or would do nothing when called; one line that names the option, its value
            and the remedy.
    """
    module, _, name = target.partition(":")
    try:
        found: Any = getattr(importlib.import_module(module), name)
    except (Exception, SystemExit) as error:  # importing runs the module, which may raise anything
        why = str(error) if isinstance(error, ImportError | AttributeError) else f"{type(error).__name__}: {error}"
        why = " ".join(why.split())[:300]
        raise ValueError(f"{option}: {why}; name a function that can be imported from here") from error
    why = _why_not_called(found, arguments)
    if why:
        raise ValueError(f"{option}: {why}; name a function that does it when called with ({', '.join(arguments)})")
    called: Callable[..., object] = found
    return called


def _why_not_called(found: Any, arguments: tuple[str, ...]) -> str:
    """Why calling an object would not do what it is for; "" where nothing speaks against it.

    A function of which only a coroutine or generator is made when it is called would be measured as doing nothing.
    """
    if not callable(found):
        return f"it is {type(found).__name__}, no function"
    body = inspect.unwrap(found.func if isinstance(found, functools.partial) else found)
    for one in (body, type(body).__call__):
        if inspect.iscoroutinefunction(one):
            return "it is async, and nobody would await it"
        if inspect.isgeneratorfunction(one) or inspect.isasyncgenfunction(one):
            return "it is a generator, and nobody would run through it"
    try:
        inspect.signature(found).bind(*arguments)
    except TypeError as error:
        return f"it does not take {_NUMBERS[len(arguments)]} arguments ({error})"
    except ValueError:  # a function of C, which does not say what it takes
        return ""
    return ""


_NUMBERS: Final = {2: "two", 3: "three"}


def left_unawaited(answer: object) -> bool:
    """Whether a function returned something that would have to be awaited, which nobody does."""
    if not inspect.isawaitable(answer):
        return False
    if inspect.iscoroutine(answer):
        answer.close()  # else Python warns of every one
    return True
