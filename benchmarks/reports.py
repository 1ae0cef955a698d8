"""What the reports cost: recording one operation, moving a slice to the master, and a report of a million operations.

    python -m benchmarks.reports                        # prints a Markdown table
    python -m benchmarks.reports --operations 100000    # a smaller report

Recording is measured beside what Locust itself pays for the same operation (`request.fire` into its own statistics), so
that the ratio holds on any machine; processor time, best of several rounds. The report is drawn in a process of its own
from a journal's checkpoint: judged (with its bootstrap intervals) and written as HTML, Markdown, JSON, JUnit and CSV.
"""

from __future__ import annotations

from locust.env import Environment

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgpack

from config.networks import Network
from config.run import Run
from config.settings import RunSettings
from config.version import this_version
from records.operation import Arm, OperationRecord, Outcome, SentMessage
from records.stopwatch import Stopwatch
from reports.collect.collector import Collector, Sender
from reports.collect.ending import CHECKPOINT, ENDING, FACTS, RUN, Ending
from reports.collect.facts import Facts
from reports.collect.journal import Journal
from reports.judge import provenance
from reports.measure.measurements import OUTCOMES
from reports.measure.recorder import Recorder

STARTED_AT = 1_795_500_000.0
LENGTH_S = 3600.0
ROUNDS = 7
BATCH = 20_000

RECORD_LIMIT_US, RENDER_LIMIT_S, RENDER_LIMIT_MB = 10.0, 3.0, 300.0


