"""Interning: one object for equal values. Under load most transactions are alike, so this saves much memory."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

T = TypeVar("T", bound=Hashable)

_MOST = 4_096


class Interned(dict[T, T]):
    """`interned[value]` is the first of all equal values that it remembers.

    It is a dictionary, so that a lookup takes no call in Python.
    """

    def __missing__(self, value: T) -> T:
        """Remember a value; forget all others when there are too many."""
        if len(self) >= _MOST:
            self.clear()
        self[value] = value
        return value
