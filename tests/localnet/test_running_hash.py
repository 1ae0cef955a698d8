"""The running hash against messages of the public testnet."""

from __future__ import annotations

from base64 import b64decode

import pytest

from localnet.protocol import running_hash
from tests.data.testnet_messages import TESTNET_MESSAGES


@pytest.mark.parametrize("position", range(3))
def test_reproduces_the_testnet(position: int) -> None:
    """Each testnet message's hash follows from the one before it."""
    sequence, seconds, nanos, message, expected = TESTNET_MESSAGES[position]
    previous = b64decode(TESTNET_MESSAGES[position - 1][4]) if position else running_hash.INITIAL
    advanced = running_hash.advance(
        previous,
        payer=2617920,
        topic=4603900,
        seconds=seconds,
        nanos=nanos,
        sequence_number=sequence,
        message=message,
    )
    assert advanced == b64decode(expected)
