"""The project's locustfile with a listener that takes its own time when an operation is over, whatever the report says.

STAMPS is the file that it writes: one line of JSON for each operation, with the moments (Unix time in seconds) when it
was due, when it started and when it was over, the last by this file's own look at the clock.
"""

from __future__ import annotations

from locust import events

import json
import os
import time
from pathlib import Path
from typing import Any

from locustfile import HcsSubmitter

__all__ = ["HcsSubmitter"]

_stamps = Path(os.environ["STAMPS"]).open("w", buffering=1)  # noqa: SIM115 (it is closed with the process)


@events.request.add_listener  # type: ignore[untyped-decorator]
def stamp(*, context: dict[str, Any], **_: Any) -> None:
    """Note one operation."""
    record = context["record"]
    _stamps.write(json.dumps([record.scheduled_at, record.started_at, time.time()]) + "\n")
