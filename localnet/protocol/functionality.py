"""HederaFunctionality: the names in throttles and fee schedules, by the names of protobuf fields."""

from __future__ import annotations

from typing import Final

_OTHERWISE: Final = {
    "cryptoCreateAccount": "CryptoCreate",
    "cryptoUpdateAccount": "CryptoUpdate",
    "cryptogetAccountBalance": "CryptoGetAccountBalance",
    "networkGetVersionInfo": "GetVersionInfo",
    "transactionGetReceipt": "TransactionGetReceipt",
}


def functionality(field: str) -> str:
    """The HederaFunctionality of a field of `TransactionBody.data` or `Query.query`."""
    return _OTHERWISE.get(field, field[0].upper() + field[1:])
