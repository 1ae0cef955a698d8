"""How many retries are affordable: a bucket that retries empty and successes fill.

The figures are those of the AWS SDKs' standard retry mode (botocore/retries/quota.py): 500 tokens; a retry costs 5, one
after a timeout 10; a success at the first attempt gives back 1, a success after retries what its last retry cost. In
an outage the retries of everybody together are bounded by the bucket, however long it lasts and however many ask.
"""

from __future__ import annotations

from typing import Any

from resilience.policies import fault, refuse


class RetryBudget:
    """A bucket of retries that guards of one thread may share.

    Args:
        capacity: Tokens it holds, and begins with; at least 1.
        retry_cost: What a retry takes; at least 1.
        timeout_cost: What a retry after a timeout takes; at least 1.
        success_gain: What a success at the first attempt gives back; at least 0.
        name: Appears in `BudgetExhaustedError`.

    Raises:
        ValueError: one or more values are out of range; the message names each of them.
    """

    def __init__(
        self,
        capacity: int = 500,
        *,
        retry_cost: int = 5,
        timeout_cost: int = 10,
        success_gain: int = 1,
        name: str = "retries",
    ) -> None:
        refuse(
            "RetryBudget",
            [
                fault("capacity", capacity, capacity >= 1, "at least 1"),
                fault("retry_cost", retry_cost, retry_cost >= 1, "at least 1"),
                fault("timeout_cost", timeout_cost, timeout_cost >= 1, "at least 1"),
                fault("success_gain", success_gain, success_gain >= 0, "0 or more"),
            ],
        )
        self.name = name
        self.capacity = capacity
        self.left = capacity
        """Tokens in it now, from 0 to `capacity`."""
        self._retry_cost, self._timeout_cost, self._success_gain = retry_cost, timeout_cost, success_gain
        self._spent = self._given_back = self._refused = 0
        self._lowest = capacity

    def take(self, *, timeout: bool) -> int:
        """Pay for a retry.

        Args:
            timeout: Whether the attempt before it ended in a timeout.

        Returns:
            What was taken; 0 when it was not affordable and nothing was taken.
        """
        cost = self._timeout_cost if timeout else self._retry_cost
        if cost > self.left:
            self._refused += 1
            return 0
        self.left -= cost
        self._spent += cost
        self._lowest = min(self._lowest, self.left)
        return cost

    def give_back(self, tokens: int) -> None:
        """A success after retries, the last of which cost `tokens`; or a retry that was paid for was not made."""
        gained = min(tokens, self.capacity - self.left)
        self.left += gained
        self._given_back += gained

    def succeeded(self) -> None:
        """An operation succeeded at its first attempt."""
        if self.left < self.capacity:
            self.give_back(self._success_gain)

    def snapshot(self) -> dict[str, Any]:
        """`capacity`, `left`, `lowest` it ever was, tokens `spent` and `given_back`, and retries `refused`."""
        return {
            "capacity": self.capacity,
            "left": self.left,
            "lowest": self._lowest,
            "spent": self._spent,
            "given_back": self._given_back,
            "refused": self._refused,
        }
