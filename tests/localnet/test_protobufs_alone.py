"""The embedded network's process imports the SDK's protobufs, and nothing else of the SDK."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

ALONE = """
    import sys
    from localnet import protobufs_alone, pb
    print(pb.TransactionBody(memo="x").memo)
    print(sorted({".".join(name.split(".")[:2]) for name in sys.modules if name.startswith(protobufs_alone.SDK)}))
"""
WITH_THE_SDK = """
    import hiero_sdk_python
    from localnet import protobufs_alone
    import sys
    print(sys.modules[protobufs_alone.SDK] is hiero_sdk_python, hiero_sdk_python.AccountId.__name__)
"""


@pytest.mark.parametrize(
    ("script", "said"),
    [(ALONE, ["x", "['hiero_sdk_python', 'hiero_sdk_python.hapi']"]), (WITH_THE_SDK, ["True AccountId"])],
    ids=["alone", "with-the-sdk"],
)
def test_the_sdk_is_left_out_where_nobody_has_loaded_it(script: str, said: list[str]) -> None:
    """Where somebody has, it stays what it was."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == said
