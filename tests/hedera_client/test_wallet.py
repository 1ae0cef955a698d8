"""What a wallet of ours signs, held to the library that wallets sign with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedera_client import Operator, Wallet
from hedera_client.wallet import TRANSFER_GAS, WEIBARS
from localnet_launcher import Localnet
from tests.ethereum_accounts import Account

SECRET = b"\x07" * 32
TO = "0x" + "12" * 20


@given(
    st.integers(0, 2**40), st.integers(0, 5 * 10**18), st.integers(1, 2**60), st.sampled_from([1, 295, 298, 0x7F, 0x80])
)
def test_it_signs_what_the_library_signs(nonce: int, tinybars: int, price: int, chain_id: int) -> None:
    """Byte for byte: signatures are deterministic (RFC 6979) in both."""
    ours = Wallet(SECRET).transfer(TO, tinybars, nonce=nonce, gas_price=price, chain_id=chain_id)
    fields = {"type": 2, "nonce": nonce, "gas": TRANSFER_GAS, "to": TO, "value": tinybars * WEIBARS, "data": b""}
    fees = {"maxFeePerGas": price, "maxPriorityFeePerGas": 0, "chainId": chain_id}
    theirs = Account.from_key(SECRET).sign_transaction({**fields, **fees})
    assert ours.raw == "0x" + bytes(theirs.raw_transaction).hex()
    assert ours.hash == "0x" + bytes(theirs.hash).hex()


def test_its_address_is_the_keys_and_its_secret_is_not_shown() -> None:
    """Neither by `repr` nor by an attribute."""
    wallet = Wallet(SECRET)
    assert wallet.address == Account.from_key(SECRET).address.lower()
    assert repr(wallet) == f"Wallet({wallet.address})"
    assert not hasattr(wallet, "__dict__")


def test_derived_secrets_are_the_operators_alone(localnet: Localnet) -> None:
    """The same for a purpose each time, another one for another purpose or key."""
    operator = Operator.parse(localnet.operator_id, localnet.operator_key)
    again = Operator.parse(localnet.operator_id, localnet.operator_key)
    other = Operator.parse(localnet.operator_id, "22" * 32)
    assert operator.derived_secret("a") == again.derived_secret("a")
    found = {operator.derived_secret("a"), operator.derived_secret("b"), other.derived_secret("a")}
    assert {len(secret) for secret in found} == {32}
    assert len(found) == 3
    assert bytes.fromhex(localnet.operator_key)[-32:] not in found
    with pytest.raises(ValueError, match="Secret scalar"):
        Wallet(b"\x01" * 33)
