"""The running hash against messages of the public testnet."""

from __future__ import annotations

from base64 import b64decode

import pytest

from localnet.protocol import running_hash

# Topic 0.0.4603900 of the testnet, payer 0.0.2617920: the messages of the tutorial "query the mirror node".
TESTNET_MESSAGES = [
    (1, 1683553059, 977315003, b"Message 1", "vKnW8bYSjhYtHtMNOJWrkfyv77kKc4EREDycKE2L37aU0SYlx+g6HB9ah7CTFSxl"),
    (2, 1683553060, 92158003, b"Message 2", "JM8LpmRwUVc+wiwzRHBgcCv8uJkbfan8BV2QPC0hBMgXA9KIvy8TwOoXsukgmeC+"),
    (3, 1683553060, 328178003, b"Message 3", "OL6EUxAayPsRiuhwflX5heRgIGEWmHcJU7bS2qBPeJNoOiMQmaY0H6G/pXJ7wGQz"),
]


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
