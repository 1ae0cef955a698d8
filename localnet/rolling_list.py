"""A list that forgets its oldest items and still counts them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class RollingList(Generic[T]):
    """Items in the order they came. An item's index never changes, also when older ones are forgotten."""

    def __init__(self) -> None:
        self._items: list[T] = []
        self.forgotten = 0

    def __len__(self) -> int:
        return len(self._items)

    @property
    def end(self) -> int:
        """Index that the next item will have; the number of items there ever were."""
        return self.forgotten + len(self._items)

    def append(self, item: T) -> None:
        """Add an item."""
        self._items.append(item)

    def insert(self, item: T, key: Callable[[T], int]) -> None:
        """Add an item at its place by `key`, behind those of the same key."""
        if not self._items or key(self._items[-1]) <= key(item):
            self._items.append(item)
        else:
            self._items.insert(bisect_right(self._items, key(item), key=key), item)

    def __getitem__(self, index: int) -> T:
        """The item with this index.

        Raises:
            IndexError: it is forgotten, or not there yet.
        """
        if index < self.forgotten:
            raise IndexError(index)
        return self._items[index - self.forgotten]

    def get(self, index: int) -> T | None:
        """The item with this index; None if it is forgotten, or not there yet."""
        place = index - self.forgotten
        return self._items[place] if 0 <= place < len(self._items) else None

    def first_index(self, value: int, key: Callable[[T], int]) -> int:
        """Index of the first remembered item whose `key` is at least `value`; items must be in the order of `key`."""
        return self.forgotten + bisect_left(self._items, value, key=key)

    def span(self, start: int, stop: int, *, descending: bool = False) -> Iterator[T]:
        """The remembered items with start <= index < stop, newest first if `descending`."""
        indices = range(max(start, self.forgotten), min(stop, self.end))
        for index in reversed(indices) if descending else indices:
            yield self._items[index - self.forgotten]

    def forget(self, count: int) -> list[T]:
        """Forget the oldest `count` items and return them."""
        gone = self._items[:count]
        del self._items[:count]
        self.forgotten += len(gone)
        return gone
