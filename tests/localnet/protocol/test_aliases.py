"""Aliases and names as they are on the wire, and lists that forget."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from localnet import pb
from localnet.protocol.aliases import (
    address_of_alias,
    address_of_key,
    address_of_public,
    is_address,
    is_long_zero,
    key_of_alias,
    signer_with_address,
)
from localnet.protocol.functionality import functionality
from localnet.protocol.version import VERSION
from localnet.rolling_list import RollingList
from tests.localnet.ecdsa import EcdsaKey
from tests.localnet.state_at_genesis import public, signed

# The first account of Hardhat and Foundry ("test test … junk"), a known pair of public key and address.
KNOWN_KEY = bytes.fromhex("038318535b54105d4a7aae60c08fc45f9687181b4fdfc625bd1a753fa7397fed75")
KNOWN_ADDRESS = bytes.fromhex("f39fd6e51aad88f6f4ce6ab8827279cfffb92266")


def test_the_address_of_a_key_is_ethereums() -> None:
    """That of any other kind of key is none."""
    assert address_of_public(KNOWN_KEY) == KNOWN_ADDRESS
    assert address_of_key(pb.Key(ECDSA_secp256k1=KNOWN_KEY)) == KNOWN_ADDRESS
    assert address_of_key(pb.Key(ECDSA_secp256k1=b"\2" + b"\xff" * 32)) is None
    assert address_of_key(public(Ed25519PrivateKey.generate())) is None
    with pytest.raises(ValueError, match=r".+"):
        address_of_public(b"no point")


def test_an_alias_is_a_key_as_it_is_serialised() -> None:
    """Of a single key, with nothing behind it; the address of an alias is its own or its key's."""
    ecdsa, ed25519 = EcdsaKey(), public(Ed25519PrivateKey.generate())
    assert key_of_alias(ecdsa.alias) == ecdsa.public
    assert key_of_alias(ed25519.SerializeToString()) == ed25519
    for other in (b"", b"\xff", ecdsa.alias + b"\0", pb.Key(keyList={"keys": [ed25519]}).SerializeToString()):
        assert key_of_alias(other) is None
    assert address_of_alias(ecdsa.alias) == ecdsa.address == address_of_alias(ecdsa.address)
    assert address_of_alias(b"") is address_of_alias(ed25519.SerializeToString()) is None


@given(st.binary(min_size=18, max_size=22))
def test_an_address_has_twenty_bytes(alias: bytes) -> None:
    """With twelve zero bytes before it is a number."""
    assert is_address(alias) == (len(alias) == 20)
    assert not is_long_zero(alias) or alias[:12] == bytes(12)
    assert is_long_zero(bytes(12) + alias[:8])


def test_who_signed_is_found_by_the_address() -> None:
    """Among those that did, and no others."""
    first, second = EcdsaKey(), EcdsaKey()
    signatures = signed(b"message", first, Ed25519PrivateKey.generate())
    found = signer_with_address(signatures, first.address)
    assert found is not None
    assert found.raw == first.raw
    assert signer_with_address(signatures, second.address) is None


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("consensusSubmitMessage", "ConsensusSubmitMessage"),
        ("cryptoCreateAccount", "CryptoCreate"),
        ("cryptogetAccountBalance", "CryptoGetAccountBalance"),
        ("networkGetVersionInfo", "GetVersionInfo"),
    ],
)
def test_throttles_and_prices_have_names_of_their_own(field: str, name: str) -> None:
    """The protobuf's, but for some."""
    assert functionality(field) == name
    assert name in pb.HederaFunctionality.keys()  # noqa: SIM118 (protobuf's)


def test_the_version_is_that_of_a_release_with_simple_fees() -> None:
    """They came with 0.73."""
    assert (VERSION.major, VERSION.minor) >= (0, 73)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3))), st.integers(0, 20), st.integers(0, 20))
def test_a_list_that_forgets_still_counts(steps: list[tuple[int, int]], start: int, stop: int) -> None:
    """An item's index never changes; what is forgotten is not found."""
    items: RollingList[int] = RollingList()
    whole: list[int] = []
    for more, gone in steps:
        for _ in range(more):
            items.append(len(whole))
            whole.append(len(whole))
        remembered = len(items)
        assert len(items.forget(gone)) == min(gone, remembered)
    assert items.end == len(whole)
    assert len(items) == len(whole) - items.forgotten
    kept = whole[items.forgotten :]
    assert [items.get(index) for index in range(len(whole) + 1)] == [None] * items.forgotten + [*kept, None]
    wanted = [one for one in kept if start <= one < stop]
    assert list(items.span(start, stop)) == wanted
    assert list(items.span(start, stop, descending=True)) == wanted[::-1]
    if kept:
        assert items[items.end - 1] == whole[-1]
    with pytest.raises(IndexError):
        items[items.forgotten - 1] if items.forgotten else items[items.end]


@given(st.lists(st.integers(0, 9)), st.integers(0, 10))
def test_what_comes_late_takes_its_place(values: list[int], wanted: int) -> None:
    """Behind those of the same key; where one would be is found."""
    items: RollingList[tuple[int, int]] = RollingList()
    for number, value in enumerate(values):
        items.insert((value, number), lambda item: item[0])
    expected = sorted(enumerate(values), key=lambda item: item[1])
    assert list(items.span(0, items.end)) == [(value, number) for number, value in expected]
    assert items.first_index(wanted, lambda item: item[0]) == sum(value < wanted for value in values)
