"""Messages of the public testnet with their running hashes."""

from __future__ import annotations

# Topic 0.0.4603900 of the testnet, payer 0.0.2617920: the messages of the tutorial "query the mirror node".
TESTNET_MESSAGES = [
    (1, 1683553059, 977315003, b"Message 1", "vKnW8bYSjhYtHtMNOJWrkfyv77kKc4EREDycKE2L37aU0SYlx+g6HB9ah7CTFSxl"),
    (2, 1683553060, 92158003, b"Message 2", "JM8LpmRwUVc+wiwzRHBgcCv8uJkbfan8BV2QPC0hBMgXA9KIvy8TwOoXsukgmeC+"),
    (3, 1683553060, 328178003, b"Message 3", "OL6EUxAayPsRiuhwflX5heRgIGEWmHcJU7bS2qBPeJNoOiMQmaY0H6G/pXJ7wGQz"),
]
