"""The types of a report's sections: each takes what a real report holds there, and refuses what departs from it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import TypeAdapter, ValidationError

from reports.schema.accounting import Accounting
from reports.schema.audit import Audit
from reports.schema.operations import Operation
from reports.schema.overhead import Overhead
from reports.schema.parts import Latency
from reports.schema.published import FILE, generate
from reports.schema.report import Error, Report
from reports.schema.resilience import Resilience
from reports.schema.resources import Process
from reports.schema.run import Run
from reports.schema.timeline import Timeline
from tests.reports.sample import sample_report

ROOT: Final = Path(__file__).resolve().parents[2]

PARTS: Final[dict[str, tuple[Any, tuple[str | int, ...]]]] = {
    "accounting": (Accounting, ("accounting",)),
    "audit": (Audit, ("audit",)),
    "operation": (Operation, ("operations", 1)),
    "overhead": (Overhead, ("overhead", 0)),
    "latency": (Latency, ("operations", 1, "latency_ms")),
    "error": (Error, ("errors", 0)),
    "resilience": (Resilience, ("resilience",)),
    "process": (Process, ("resources", "processes", 0)),
    "run": (Run, ("run",)),
    "timeline": (Timeline, ("timeline",)),
    "report": (Report, ()),
}
"""A type of each module, and where a report holds one."""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A report with pairs enough for figures, as its file has it."""
    return json.loads(json.dumps(sample_report(tmp_path_factory.mktemp("sample"), pairs=900)))


def at(value: Any, *place: str | int) -> Any:
    """What stands there."""
    for step in place:
        value = value[step]
    return value


def faults(name: str, part: Any) -> list[tuple[str, str]]:
    """Where a part departs from its type, and how; in the words of pydantic."""
    try:
        TypeAdapter(PARTS[name][0]).validate_json(json.dumps(part), strict=True)
    except ValidationError as error:
        return [("/".join(map(str, one["loc"])), one["type"]) for one in error.errors()]
    return []


@pytest.mark.parametrize("name", PARTS)
def test_what_a_report_holds_is_of_its_type(sample: Any, name: str) -> None:
    """Every section, with figures in it."""
    assert faults(name, at(sample, *PARTS[name][1])) == []