def submission(index: int, at: float, source: random.Random) -> OperationRecord:
    """One submitted message with its timeline, as users hand it in; one in a hundred is refused as BUSY."""
    prepare, ack, receipt = 0.0004, source.uniform(0.002, 0.01), source.gammavariate(4, 0.4)
    latency = prepare + ack + receipt + 0.0001
    failed = index % 100 == 99
    sent = SentMessage("0.0.1010", f"0.{index % 50}", index // 50 + 1, "ab" * 32, at, not failed, "", index, at, at)
    return OperationRecord(
        *("hcs.submit", None, None, "receipt", at, at, latency, Outcome.FAILED if failed else Outcome.SUCCEEDED),
        phases_s={"prepare": prepare, "ack": ack, "receipt": receipt},
        attempts=1,
        status="BUSY" if failed else "SUCCESS",
        error=f"BUSY: node 0.0.{3 + index % 4} was busy at {at}" if failed else "",
        size_bytes=256,
        transaction_ids=[f"0.0.2@{int(at)}.{index:09d}"],
        messages=[sent],
        segments_s={"prepare": prepare, "ack": ack, "receipt": receipt, "other": 0.0001},
        reached_s={"prepare": prepare, "ack": prepare + ack, "receipt": latency},
    )


def pair(index: int, at: float, source: random.Random) -> list[OperationRecord]:
    """Both arms of a pair."""
    base, extra = source.gammavariate(20, 0.0025), source.gammavariate(4, 0.03)
    records = []
    for arm, latency in ((Arm.BASELINE, base), (Arm.HEDERA, base + extra)):
        confirm = "" if arm is Arm.BASELINE else "receipt"
        record = OperationRecord("audit-event", arm, str(index), confirm, at, at, latency, Outcome.SUCCEEDED)
        record.status, record.segments_s = "SUCCESS", {"baseline": base, "receipt": latency - base}
        records.append(record)
    return records


def operations(count: int) -> Iterable[OperationRecord]:
    """So many operations over an hour: half of them submissions, half of them arms of pairs."""
    source = random.Random(1)
    for index in range(count // 4):
        at = STARTED_AT + LENGTH_S * index / (count // 4)
        yield submission(2 * index, at, source)
        yield submission(2 * index + 1, at, source)
        yield from pair(index, at, source)


def cheapest_us(act: Callable[[list[Any]], None], make: Callable[[], list[Any]]) -> float:
    """Processor time per item in microseconds, in the best of several rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        items = make()
        begin = time.process_time()
        act(items)
        best = min(best, (time.process_time() - begin) / len(items))
    return best * 1e6


def fire(environment: Environment) -> Callable[[list[OperationRecord]], None]:
    """Fire Locust's request event for every record, as users do."""
    event: Any = environment.events.request

    def act(records: list[OperationRecord]) -> None:
        for record in records:
            event.fire(
                request_type="HCS",
                name=record.name,
                response_time=record.latency_s * 1000,
                response_length=record.size_bytes,
                exception=None,
                context={"record": record},
                start_time=record.started_at,
            )

    return act


def record(records: list[OperationRecord]) -> None:
    """Record every record; what waits to be folded is part of the cost."""
    recorder = Recorder(STARTED_AT)
    for one in records:
        recorder.on_request(context={"record": one})
    recorder.take()[0].timeline.dump()


def watch(items: list[int]) -> None:
    """Time so many operations of three segments, and read the parts."""
    for _ in items:
        stopwatch = Stopwatch()
        for segment in ("prepare", "ack", "receipt"):
            stopwatch.enter(segment)
            stopwatch.leave()
        stopwatch.stop()
        stopwatch.segments_s, stopwatch.reached_s  # noqa: B018 (reading them is what it costs)


def recording_us() -> dict[str, float]:
    """Microseconds per operation: recording, the stopwatch, and Locust's own statistics beside them."""
    source = random.Random(2)
    with_locust = Environment()
    with_locust.create_local_runner()

    def submissions() -> list[OperationRecord]:
        return [submission(index, STARTED_AT + index / 500, source) for index in range(BATCH)]

    def arms() -> list[OperationRecord]:
        return [one for index in range(BATCH // 2) for one in pair(index, STARTED_AT + index / 500, source)]

    nothing = cheapest_us(fire(Environment()), submissions)
    return {
        "submission": cheapest_us(record, submissions),
        "pair": cheapest_us(record, arms),
        "stopwatch": cheapest_us(watch, lambda: list(range(BATCH))),
        "locust": cheapest_us(fire(with_locust), submissions) - nothing,
    }


def slice_cost() -> dict[str, float]:
    """A worker's delta of 2,000 submissions: milliseconds to make it and to merge it, and its kilobytes on the wire."""
    source = random.Random(3)
    made, merged, size = [], [], 0
    run = described()
    for _ in range(ROUNDS):
        recorder = Recorder(STARTED_AT)
        for index in range(2000):
            recorder.record(submission(index, STARTED_AT + index / 500, source))
        begin = time.process_time()
        measurements, _rows = recorder.take()
        delta = measurements.dump()
        made.append(time.process_time() - begin)
        size = len(msgpack.packb(delta))
        collector = Collector(run, None)
        collector.measurements.merge_dump(delta)
        begin = time.process_time()
        collector.measurements.merge_dump(delta)
        merged.append(time.process_time() - begin)
    return {"make_ms": min(made) * 1e3, "merge_ms": min(merged) * 1e3, "kb": size / 1000}


NOBODY: dict[str, Any] = {
    "users": 0,
    "users_there": 0,
    "spawn_rate_per_s": None,
    "run_time_s": None,
    "shape": None,
    "user_classes": [],
}
"""The load of a run that is made up: no user made it."""


def described() -> Run:
    """The run that the report is of; its mirror does not exist, so nothing is audited."""
    return Run(
        run_id="20261124-101500-3f9a",
        started_at=STARTED_AT,
        settings=RunSettings(seed=7, audit_timeout=0),
        network=Network(name="custom", nodes={"127.0.0.1:1": "0.0.3"}, mirror_rest="", mirror_grpc=""),
        operator_id="0.0.2",
        topics={},
    )


def write_run(folder: Path, count: int) -> None:
    """Record so many operations and leave a journal with their checkpoint."""
    run = described()
    collector, recorder = Collector(run, None), Recorder(STARTED_AT)
    totals: dict[str, dict[str, int]] = {}
    for number, record in enumerate(operations(count), start=1):
        recorder.record(record)
        counts = totals.setdefault(f"{record.name}|{record.arm or ''}", dict.fromkeys(OUTCOMES, 0))
        counts[str(record.outcome)] += 1
        if number % BATCH == 0:
            collector.measurements.merge_dump(recorder.take()[0].dump())
    collector.measurements.merge_dump(recorder.take()[0].dump())
    begun = {
        key: {"scheduled": sum(counts.values()), "shed": 0, "started": sum(counts.values()), "in_flight": 0}
        for key, counts in totals.items()
    }
    sender = Sender("local", final=True, totals=totals, received=totals, last_at=STARTED_AT + LENGTH_S)
    sender.sources = {"operation_counts": begun}
    collector.senders["local"] = sender
    journal = Journal(folder)
    facts = Facts(["locust"], provenance.project(this_version()), provenance.versions(), provenance.machine(), NOBODY)
    journal.save(FACTS, facts.dump())
    journal.save(RUN, run.model_dump_json())
    journal.save(CHECKPOINT, collector.dump())
    journal.save(ENDING, Ending(ended_at=STARTED_AT + LENGTH_S).dump())
    journal.close()


def draw(folder: Path) -> dict[str, float]:
    """Draw a run's report; seconds that it took, and this process's peak memory."""
    import resource

    from reports.audit.run import audit_run
    from reports.collect.ending import read_run
    from reports.conclusion import write_run
    from reports.judge.report import judge_run
    from reports.render.histograms import HISTOGRAMS_NAME, render_histograms

    begin = time.perf_counter()
    run = read_run(folder)
    report = judge_run(run, audit_run(run))
    judged = time.perf_counter()
    write_run(report, folder, {HISTOGRAMS_NAME: lambda: render_histograms(run.collector.measurements.operations, {})})
    return {
        "judge_s": judged - begin,
        "write_s": time.perf_counter() - judged,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "operations": report["accounting"]["started"],
        "html_kb": (folder / "report.html").stat().st_size / 1000,
    }


def report_cost(count: int) -> dict[str, float]:
    """Seconds and megabytes that the report of so many operations takes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "out" / "run"
        folder.mkdir(parents=True)
        write_run(folder, count)
        command = [sys.executable, "-m", "benchmarks.reports", "--draw", str(folder)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 (this module)
        result: dict[str, float] = json.loads(done.stdout)
        return result


def main() -> int:
    """Run it, print the table, and return 0 if every limit was kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reports", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--operations", type=int, default=1_000_000, help="of the report (default 1000000)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument("--draw", type=Path, metavar="RUN_DIR", help="only draw this run's report, and print JSON")
    options = parser.parse_args()
    if options.draw:
        sys.stdout.write(json.dumps(draw(options.draw)) + "\n")
        return 0
    cost, moved, drawn = recording_us(), slice_cost(), report_cost(options.operations)
    seconds = drawn["judge_s"] + drawn["write_s"]
    kept = (
        max(cost["submission"], cost["pair"]) <= RECORD_LIMIT_US
        and seconds < RENDER_LIMIT_S
        and drawn["peak_mb"] < RENDER_LIMIT_MB
    )
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    if options.json:
        found = {"recording_us": cost, "slice": moved, "report": drawn, "machine": machine, "kept": kept}
        sys.stdout.write(json.dumps(found) + "\n")
        return 0 if kept else 1
    lines = [
        ("recording one submission, with its row for the audit", f"{cost['submission']:.1f} µs", "10 µs"),
        ("recording one arm of a pair", f"{cost['pair']:.1f} µs", "10 µs"),
        ("a stopwatch with three segments", f"{cost['stopwatch']:.1f} µs", ""),
        ("beside it: Locust's own statistics of one request", f"{cost['locust']:.1f} µs", ""),
        ("recording ÷ Locust's own statistics", f"{cost['submission'] / cost['locust']:.1f} ×", ""),
        ("a worker's delta of 2,000 operations: made", f"{moved['make_ms']:.0f} ms", ""),
        ("… merged by the master", f"{moved['merge_ms']:.0f} ms", ""),
        ("… on the wire, without the audit's rows", f"{moved['kb']:.0f} kB", ""),
        (f"report of {drawn['operations']:,} operations: judged", f"{drawn['judge_s']:.2f} s", ""),
        (f"… written ({drawn['html_kb']:,.0f} kB of HTML)", f"{drawn['write_s']:.2f} s", ""),
        ("… together", f"{seconds:.2f} s", "3 s"),
        ("… peak memory of its process", f"{drawn['peak_mb']:.0f} MB", "300 MB"),
    ]
    sys.stdout.write(f"`python -m benchmarks.reports` on {machine}:\n\n| what | cost | limit |\n|---|---|---|\n")
    sys.stdout.writelines(f"| {what} | {figure} | {limit} |\n" for what, figure, limit in lines)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
