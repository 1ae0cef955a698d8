"""Clients of a connection without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from grpc_http2.server import UNLIMITED, Limits, Method
from tests.grpc_http2.server.peer import METHODS, Peer


@pytest.fixture
def peer() -> Iterator[Peer]:
    """A client that has been greeted."""
    peer = Peer(METHODS)
    peer.greet()
    yield peer
    peer.close()


@pytest.fixture
def new_peer() -> Callable[..., Peer]:
    """Opens clients of other methods, or with other settings."""

    def open_one(
        methods: Mapping[str, Method] = METHODS,
        values: dict[int, int] | None = None,
        limits: Limits = UNLIMITED,
        **others: Any,
    ) -> Peer:
        peer = Peer(methods, limits, **others)
        peer.greet(values)
        return peer

    return open_one
