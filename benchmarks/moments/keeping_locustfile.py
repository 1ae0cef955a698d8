"""The project's locustfile, whose processes also write every operation's record to a file of their own.

MOMENTS_RECORDS is the folder for them: `<process id>.jsonl`, one record a line. All else is the real thing. It stands
in a folder of its own because Locust imports from where a locustfile stands, and some benchmarks have names of rooms.
"""

from __future__ import annotations

from locust import events

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from locustfile import HcsSubmitter
from records.operation import OperationRecord

__all__ = ["HcsSubmitter"]


@events.request.add_listener  # type: ignore[untyped-decorator] # Locust's events have no types
def keep(context: dict[str, Any], **_: Any) -> None:
    """Write the record of an operation that has just ended."""
    record: OperationRecord = context["record"]
    with (Path(os.environ["MOMENTS_RECORDS"]) / f"{os.getpid()}.jsonl").open("a") as file:
        file.write(json.dumps(asdict(record)) + "\n")
