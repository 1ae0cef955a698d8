"""eth-account's wallets, without what importing them does to the process.

Its dependency py_ecc raises Python's recursion limit from 1,000 to 100,000
(`findings/eth-account-raises-the-recursion-limit.sh`). What ends in a RecursionError under the limit of users would end
the process of the tests.
"""

from __future__ import annotations

import sys

_LIMIT = sys.getrecursionlimit()

from eth_account import Account  # noqa: E402 (the limit is read before)

sys.setrecursionlimit(_LIMIT)

__all__ = ["Account"]
