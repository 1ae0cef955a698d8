"""Which signatures satisfy which keys."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from localnet import pb
from localnet.protocol.keys import Signatures, UnusableKeyError, compile_key, count_keys, is_satisfied

MESSAGE = b"the body bytes"
HOLDERS = [Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in range(1, 6)]


def public(holder: int) -> Any:
    return pb.Key(ed25519=HOLDERS[holder].public_key().public_bytes_raw())


def signatures(*holders: int, message: bytes = MESSAGE, prefix: int = 32) -> Signatures:
    """Signatures of the holders over `message`, to be checked against MESSAGE; keys cut to `prefix` bytes."""
    signed = pb.SignedTransaction()
    for holder in holders:
        raw = HOLDERS[holder].public_key().public_bytes_raw()
        signed.sigMap.sigPair.add(pubKeyPrefix=raw[:prefix], ed25519=HOLDERS[holder].sign(message))
    return Signatures(signed.sigMap.sigPair, MESSAGE)


@given(st.sets(st.integers(0, 4)), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_a_threshold_key_counts_its_signers(signers: set[int], threshold: int) -> None:
    """A threshold key is satisfied by exactly those sets of signers that are large enough."""
    key = pb.Key(thresholdKey={"threshold": threshold, "keys": {"keys": [public(n) for n in range(5)]}})
    assert is_satisfied(compile_key(key), signatures(*signers)) == (len(signers) >= threshold)


@pytest.mark.parametrize("signers", [(), (0,), (1,), (0, 1)])
def test_a_key_list_needs_all(signers: tuple[int, ...]) -> None:
    """A key list is satisfied only when everyone signed."""
    key = compile_key(pb.Key(keyList={"keys": [public(0), public(1)]}))
    assert is_satisfied(key, signatures(*signers)) == (len(signers) == 2)


def test_keys_nest() -> None:
    """One of two: a single holder, or a list of two who must both sign."""
    both = pb.Key(keyList={"keys": [public(1), public(2)]})
    key = compile_key(pb.Key(thresholdKey={"threshold": 1, "keys": {"keys": [public(0), both]}}))
    assert count_keys(key) == 3
    assert is_satisfied(key, signatures(0))
    assert is_satisfied(key, signatures(1, 2))
    assert not is_satisfied(key, signatures(1))


def test_a_signature_of_something_else_is_none() -> None:
    """A signature over other bytes does not count."""
    assert not is_satisfied(compile_key(public(0)), signatures(0, message=b"something else"))


@pytest.mark.parametrize("prefix", [0, 1, 6, 32])
def test_a_key_prefix_is_enough(prefix: int) -> None:
    """The signature map may shorten public keys; the signature itself tells."""
    assert is_satisfied(compile_key(public(0)), signatures(0, prefix=prefix))
    assert not is_satisfied(compile_key(public(1)), signatures(0, prefix=prefix))


@pytest.mark.parametrize(
    "key",
    [
        pb.Key(),
        pb.Key(ed25519=b"short"),
        pb.Key(ECDSA_secp256k1=b"\x05" * 33),
        pb.Key(ECDSA_secp256k1=b"\x02" * 65),
        pb.Key(RSA_3072=b"old"),
        pb.Key(keyList={}),
        pb.Key(thresholdKey={"threshold": 0, "keys": {"keys": [public(0)]}}),
        pb.Key(thresholdKey={"threshold": 2, "keys": {"keys": [public(0)]}}),
    ],
    ids=lambda key: str(key).replace("\n", " ")[:40],
)
def test_unusable_keys_are_refused(key: Any) -> None:
    """A key that nobody can sign with is found when it is set, not when it is needed."""
    with pytest.raises(UnusableKeyError):
        compile_key(key)


def test_bottomless_keys_are_refused() -> None:
    """Keys that nest too deep are refused, so that they cannot exhaust the stack."""
    key = public(0)
    for _ in range(20):
        key = pb.Key(keyList={"keys": [key]})
    with pytest.raises(UnusableKeyError, match="deeper"):
        compile_key(key)
