"""One object for equal values: under load most transactions are alike, and this saves much of their memory."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

T = TypeVar("T", bound=Hashable)

_MOST = 4_096


class Shared(dict[T, T]):
    """`shared[value]` is the first of all equal values, as far as it remembers them.

    It is a dictionary, so that finding one takes no call in Python.
    """

    def __missing__(self, value: T) -> T:
        """Remember a value; when there are many, forget all before."""
        if len(self) >= _MOST:
            self.clear()
        self[value] = value
        return value
