"""Ethereum transactions in their bytes, held to those that wallets' own library signs; and RLP, held to the library."""

from __future__ import annotations

from typing import Any

import pytest
import rlp as library
from hypothesis import given, settings
from hypothesis import strategies as st

from localnet.protocol import rlp
from localnet.protocol.aliases import address_of_public
from localnet.protocol.ethereum import (
    CHAIN_ID,
    WEIBARS,
    UnreadableError,
    intrinsic_gas,
    keccak_256,
    read_ethereum,
    type_of,
)
from tests.ethereum_accounts import Account

WALLET = Account.from_key(b"\x11" * 32)
TO = "0x" + "22" * 20
LEGACY = {"gasPrice": 7 * WEIBARS, "chainId": CHAIN_ID}
FEE_MARKET = {"type": 2, "maxFeePerGas": 7 * WEIBARS, "maxPriorityFeePerGas": 3, "chainId": CHAIN_ID}
LISTED = {"type": 1, "gasPrice": 7 * WEIBARS, "chainId": CHAIN_ID, "accessList": [{"address": TO, "storageKeys": [1]}]}

items = st.recursive(st.binary(max_size=70), lambda some: st.lists(some, max_size=4), max_leaves=12)


def signed(**fields: Any) -> Any:
    """What the library signs; a transfer unless told otherwise."""
    return WALLET.sign_transaction(
        {"nonce": 5, "gas": 21_000, "to": TO, "value": 3 * WEIBARS + 1, "data": b"", **fields}
    )


@pytest.mark.parametrize(
    ("fields", "kind", "chain_id"),
    [
        (LEGACY, 0, CHAIN_ID),
        ({"gasPrice": 7 * WEIBARS}, 0, None),
        ({**LISTED, "accessList": []}, 1, CHAIN_ID),
        (LISTED, 1, CHAIN_ID),
        (FEE_MARKET, 2, CHAIN_ID),
        ({**FEE_MARKET, "chainId": 1}, 2, 1),
    ],
)
def test_what_a_wallet_signs_is_read(fields: dict[str, Any], kind: int, chain_id: int | None) -> None:
    """With its sender, and the hash that the wallet knows it by."""
    made = signed(**fields)
    read = read_ethereum(bytes(made.raw_transaction))
    assert (read.kind, read.chain_id, read.nonce, read.gas_limit) == (kind, chain_id, 5, 21_000)
    assert (read.max_fee, read.priority_fee) == (7 * WEIBARS, 3 if kind == 2 else 0)
    assert (read.to, read.value, read.tinybars, read.max_gas_price) == (bytes.fromhex(TO[2:]), 3 * WEIBARS + 1, 3, 7)
    assert (read.hash, read.v, read.r, read.s) == (bytes(made.hash), made.v, made.r, made.s)
    assert read.sender == bytes.fromhex(WALLET.address[2:]) == address_of_public(read.key)
    wanted = ((bytes.fromhex(TO[2:]), ((1).to_bytes(32, "big"),)),) if fields.get("accessList") else ()
    assert read.access_list == wanted


@settings(max_examples=60)
@given(st.data())
def test_a_changed_byte_is_another_sender_or_nothing(data: st.DataObject) -> None:
    """Nobody can change what somebody else has signed."""
    raw = bytearray(signed(**FEE_MARKET).raw_transaction)
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        read = read_ethereum(bytes(raw))
    except UnreadableError:
        return
    assert read.sender != bytes.fromhex(WALLET.address[2:])


def changed(position: int, value: rlp.Item) -> bytes:
    """A legacy transaction with one of its fields replaced."""
    fields = rlp.decode(bytes(signed(**LEGACY).raw_transaction))
    assert isinstance(fields, list)
    fields[position] = value
    return rlp.encode(fields)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "unsigned transaction cannot be empty"),
        (b"\x05\xc0", "unsupported transaction type: 5"),
        (b"\x02\xc0", "invalid field count for transaction type: 2"),
        (b"\x02\x80", "invalid field count"),
        (b"\xf8", "data short segment"),
        (changed(0, b"\x00\x05"), "not a canonical number"),
        (changed(4, b"\x01" * 33), "not a canonical number"),
        (changed(3, b"\x22" * 19), "invalid address"),
        (changed(5, [b""]), "a list in place of bytes"),
        (changed(6, b"\x01"), "non-canonical legacy v"),
        (changed(7, b""), "invalid signature"),
        (changed(8, b"\xff" * 32), "invalid signature"),
        (changed(7, b"\x05"), "invalid signature"),
        (
            b"\x01" + rlp.encode([b"\x01"] * 7 + [b"", b"", b"\x01", b"\x01"]),
            "bytes in place of a list|address",
        ),
    ],
)
def test_what_is_none_says_why(raw: bytes, why: str) -> None:
    """Whatever is sent."""
    with pytest.raises(UnreadableError, match=why):
        read_ethereum(raw)


@pytest.mark.parametrize("entry", [[b"\x22" * 20], [b"", []], [b"\x22" * 20, [b"\x01"]], b"\x22"])
def test_an_access_list_has_its_form(entry: rlp.Item) -> None:
    """Pairs of an address and keys of 32 bytes."""
    fields = rlp.decode(bytes(signed(**LISTED).raw_transaction)[1:])
    assert isinstance(fields, list)
    fields[7] = [entry]
    with pytest.raises(UnreadableError, match=r"invalid access list|in place of a list"):
        read_ethereum(b"\x01" + rlp.encode(fields))


def test_gas_is_that_of_eip_7623() -> None:
    """Ten for each token of the data: one of a zero, four of another byte."""
    assert intrinsic_gas(b"") == 21_000
    assert intrinsic_gas(b"\0" * 3 + b"\1\2") == 21_000 + 10 * (3 + 8)


def test_types_are_told_from_the_first_byte() -> None:
    """A list in RLP is a legacy transaction."""
    assert [type_of(bytes([first])) for first in (0xF8, 0x01, 0x02, 0x03, 0x04)] == [0, 1, 2, 3, 4]
    assert keccak_256(b"").hex().startswith("c5d24601")


@given(items)
def test_rlp_is_that_of_the_library(item: Any) -> None:
    """Written alike, and read back."""
    assert rlp.encode(item) == library.encode(item)
    assert rlp.decode(rlp.encode(item)) == item


@given(st.binary(max_size=80))
def test_rlp_reads_what_the_library_reads(raw: bytes) -> None:
    """And refuses what it refuses."""
    try:
        expected = library.decode(raw, strict=True)
    except library.exceptions.RLPException:
        with pytest.raises(rlp.RlpError):
            rlp.decode(raw)
    else:
        assert rlp.decode(raw) == expected


@pytest.mark.parametrize("raw", ["8101", "b800", "b90001", "c180ff", "b83801", "f800", "", "c5", "c9" * 9 + "c0"])
def test_rlp_has_one_form_only(raw: str) -> None:
    """What could be written shorter, is cut off, has something after it or is nested without end is refused."""
    with pytest.raises(rlp.RlpError):
        rlp.decode(bytes.fromhex(raw))


def test_rlp_ends_at_some_depth() -> None:
    """Nesting without end would exhaust the stack."""
    deep: rlp.Item = []
    for _ in range(20):
        deep = [deep]
    with pytest.raises(rlp.RlpError, match="too deeply"):
        rlp.decode(rlp.encode(deep))


@given(st.integers(0, 2**80))
def test_numbers_have_no_leading_zeros(value: int) -> None:
    """Nothing at all is zero."""
    assert int.from_bytes(rlp.number(value), "big") == value
    assert not rlp.number(value).startswith(b"\0")
