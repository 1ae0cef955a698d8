"""Ways to call the user's own application, which does the operation with Hedera; each calls once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final, Protocol

import requests
from urllib3.exceptions import NewConnectionError

from config.baselines import parse_with_hedera
from hedera_users.http_posts import TOPIC_HEADER, HttpPosts, is_done
from hedera_users.own_functions import WRITES_WITH_HEDERA, find_function, left_unawaited

SERVER_ERRORS: Final = 500
"""The first of the answers that do not say whether it was done: the application may have broken off on its way."""


class ApplicationError(Exception):
    """The application did not say that it had done it.

    Attributes:
        certain: Whether it is certain that it has not taken effect; else the message may stand on the topic.
    """

    def __init__(self, words: str, *, certain: bool) -> None:
        super().__init__(words)
        self.certain = certain


class Way(Protocol):
    """A way to call an application. It calls once: what is retried, and how, is the application's affair."""

    def call(self, kind: str, payload: bytes, timeout: float) -> object:
        """Return what it answered.

        Raises:
            ApplicationError: it did not say that it was done.
        """

    def close(self) -> None:
        """Release what it holds."""


class HttpWay:
    """Posts the payload to a URL, with the headers `X-Kind` and `X-Hedera-Topic`; any 2xx answer means done."""

    def __init__(self, url: str, topic: str) -> None:
        self._posts = HttpPosts(url, {TOPIC_HEADER: topic})

    def call(self, kind: str, payload: bytes, timeout: float) -> object:
        """Post once, and return the body of the answer as JSON; None where it is none."""
        try:
            answer = self._posts.post(kind, payload, timeout)
        except requests.RequestException as error:
            raise ApplicationError(f"HTTP: {type(error).__name__}", certain=_never_connected(error)) from error
        if not is_done(answer):
            code = answer.status_code
            raise ApplicationError(f"HTTP {code}", certain=code < SERVER_ERRORS)
        try:
            return json.loads(answer.content)
        except (ValueError, RecursionError):
            return None

    def close(self) -> None:
        """Close the connections."""
        self._posts.close()


class CallableWay:
    """Calls a Python function of the user's own with (kind, payload, topic); an exception means not done."""

    def __init__(self, function: Callable[..., object], topic: str) -> None:
        self._function = function
        self._topic = topic

    def call(self, kind: str, payload: bytes, timeout: float) -> object:  # noqa: ARG002 (it has limits of its own)
        """Call once, and return what it returned."""
        try:
            answer = self._function(kind, payload, self._topic)
        except Exception as error:
            raise ApplicationError(f"{type(error).__name__}: {error}", certain=False) from error
        if left_unawaited(answer):
            raise ApplicationError("it returned something to be awaited, and nothing awaits it", certain=True)
        return answer

    def close(self) -> None:
        """Nothing is held."""


def application_function(text: str) -> Callable[..., object] | None:
    """Return the function that `--with-hedera python:…` names, or None for anything else.

    Raises:
        ValueError: as `find_function`.
    """
    spec = parse_with_hedera(text)
    if spec is None or spec.kind != "python":
        return None
    return find_function(f"--with-hedera {text!r}", spec.target, WRITES_WITH_HEDERA)


def make_way(text: str, topic: str) -> Way | None:
    """Return how the application is called that a `--with-hedera` value names; None for "".

    Raises:
        ValueError: the value has no known form, or its function cannot be imported.
    """
    function = application_function(text)
    if function is not None:
        return CallableWay(function, topic)
    spec = parse_with_hedera(text)
    return HttpWay(spec.target, topic) if spec is not None else None


def _never_connected(error: requests.RequestException) -> bool:
    """Whether an error says that there was no connection to send anything over."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    reason: BaseException | None = error
    while reason is not None:
        if isinstance(reason, NewConnectionError):
            return True
        reason = reason.__cause__ or reason.__context__
    return False
