"""Which release of the network this is."""

from __future__ import annotations

from localnet import pb

VERSION = pb.SemanticVersion(major=0, minor=78, patch=0)
"""The release whose rules and prices this network follows."""