@pytest.mark.parametrize(
    ("name", "place", "value", "fault"),
    [
        ("accounting", "started", -1, "greater_than_equal"),
        ("accounting", "balanced", "yes", "bool_type"),
        ("accounting", "operations/0/arm", "left", "literal_error"),
        ("accounting", "reasons", None, "list_type"),
        ("audit", "corrupted", None, "int_type"),
        ("audit", "lost", -1, "greater_than_equal"),
        ("audit", "running_hash_verified", "true", "bool_type"),
        ("audit", "files/slowest_append/ms", -0.1, "greater_than_equal"),
        ("audit", "files/offenders/0/size_bytes", 1.5, "int_type"),
        ("operation", "name", None, "string_type"),
        ("operation", "succeeded", 1.5, "int_type"),
        ("operation", "latency_ms/p95", None, "float_type"),
        ("operation", "slowest/0/attempts", -1, "greater_than_equal"),
        ("overhead", "absolute_ms/ci95", [1.0, 2.0, 3.0], "too_long"),
        ("overhead", "figures/0/figure", "p42", "literal_error"),
        ("overhead", "intervals/block_pairs", 1, "greater_than_equal"),
        ("overhead", "slower_pct", 100.1, "less_than_equal"),
        ("overhead", "conclusion", "perhaps", "literal_error"),
        ("overhead", "curves/difference/0", [1.0], "too_short"),
        ("latency", "p99_9", -1.0, "greater_than_equal"),
        ("latency", "mean", "5", "float_type"),
        ("error", "count", -1, "greater_than_equal"),
        ("error", "phase", 3, "string_type"),
        ("resilience", "retries/by_status/BUSY", -1, "greater_than_equal"),
        ("resilience", "breakers/0/transitions/0/from", 1, "string_type"),
        ("resilience", "queue/capacity", None, "int_type"),
        ("process", "role", "manager", "literal_error"),
        ("process", "cpu_percent/max", -1.0, "greater_than_equal"),
        ("process", "samples/0", [0.0, 1.0], "too_short"),
        ("run", "exit_code", 6, "less_than_equal"),
        ("run", "load/run_time_s", 0.0, "greater_than"),
        ("run", "limit/by", "weather", "literal_error"),
        ("run", "checks/0/passed", "no", "bool_type"),
        ("timeline", "resolution_s", 0, "greater_than_equal"),
        ("timeline", "series/0/points/0/started", -1, "greater_than_equal"),
        ("timeline", "queue/0", [1.0], "too_short"),
        ("report", "schema", "hedera-load-report/2", "literal_error"),
        ("report", "cost/source", "guess", "literal_error"),
        ("report", "gates", None, "list_type"),
    ],
)
def test_a_wrong_value_is_refused(sample: Any, name: str, place: str, value: Any, fault: str) -> None:
    """And it is the only fault: everything around it is as it should be."""
    part = deepcopy(at(sample, *PARTS[name][1]))
    *way, last = [int(step) if step.isdigit() else step for step in place.split("/")]
    holder = at(part, *way)
    assert holder[last] != value, "the sample holds something else there"
    holder[last] = value
    assert faults(name, part) == [(place, fault)]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("accounting", "balanced"),
        ("audit", "lost"),
        ("operation", "phases_ms"),
        ("overhead", "verdict"),
        ("latency", "p90"),
        ("error", "cause"),
        ("resilience", "breakers"),
        ("process", "role"),
        ("run", "headline"),
        ("timeline", "series"),
        ("report", "audit"),
    ],
)
def test_a_missing_key_is_told(sample: Any, name: str, key: str) -> None:
    """By its name."""
    part = deepcopy(at(sample, *PARTS[name][1]))
    del part[key]
    assert faults(name, part) == [(key, "missing")]


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("accounting", ["stopped_reads", "arrivals", "collisions", "dead_workers"]),
        ("audit", ["not_shown_yet", "collided", "reordered", "shown_late", "never_landed", "late", "files", "doubt"]),
        ("operation", ["patience_ms", "noticed_late", "segments_ms", "slowest"]),
        ("overhead", ["failed", "sampled_pairs", "figures", "intervals", "worth_pairs", "conclusion", "short"]),
        ("resilience", ["connections", "mirror_streams"]),
        ("run", ["load_s", "answers", "project", "load", "clock_offset_ms", "limit", "rate"]),
        ("timeline", ["asked", "faults", "queue"]),
    ],
)
def test_reports_of_earlier_versions_lack_keys(sample: Any, name: str, keys: list[str]) -> None:
    """They are reports all the same."""
    part = deepcopy(at(sample, *PARTS[name][1]))
    for key in keys:
        del part[key]
    assert faults(name, part) == []


@pytest.mark.parametrize("name", PARTS)
def test_only_what_rooms_publish_may_grow(sample: Any, name: str) -> None:
    """The rest has the keys that are described, and no others."""
    part = at(sample, *PARTS[name][1]) | {"of_a_later_version": 1}
    growing = {"audit", "operation", "error", "resilience", "process"}
    assert faults(name, part) == ([] if name in growing else [("of_a_later_version", "extra_forbidden")])


def test_the_published_file_is_written_anew(tmp_path: Path) -> None:
    """`python -m reports.schema`, in a copy of the room whose file is not up to date."""
    shutil.copytree(ROOT / "reports" / "schema", tmp_path / "reports" / "schema")
    shutil.copy(ROOT / "reports" / "__init__.py", tmp_path / "reports")
    file = tmp_path / "reports" / "schema" / FILE.name
    file.write_text("{}")
    subprocess.run([sys.executable, "-m", "reports.schema"], cwd=tmp_path, check=True, timeout=60)
    assert file.read_text(encoding="utf-8") == generate()
