"""One object for equal values: under load most transactions are alike, and this saves much of their memory."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)

_MOST = 4_096


class Shared(Generic[T]):
    """Gives the first of all equal values, as far as it remembers them."""

    def __init__(self) -> None:
        self._values: dict[T, T] = {}

    def __call__(self, value: T) -> T:
        """The value, or one equal to it."""
        if len(self._values) >= _MOST:
            self._values.clear()
        return self._values.setdefault(value, value)
