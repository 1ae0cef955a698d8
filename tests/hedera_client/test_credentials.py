"""A private key goes in; only signatures and the public key come out."""

from __future__ import annotations

import copy
import pickle
import traceback

import pytest
from hiero_sdk_python import PrivateKey
from hiero_sdk_python.hapi.services import basic_types_pb2
from hypothesis import given
from hypothesis import strategies as st

from hedera_client.credentials import (
    ID_VARIABLE,
    KEY_TYPE_VARIABLE,
    KEY_VARIABLE,
    Operator,
    Signer,
    key_types,
    of_other_type,
)
from hedera_client.errors import CredentialError

ED25519, ECDSA = PrivateKey.generate_ed25519(), PrivateKey.generate_ecdsa()
RAW = ED25519.to_bytes_ed25519_raw().hex()


@pytest.mark.parametrize("key", [ED25519, ECDSA], ids=["ed25519", "ecdsa"])
@given(body=st.binary(max_size=500))
def test_a_signature_is_one_of_the_key(key: PrivateKey, body: bytes) -> None:
    """As the SDK verifies it; the pair carries the whole public key."""
    signer = Signer(key)
    pair = basic_types_pb2.SignaturePair.FromString(signer.signature_pair(body))
    assert pair.pubKeyPrefix == key.public_key().to_bytes_raw()
    key.public_key().verify(pair.ed25519 or pair.ECDSA_secp256k1, body)
    assert signer.key_type == ("ed25519" if pair.ed25519 else "ecdsa")


def test_the_key_cannot_be_got_at() -> None:
    """Not by printing, copying or pickling, nor in any attribute."""
    operator = Operator("0.0.2", ED25519)
    assert repr(operator) == f"Operator('0.0.2', public_key={operator.public_key.to_string_raw()})"
    shown = [repr(operator), repr(Signer(ED25519)), *(repr(getattr(operator, name)) for name in Signer.__slots__)]
    assert not [text for text in shown if RAW in text]
    for copied in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="never copied"):
            copied(operator)


@pytest.mark.parametrize(
    "form",
    [RAW, f"0x{RAW}", f" {ED25519.to_bytes_der().hex()}\n"],
    ids=["raw", "with 0x", "DER and blanks"],
)
def test_a_key_is_read_in_each_of_its_forms(form: str) -> None:
    """Raw or DER, with 0x and blanks."""
    assert Operator.parse(" 0.0.2 ", form).public_key.to_bytes_raw() == ED25519.public_key().to_bytes_raw()


@given(st.text(max_size=100))
def test_what_is_no_key_is_never_quoted(text: str) -> None:
    """Neither in the message nor in the errors behind it, whatever somebody put there."""
    secret = f"not-a-key-{text}"
    with pytest.raises(CredentialError) as raised:
        Operator.parse("0.0.2", secret)
    assert "not-a-key" not in "".join(traceback.format_exception(raised.value))
    with pytest.raises(CredentialError) as raised:
        Operator.parse(secret, RAW)
    assert "not-a-key" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({}, "OPERATOR_ID and OPERATOR_KEY are not set"),
        ({ID_VARIABLE: "0.0.2", KEY_VARIABLE: " "}, "OPERATOR_KEY is not set"),
        ({KEY_VARIABLE: RAW}, "OPERATOR_ID is not set"),
        ({ID_VARIABLE: "0.0.2", KEY_VARIABLE: RAW, KEY_TYPE_VARIABLE: "rsa"}, "neither 'ed25519' nor 'ecdsa'"),
    ],
)
def test_what_is_missing_or_wrong_is_named(environment: dict[str, str], told: str) -> None:
    """By its variable, in one line."""
    with pytest.raises(CredentialError, match=told) as raised:
        Operator.from_environment(environment)
    assert "\n" not in str(raised.value)


def test_raw_bytes_may_be_a_key_of_either_type() -> None:
    """Unless the environment says it; DER says it itself."""
    raw = {ID_VARIABLE: "0.0.2", KEY_VARIABLE: RAW}
    assert key_types(raw) == ("ed25519", "ecdsa")
    assert key_types({**raw, KEY_TYPE_VARIABLE: " ECDSA "}) == ("ecdsa",)
    assert key_types({KEY_VARIABLE: ED25519.to_bytes_der().hex()}) == ("",)
    assert key_types({KEY_VARIABLE: "no hex"}) == ("",)
    assert Operator.from_environment(raw).key_type == "ed25519"
    assert Operator.from_environment(raw, "ecdsa").key_type == "ecdsa"
    assert Operator.from_environment({**raw, KEY_TYPE_VARIABLE: "ed25519"}, "ecdsa").key_type == "ed25519"
    other = of_other_type(raw, Operator.from_environment(raw))
    assert other is not None
    assert other.key_type == "ecdsa"
    assert of_other_type({**raw, KEY_VARIABLE: ED25519.to_bytes_der().hex()}, Operator("0.0.2", ED25519)) is None
