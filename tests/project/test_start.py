"""What a start of `locust` does not have to wait for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

NOT_AT_A_START = ("scipy", "jsonschema", "aiohttp", "localnet", "lark")
"""Needed by the process that judges a run, at its end, or by the embedded network's own."""


def test_only_what_a_start_needs_is_imported() -> None:
    """Every worker, and every command that is refused for its options, waits for the imports; scipy's are a third."""
    look = f"import locustfile, sys; print([name for name in {NOT_AT_A_START} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_an_embedded_network_loads_no_sdk() -> None:
    """It takes the SDK's protobufs; the SDK's own imports would be two fifths of its start."""
    look = (
        "import localnet.__main__, sys; sdk = [n for n in sys.modules if n.startswith('hiero_sdk_python')];"
        "print(sorted({'.'.join(n.split('.')[:2]) for n in sdk}), 'eth_abi' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "['hiero_sdk_python', 'hiero_sdk_python.hapi'] False"


def test_a_page_is_drawn_again_without_what_measures_and_judges() -> None:
    """`python -m reports --help` took three seconds, of which Locust's import and scipy's were all but a tenth."""
    look = "import reports.__main__, sys; print({'locust', 'gevent', 'scipy'} & sys.modules.keys())"
    found = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
