"""The SDK is loaded when it is asked for, and is then the SDK."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

LOADED = "('hiero_sdk_python.client.client' in sys.modules)"


def said(code: str, begin: str = "import sys, threading; from hedera_client import sdk_on_demand\n") -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", begin + code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    return done.stdout.strip()


def test_the_client_needs_none_of_it() -> None:
    """Neither does a locustfile with all our users."""
    assert said(f"import sys, locustfile; print({LOADED}, 'eth_abi' in sys.modules)", begin="") == "False False"


@pytest.mark.parametrize(
    "look",
    [
        "from hiero_sdk_python import Client as found",
        "import hiero_sdk_python as sdk; found = sdk.Client",
        "from hiero_sdk_python import *; found = Client",
        "import hiero_sdk_python as sdk; found = 'Client' in dir(sdk)",
        "import hiero_sdk_python as sdk; found = not hasattr(sdk, 'no such thing')",
    ],
)
def test_any_look_at_it_executes_it(look: str) -> None:
    """As code of a user's own does that has the SDK's client beside ours."""
    assert said(f"{look}\nprint(bool(found), {LOADED})") == "True True"


def test_it_is_the_same_sdk() -> None:
    """What was loaded below it before is what it shows afterwards; nothing of the stand-in is left."""
    code = """
from hedera_client.credentials import PrivateKey
import hiero_sdk_python
print(hiero_sdk_python.PrivateKey is PrivateKey, hiero_sdk_python.crypto.private_key.PrivateKey is PrivateKey,
      '__getattr__' in vars(hiero_sdk_python), hiero_sdk_python.__file__.endswith('__init__.py'))
"""
    assert said(code) == "True True False True"


def test_who_has_imported_it_keeps_it() -> None:
    """A locustfile may import the SDK before ours."""
    code = "import hiero_sdk_python as first, hedera_client, sys; print(sys.modules['hiero_sdk_python'] is first)"
    assert said(code, begin="") == "True"


def test_many_ask_at_once() -> None:
    """Each gets what it asked for: nobody sees it half executed."""
    code = """
import hiero_sdk_python as sdk
found, all_there = [], threading.Barrier(8)
def ask(name):
    all_there.wait()
    found.append(getattr(sdk, name))
names = ("AccountId", "Client", "TopicId", "FileId", "Hbar", "TokenId", "TransactionId", "PrivateKey")
threads = [threading.Thread(target=ask, args=(name,)) for name in names]
[one.start() for one in threads]; [one.join() for one in threads]
print(len(found))
"""
    assert said(code) == "8"
