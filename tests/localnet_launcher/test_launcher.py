"""The embedded network is started and stopped as a process of its own."""

from __future__ import annotations

import pytest

from localnet_launcher import LocalnetError, start_localnet


def test_it_says_where_it_is_reached_and_ends_when_stopped() -> None:
    """The ready line becomes a network with four nodes; stopping twice is harmless."""
    running = start_localnet("--consensus-delay", "0")
    try:
        assert running.alive
        assert sorted(running.network.nodes.values()) == ["0.0.3", "0.0.4", "0.0.5", "0.0.6"]
        assert running.network.mirror_rest.startswith("http://127.0.0.1:")
        assert running.operator_key not in repr(running)
    finally:
        running.stop()
    assert not running.alive
    running.stop()


def test_a_network_that_cannot_start_is_an_error() -> None:
    """Wrong arguments end in one clear error, not in a hang."""
    with pytest.raises(LocalnetError, match="did not start"):
        start_localnet("--no-such-option")
