"""Fixtures of whole runs."""

from __future__ import annotations

from tests.e2e.fixtures import finish, own_network, run_locust, spawn

__all__ = ["finish", "own_network", "run_locust", "spawn"]
