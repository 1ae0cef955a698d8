"""The operator's account on the mirror: whether the operator's key is the account's, and whether it can pay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hedera_client.credentials import KEY_TYPE_VARIABLE, Operator, key_types, of_other_type
from hedera_client.errors import MirrorError
from hedera_client.findings import UnhealthyError, Wrong
from hedera_client.mirror_rest import MirrorRest
from hedera_client.prices import HBAR, FeeCaps

_TYPES: Final = {"ED25519": "ed25519", "ECDSA_SECP256K1": "ecdsa"}
"""How the mirror names the types of keys (MN:rest, `Key._type`)."""


def find_operator(environment: Mapping[str, str], mirror_rest: str, *, timeout: float) -> tuple[Operator, str]:
    """The environment's operator, and the type of its key where the mirror had to be asked for it (else "").

    32 raw bytes do not say whether they are Ed25519 or ECDSA, and sign with either. The account on the mirror knows.
    Where the mirror says nothing of use, the key is taken for Ed25519, as ever.

    Args:
        environment: With OPERATOR_ID, OPERATOR_KEY and perhaps OPERATOR_KEY_TYPE.
        mirror_rest: The mirror's base URL.
        timeout: Seconds.

    Raises:
        CredentialError: a variable is missing or wrong.
    """
    operator = Operator.from_environment(environment)
    types = key_types(environment)
    if len(types) < 2:
        return operator, ""
    rest = MirrorRest(mirror_rest, timeout=timeout)
    try:
        row = rest.account(operator.account_id)
    except MirrorError:
        return operator, ""
    finally:
        rest.close()
    for candidate in (operator, of_other_type(environment, operator)):
        if candidate is not None and signs_for(candidate, row):
            return candidate, candidate.key_type
    return operator, ""


def signs_for(operator: Operator, row: Mapping[str, Any]) -> bool:
    """Whether the key is the account's; of an account without a key yet, whether its EVM address is the key's."""
    key = row.get("key")
    if isinstance(key, Mapping):
        return bool(_raw(key) == operator.public_key.to_string_raw())
    address = str(row.get("evm_address") or "").removeprefix("0x").lower()
    return operator.key_type == "ecdsa" and operator.public_key.to_evm_address().to_string().lower() == address


def check_key(row: Mapping[str, Any], operator: Operator, *, other: Operator | None = None) -> str:
    """Compare the public half of the operator's key with the account's, as the mirror shows it.

    Args:
        row: The account.
        operator: The operator.
        other: The same private bytes as a key of the other type.

    Raises:
        UnhealthyError: they differ.
    """
    if row.get("deleted"):
        raise UnhealthyError("the account was deleted", Wrong.OPERATOR)
    key = row.get("key")
    kind = str(key.get("_type")) if isinstance(key, Mapping) else "none yet"
    if kind == "ProtobufEncoded":
        return "the account has a key list, which is not compared; the nodes say whether this one signs for it"
    if signs_for(operator, row):
        return f"is the account's ({kind})"
    if other is not None and signs_for(other, row):
        raise UnhealthyError(
            f"it is the account's, and {other.key_type}, not {operator.key_type}; set {KEY_TYPE_VARIABLE}="
            f"{other.key_type}, or leave that out",
            Wrong.OPERATOR,
        )
    raise UnhealthyError(
        f"the account's {kind} key is another one: transactions would end in INVALID_SIGNATURE; give the key of this "
        "account, or the account of this key",
        Wrong.OPERATOR,
    )


def check_balance(row: Mapping[str, Any], caps: FeeCaps, needed: int) -> str:
    """Whether the account's balance suffices.

    Args:
        row: The account.
        caps: With the exchange rate.
        needed: Tinycents that a run costs before its first operation.

    Raises:
        UnhealthyError: it does not.
    """
    try:
        tinybars = int(row["balance"]["balance"])
    except (KeyError, TypeError, ValueError):
        raise UnhealthyError("the mirror does not say it") from None
    least = caps.tinybars(needed)
    if tinybars <= 0:
        raise UnhealthyError("the account is empty; send it some hbars")
    if tinybars < least:
        raise UnhealthyError(
            f"{tinybars / HBAR:,.4f} hbar, and what a run begins with costs {least / HBAR:,.4f}; send it some more"
        )
    return f"{tinybars / HBAR:,.4f} hbar"


def _raw(key: Mapping[str, Any]) -> str:
    return str(key.get("key")).lower() if key.get("_type") in _TYPES else ""
