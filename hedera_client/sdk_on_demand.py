"""The SDK's package, whose own imports run when something of it is first asked for.

Of the SDK this client needs keys and protobufs; `hiero_sdk_python/__init__.py` loads all of its transactions, their
Ethereum tools and its client: a fifth of the CPU time of a start, and of the memory of every worker. So this module,
imported before anything of the SDK, puts the package in its place unexecuted: what is below it is imported as ever, and
the first look at anything of its own (`from hiero_sdk_python import Client`, `dir`, `__version__`) executes it, once.
For code of the user's own it is the SDK, as if it had been imported in the common way.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
from typing import Any, Final

SDK: Final = "hiero_sdk_python"


def _put_in_its_place() -> None:
    """Make the package importable unexecuted, unless it was imported already."""
    if SDK in sys.modules:
        return
    spec = importlib.util.find_spec(SDK)
    assert spec is not None, f"{SDK} is not installed"
    assert spec.loader is not None
    package, loader, lock = importlib.util.module_from_spec(spec), spec.loader, threading.RLock()
    own: dict[str, Any] = package.__dict__
    begun = False

    def execute() -> None:
        nonlocal begun
        with lock:  # who asks while another executes it waits; the SDK's own modules ask in the midst of it
            if begun:
                return
            begun = True
            try:
                loader.exec_module(package)
            except BaseException:
                begun = False  # the next who asks hears of it too
                raise
            own.pop("__dir__", None)
            own.pop("__getattr__", None)

    def look(name: str) -> Any:
        execute()
        try:
            return own[name]
        except KeyError:
            raise AttributeError(f"module {SDK!r} has no attribute {name!r}", name=name, obj=package) from None

    def names() -> list[str]:
        execute()
        return sorted(own)

    own.update(__getattr__=look, __dir__=names)  # PEP 562
    sys.modules[SDK] = package


_put_in_its_place()
