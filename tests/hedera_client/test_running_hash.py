"""The running hash as the audit computes it, against messages of the public testnet and the embedded network's own."""

from __future__ import annotations

from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedera_client.running_hash import EMPTY_TOPIC, running_hash_v3
from localnet.protocol import running_hash
from tests.data.testnet_messages import TESTNET_MESSAGES

numbers = st.integers(0, 2**63 - 1)


def test_reproduces_the_testnet() -> None:
    """From the empty topic on."""
    previous = EMPTY_TOPIC
    for sequence, seconds, nanos, message, expected in TESTNET_MESSAGES:
        instant = seconds * 10**9 + nanos
        previous = running_hash_v3(previous, "0.0.2617920", "0.0.4603900", instant, sequence, message)
        assert previous == b64decode(expected)


@given(st.binary(min_size=48, max_size=48), numbers, numbers, st.integers(0, 2**62), numbers, st.binary(max_size=2_000))
def test_agrees_with_the_embedded_network(
    previous: bytes, payer: int, topic: int, instant: int, sequence: int, message: bytes
) -> None:
    """Which has one of its own: neither knows the other."""
    seconds, nanos = divmod(instant, 10**9)
    assert running_hash_v3(
        previous, f"0.0.{payer}", f"0.0.{topic}", instant, sequence, message
    ) == running_hash.advance(
        previous, payer=payer, topic=topic, seconds=seconds, nanos=nanos, sequence_number=sequence, message=message
    )


@pytest.mark.parametrize("length", [0, 47, 49])
def test_a_hash_of_another_length_is_refused(length: int) -> None:
    """It is none."""
    with pytest.raises(ValueError, match=f"has {length} bytes instead of 48"):
        running_hash_v3(bytes(length), "0.0.2", "0.0.7", 0, 1, b"")
