"""The share of failures among the calls of the last seconds."""

from __future__ import annotations

from collections import deque

SLICES = 10
"""Parts of a window. The oldest part leaves as a whole, so the window holds nine to ten tenths of its length."""


class FailureWindow:
    """A sliding window over calls, in slices, so that its size does not grow with the rate of calls.

    Args:
        length: Seconds it looks back; more than 0.
    """

    def __init__(self, length: float) -> None:
        self._slice_length = length / SLICES
        self._slices: deque[list[int]] = deque()  # of [number of the slice, calls, failures], oldest first
        self.calls = 0
        """Calls in the window when it was last added to."""
        self.failures = 0
        """Failures among them."""

    def add(self, now: float, *, failed: bool) -> None:
        """Count one call that ended at `now` (seconds of a clock that does not go back)."""
        number = int(now // self._slice_length)
        if not self._slices or self._slices[-1][0] != number:
            self._slices.append([number, 0, 0])
            self._drop_before(number - SLICES + 1)
        newest = self._slices[-1]
        newest[1] += 1
        self.calls += 1
        if failed:
            newest[2] += 1
            self.failures += 1

    @property
    def ratio(self) -> float:
        """Failures per call, 0.0 to 1.0; 0.0 while it is empty."""
        return self.failures / self.calls if self.calls else 0.0

    def clear(self) -> None:
        """Forget every call."""
        self._slices.clear()
        self.calls = self.failures = 0

    def _drop_before(self, number: int) -> None:
        """Forget the slices before slice `number`."""
        while self._slices[0][0] < number:
            _, calls, failures = self._slices.popleft()
            self.calls -= calls
            self.failures -= failures
