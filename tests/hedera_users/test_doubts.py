"""What attempts tell of what may have become of their transactions."""

from __future__ import annotations

import pytest

from hedera_client import Fate, HederaError
from hedera_users.doubts import Doubts

ID = "0.0.2@1.000000001"
OTHER = "0.0.2@2.000000001"
BUSY = HederaError("BUSY: node 0.0.3", status="BUSY", fate=Fate.RETRYABLE)


@pytest.mark.parametrize(
    ("steps", "may_have_happened", "in_doubt"),
    [
        ("", False, False),
        ("read", False, False),
        ("send", True, False),
        ("send refused", False, False),
        ("send lost", True, True),
        ("send lost send refused", True, True),
        ("send lost never", False, False),
        ("send accepted", True, False),
        ("send lost accepted", True, False),
        ("send accepted next refused", True, False),
        ("send lost next refused never", False, False),
        ("send lost next", True, True),
    ],
)
def test_what_is_known_after_each_way(steps: str, may_have_happened: bool, in_doubt: bool) -> None:
    """A refusal clears only the attempt it answers; a doubt stays until it is settled; what was accepted stays."""
    doubts = Doubts()
    does = {
        "read": lambda: doubts.sending(""),
        "send": lambda: doubts.sending(ID),
        "next": lambda: doubts.sending(OTHER),
        "refused": lambda: doubts.refused(BUSY),
        "lost": lambda: doubts.add(ID),
        "accepted": lambda: doubts.accepted(ID),
        "never": lambda: doubts.never_happened(ID),
    }
    for step in steps.split():
        does[step]()
    assert doubts.sent is bool(steps)
    assert (doubts.may_have_happened, doubts.any, doubts.about(ID)) == (may_have_happened, in_doubt, in_doubt)
    assert doubts.last_refusal is (BUSY if "refused" in steps else None)
