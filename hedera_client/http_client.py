"""HTTP requests over connections of the process that makes them. Nothing is retried."""

from __future__ import annotations

import os
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter

from config.proxies import requests_session

MOST_CONNECTIONS: Final = 64
"""Connections to one server that are kept open between two calls."""


class HttpClient:
    """Makes HTTP requests by a `requests.Session` of each process, opened on first use. Safe for threads and greenlets.

    It is for one server: whether the environment's proxies are used (never for this machine itself) is decided by the
    first URL. Sockets from before a fork are not used, so it may be made before Locust forks its workers.
    """

    def __init__(self) -> None:
        self._pid = 0
        self._session = requests.Session()

    def request(self, method: str, url: str, *, timeout: float, **options: Any) -> requests.Response:
        """Make one HTTP request.

        Args:
            method: E.g. `GET`.
            url: Where to.
            timeout: Seconds to connect, and again between two parts of an answer.
            options: Of `requests.request`.

        Raises:
            requests.RequestException: no answer came.
        """
        return self._session_of_process(url).request(method, url, timeout=timeout, **options)

    def close(self) -> None:
        """Close this process's connections; a later call opens new ones."""
        if self._pid == os.getpid():
            self._session.close()

    def _session_of_process(self, url: str) -> requests.Session:
        if self._pid != os.getpid():
            session = requests_session(url)
            adapter = HTTPAdapter(pool_connections=1, pool_maxsize=MOST_CONNECTIONS, max_retries=0)
            session.mount("http://", adapter)
            session.mount("https://", adapter)
            self._session, self._pid = session, os.getpid()
        return self._session


def cause(error: requests.RequestException) -> str:
    """The innermost reason in a few words; urllib3 wraps it several times."""
    reason: BaseException = error
    while reason.__context__ is not None:
        reason = reason.__context__
    return (str(reason) or type(error).__name__)[:200]
