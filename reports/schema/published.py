"""The published JSON Schema of report.json: how it is generated from the types, and how a report is held to it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from reports.schema.report import SCHEMA, Report

FILE: Final = Path(__file__).with_name("report-1.json")


def generate() -> str:
    """The text of the published file."""
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA,
        "title": "Report of one load test run",
    }
    return json.dumps(head | _plain(TypeAdapter(Report).json_schema()), indent=2, ensure_ascii=False) + "\n"


def _plain(part: Any) -> Any:
    """Without the titles that pydantic makes of names, and with each description, a docstring, on one line."""
    if isinstance(part, list):
        return [_plain(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        name: " ".join(value.split()) if name == "description" and isinstance(value, str) else _plain(value)
        for name, value in part.items()
        if name != "title" or isinstance(value, dict)  # a property may be called so
    }


@cache
def published() -> Any:
    """The published JSON Schema."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def violations(report: object) -> list[str]:
    """Where something departs from the schema, one line each; empty when it is a report."""
    import jsonschema  # only the process that judges a run needs it, and a start of `locust` need not wait for it

    validator = jsonschema.Draft202012Validator(published())
    return [f"{'/'.join(map(str, fault.absolute_path)) or '(top)'}: {fault.message[:200]}"
            for fault in validator.iter_errors(report)]  # fmt: skip
