"""Imports of the SDK's protobufs without the SDK: an embedded network needs nothing else of it, and starts sooner.

`import hiero_sdk_python.hapi` runs the SDK's own `__init__`, which loads all of its transactions and their Ethereum
tools: two fifths of the CPU time of a start. So `python -m localnet` imports this module first, which puts an empty
package in the SDK's place. It is for a process of its own: what uses the SDK itself must not import it.
"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType
from typing import Final

SDK: Final = "hiero_sdk_python"

if SDK not in sys.modules:
    _spec = importlib.util.find_spec(SDK)
    assert _spec is not None, f"{SDK} is not installed"
    _package = ModuleType(SDK)
    _package.__spec__ = _spec
    _package.__path__ = list(_spec.submodule_search_locations or [])
    sys.modules[SDK] = _package
