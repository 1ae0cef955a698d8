"""The simulated users: their classes, what they send, and the lifecycle of a run."""

from hedera_users.base import HederaUser

__all__ = ["HederaUser"]
