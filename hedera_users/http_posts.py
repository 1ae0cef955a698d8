"""Posts payloads to one URL of the user's own application, the same way in both arms of a comparison."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import requests
from requests.adapters import HTTPAdapter

from config.proxies import requests_session

KIND_HEADER: Final = "X-Kind"
"""Says what is posted: `audit-event` or `store-model`."""

TOPIC_HEADER: Final = "X-Hedera-Topic"
"""Under `--with-hedera`: the topic that the application writes the payload to. Both arms are told, to be equal."""

MOST_CONNECTIONS: Final = 1000
"""Connections that are kept open between two posts: one for each user that posts at the same time."""


class HttpPosts:
    """Posts to one URL over connections that are kept. Nothing is retried: it may have taken effect.

    Redirects are not followed: a POST that was redirected would go on as a GET.

    Args:
        url: Where to.
        headers: Sent with every post besides the kind.
    """

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = url
        self._session = requests_session(url)
        self._session.headers.update(headers)
        adapter = HTTPAdapter(pool_maxsize=MOST_CONNECTIONS, max_retries=0)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def post(self, kind: str, payload: bytes, timeout: float) -> requests.Response:
        """Post once.

        Args:
            kind: Goes into the header `X-Kind`.
            payload: The body.
            timeout: Seconds to connect, and again between two parts of the answer.

        Raises:
            requests.RequestException: no answer came.
        """
        headers = {KIND_HEADER: kind}
        return self._session.post(self._url, data=payload, headers=headers, timeout=timeout, allow_redirects=False)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


def is_done(answer: requests.Response) -> bool:
    """Whether an answer says that it was done: 2xx."""
    return 200 <= answer.status_code < 300
